public import Registry

/// The pages of a document, as a reply told them.
public struct DocumentLesson: Sendable, Equatable {
    public let document: DocumentKey
    public let pages: Int64

    public init(document: DocumentKey, pages: Int64) {
        self.document = document
        self.pages = pages
    }
}

/// What estimates have learned, as the admin side reads and forgets it.
///
/// Callable from any thread and never blocking; answered as by `Store`: exactly once, and durable when it says success.
public protocol LessonStore: Sendable {
    /// The pages of documents, in the order of account and identifier.
    ///
    /// - Parameters:
    ///   - document: only those behind it; nil from the first one on.
    ///   - count: how many at most.
    func documents(
        after document: DocumentKey?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void
    )

    /// The pages of one document, in each account that knows it.
    ///
    /// - Parameter documentID: a UUID in lower case.
    func lessons(of documentID: String, then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void)

    /// Forgets the paid replies of a model, with the entry in the audit log.
    func forget(model: String, audit: AuditEntry, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Forgets the pages of a document in every account, with the entry in the audit log.
    func forget(documentID: String, audit: AuditEntry, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}
