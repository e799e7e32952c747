public import Vocabulary

/// Removes results from the store for good.
///
/// Callable from any thread; never blocks. The note of a purge is durable in the same transaction; the user of the
/// store chooses its type.
public protocol PurgeStore<Note>: Sendable {
    /// The note stored with a purge: who made it.
    associatedtype Note: Sendable

    /// Records a purge, then removes what it concerns. From the record on, nothing of it is found, and a result that
    /// was asked for before is not stored; both hold over a crash, after which the removal goes on.
    ///
    /// - Parameters:
    ///   - recorded: called once the record is durable, before `then`; not called when it is refused.
    ///   - then: called once with the answer. A failure after `recorded` says that the count is not known yet: the
    ///     removal goes on nevertheless, after the next start at the latest.
    func purge(
        _ order: PurgeOrder,
        audit: Note,
        recorded: @escaping @Sendable () -> Void,
        then: @escaping @Sendable (Result<PurgeAnswer, StoreFault>) -> Void
    )

    /// The purges whose removal is not finished, the oldest first. From memory.
    var purgesUnderWay: [PurgeProgress] { get }
}

/// Removes what is stored about documents that a request changes.
///
/// Callable from any thread; never blocks.
public protocol ChangeStore: Sendable {
    /// Removes the results and the learned pages of documents. From the answer on, nothing of what was stored before is
    /// found, over a crash as well. What is stored later is decided by `StampedAnswer.isOvertaken`: the change must
    /// have begun in the purge log.
    ///
    /// Costs no fsync when nothing is stored about them. It is decided on the thread of the transactions, where all
    /// that was to be stored before has been.
    ///
    /// - Parameters:
    ///   - documents: UUIDs in lower case, no two alike.
    ///   - then: called once. How many results there were that a reader could have been given; of a document with very
    ///     many, at least some.
    func drop(
        _ documents: [String],
        at now: Timestamp,
        then: @escaping @Sendable (Result<DroppedDocuments, StoreFault>) -> Void
    )

    /// The change with this number has ended, whatever came of it: what was stored about its documents meanwhile is
    /// removed, and answers about them are stored again. Once for each number that `drop` gave. It cannot fail: the
    /// store tries until it is done.
    func endChange(_ change: Int64, of documents: [String])
}

/// What a change of documents removed as it began.
public struct DroppedDocuments: Sendable, Equatable {
    /// How many results.
    public let count: Int64
    /// The number for `endChange`; nil where the purge log alone says that the change is under way.
    public let change: Int64?

    public init(count: Int64, change: Int64?) {
        self.count = count
        self.change = change
    }
}

/// A purge as it is asked of the store. A message.
public struct PurgeOrder: Sendable {
    public let target: PurgeTarget
    public let at: Timestamp
    /// Keys of results that memory has and the store may not have: those of errors. They are counted when the store has
    /// no result of the key.
    public let keysInMemory: [CacheKey]
    /// Where the store notes the purge, in its transaction.
    public let log: PurgeLog

    public init(_ target: PurgeTarget, at: Timestamp, keysInMemory: [CacheKey], log: PurgeLog) {
        self.target = target
        self.at = at
        self.keysInMemory = keysInMemory
        self.log = log
    }
}

/// The answer to a purge.
public enum PurgeAnswer: Sendable, Equatable {
    /// How many results there were that a reader could have been given.
    case purged(Int64)
    /// `PurgeLimits.underWay` purges are not finished: nothing was recorded.
    case full
}

/// The limits on purges.
public enum PurgeLimits {
    /// Purges that are not finished. Each look-up in the store compares what it finds with them.
    public static let underWay = 64
}

/// How far a purge is.
public struct PurgeProgress: Sendable, Equatable {
    public let id: Int64
    public let target: PurgeTarget
    public let at: Timestamp
    /// How many results are removed so far.
    public var purged: Int64
    /// How many are left; nil while that is being counted.
    public var remaining: Int64?

    public init(id: Int64, target: PurgeTarget, at: Timestamp, purged: Int64, remaining: Int64? = nil) {
        self.id = id
        self.target = target
        self.at = at
        self.purged = purged
        self.remaining = remaining
    }
}
