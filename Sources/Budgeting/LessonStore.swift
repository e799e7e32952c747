public import Vocabulary

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
/// Callable from any thread and never blocking; answered as by `Ledger`: exactly once, and durable when it says success.
/// What is noted of a change is durable in the same transaction; it is a type that the caller chooses.
public protocol LessonStore<Note>: Sendable {
    /// What is noted of a change: who made it.
    associatedtype Note: Sendable

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

    /// Forgets the paid replies of a model.
    func forget(model: String, audit: Note, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Forgets the pages of a document in every account.
    func forget(documentID: String, audit: Note, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}
