public import Vocabulary

/// Reads what the store has of results, without their bodies.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's.
public protocol EntryStore: Sendable {
    /// The results about a document, by their numbers: about in the order in which their questions were first paid for.
    /// What was purged is not among them.
    ///
    /// - Parameters:
    ///   - documentID: a UUID in lower case.
    ///   - number: only those behind it; 0 for the first page.
    ///   - oldest: only those stored at this moment or later.
    ///   - oldestOfClassifiers: the same for results of saved classifiers.
    ///   - count: how many at most.
    func entries(
        of documentID: String,
        after number: Int64,
        storedSince oldest: Timestamp,
        ofClassifiersSince oldestOfClassifiers: Timestamp,
        atMost count: Int,
        then: @escaping @Sendable (Result<[StoredEntry], StoreFault>) -> Void
    )

    /// How many results there are, how old they are, and what they take.
    func statistics(then: @escaping @Sendable (Result<EntryStatistics, StoreFault>) -> Void)
}

/// What the store has of results in all.
public struct EntryStatistics: Sendable, Equatable {
    /// Without those that were purged and are still to be removed; one that several purges concern is taken off for
    /// each.
    public var entries: Int64
    /// When the oldest and the newest of all rows were stored; nil when there is none.
    public var oldest: Timestamp?
    public var newest: Timestamp?
    /// What the whole store takes, and how much of it is to be used again before it grows.
    public var storeBytes: Int64
    public var storeBytesFree: Int64

    public init(
        entries: Int64,
        oldest: Timestamp?,
        newest: Timestamp?,
        storeBytes: Int64,
        storeBytesFree: Int64
    ) {
        self.entries = entries
        self.oldest = oldest
        self.newest = newest
        self.storeBytes = storeBytes
        self.storeBytesFree = storeBytesFree
    }
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
    /// The saved classifier that was asked, folded; nil for a request with a schema of its own.
    public let classifier: String?

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
        storedAt: Timestamp,
        classifier: String?
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
        self.classifier = classifier
    }
}
