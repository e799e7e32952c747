public import Authentication
public import Budgeting
public import Caching
public import Vocabulary

/// What the gateway keeps beyond its memory: results, reservations and what became of them, counts for reports.
///
/// Callable from any thread and never blocking. Each call is answered exactly once, on a thread of the store's own or,
/// when it is refused at once, on the caller's; a caller that needs the answer elsewhere posts it there. An answer that
/// says success is durable, through a power failure too; after one that does not, nothing was changed.
public protocol Store: Sendable {
    /// Looks up the result of a key, fresh or stale, and the pages of a document, whichever is asked for.
    func find(
        _ key: CacheKey?,
        pagesOf document: DocumentKey?,
        then: @escaping @Sendable (Result<Finding, StoreFault>) -> Void
    )

    /// Makes a reservation durable. One of the same identifier that is there already is the same one: a success.
    func reserve(_ reservation: Reservation, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Books an open reservation to the upstream key that it names now, so that a crash books it there too.
    func move(_ reservation: Reservation, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Ends a reservation: its ledger entry, the roll-ups of its day, what was learned and the result, in one transaction.
    ///
    /// - Parameters:
    ///   - result: takes the place of one of the same key; nil where there is nothing to store.
    ///   - then: `.repeated` when it had ended before, however: then nothing is changed, the result included.
    func end(
        _ ending: ReservationEnding,
        storing result: CachedResult?,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    )

    /// Adds counts to the roll-ups, and notes when keys were used.
    ///
    /// - Parameter uses: of each key the later moment is kept, in whatever order they come.
    func add(
        _ usage: [UsageRow],
        _ refusals: [ShadowRefusals],
        uses: [TeamKeyUse],
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    )

    /// Remembers the state of an upstream key in place of what was known of it.
    func save(_ record: UpstreamKeyRecord, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)

    /// Finds out whether anything can be stored now. After a failure it really writes, so that the end of the trouble
    /// is noticed even when nothing else is stored.
    func check(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}

/// What became of `end`.
public enum EndingAnswer: Sendable, Equatable { case done, repeated }

/// A document of an account.
public struct DocumentKey: Hashable, Sendable {
    public let account: AccountID
    /// A UUID in lower case.
    public let documentID: String

    public init(account: AccountID, documentID: String) {
        self.account = account
        self.documentID = documentID
    }
}

/// What a look-up found.
public struct Finding: Sendable {
    public var result: CachedResult?
    /// The pages of the document, if a reply told them.
    public var documentPages: Int?

    public init(result: CachedResult? = nil, documentPages: Int? = nil) {
        self.result = result
        self.documentPages = documentPages
    }
}
