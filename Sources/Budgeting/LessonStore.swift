public import Vocabulary

/// The page count of a document, as a reply reported it.
public struct DocumentLesson: Sendable, Equatable {
    public let document: DocumentKey
    public let pages: Int64

    public init(document: DocumentKey, pages: Int64) {
        self.document = document
        self.pages = pages
    }
}

/// The stored lessons of estimates, which the admin side reads and forgets.
///
/// Callable from any thread; never blocks. Answers as `Ledger` does: exactly once, and success means durable. The note
/// of a change is durable in the same transaction; the user of the store chooses its type.
public protocol LessonStore<Note>: Sendable {
    /// The note stored with a change: who made it.
    associatedtype Note: Sendable

    /// The page counts of documents, ordered by account and identifier.
    ///
    /// - Parameters:
    ///   - document: the document to start after; nil to start at the first.
    ///   - count: the maximum number of documents.
    func documents(
        after document: DocumentKey?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void
    )

    /// The page counts of one document, in each account that has one.
    ///
    /// - Parameter documentID: a UUID in lower case.
    func lessons(of documentID: String, then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void)

    /// Forgets the paid replies of a model.
    func forget(model: String, audit: Note, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Forgets the pages of a document in every account.
    func forget(documentID: String, audit: Note, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}
