public import Vocabulary

/// Reads what the store has of results, without their bodies.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's.
public protocol EntryStore: Sendable {
    /// The results about a document, in the order in which they were stored. What was purged is not among them.
    ///
    /// - Parameters:
    ///   - documentID: a UUID in lower case.
    ///   - number: only those behind it; 0 for the first page.
    ///   - oldest: only those stored at this moment or later.
    ///   - count: how many at most.
    func entries(
        of documentID: String,
        after number: Int64,
        storedSince oldest: Timestamp,
        atMost count: Int,
        then: @escaping @Sendable (Result<[StoredEntry], StoreFault>) -> Void
    )
}

/// A result in the store, without its body.
public struct StoredEntry: Sendable, Equatable {
    /// The place in the list; ascends.
    public let number: Int64
    public let key: CacheKey
    public let documentID: String
    public let account: AccountID
    public let team: TeamID
    public let model: String
    /// In canonical form; nil for all pages.
    public let pageRange: String?
    public let classification: String
    public let credits: MicroCredits
    public let storedAt: Timestamp

    public init(
        number: Int64,
        key: CacheKey,
        documentID: String,
        account: AccountID,
        team: TeamID,
        model: String,
        pageRange: String?,
        classification: String,
        credits: MicroCredits,
        storedAt: Timestamp
    ) {
        self.number = number
        self.key = key
        self.documentID = documentID
        self.account = account
        self.team = team
        self.model = model
        self.pageRange = pageRange
        self.classification = classification
        self.credits = credits
        self.storedAt = storedAt
    }
}
