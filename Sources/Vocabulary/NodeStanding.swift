public import Synchronization

/// What this process knows of its place among the nodes that share a store: docs/nodes.md §3, "Six seconds" and
/// "Stale".
///
/// Guarded. Written by the store's thread, read by any thread without waiting for it. With a store that is a file there
/// is no other node, and nothing ends.
///
/// Lengths of time are those of `CLOCK_BOOTTIME`, which goes on while the machine sleeps. A loop has only the monotonic
/// clock at hand, so the moment at which hits end is kept on that one, and worked out again from time to time.
public final class NodeStanding: Sendable {
    /// So long after the last confirmed transaction was sent nothing new goes to the vendor: the lease, less what a
    /// process may be stopped for between its look and its first byte.
    public static let sendingMax = Duration.seconds(6)
    /// Nodes look for news twice a second: hits go on for this long at least.
    public static let staleMin = Duration.seconds(1)
    /// A clock that differs by more from the database's is wrong.
    public static let clockErrorMax = Duration.seconds(5)

    /// Since boot, in nanoseconds; `.max` for a store without leases.
    private let confirmedAt: Atomic<Int64>
    private let staleNanoseconds = Atomic<Int64>(60_000_000_000)
    /// On the monotonic clock, in nanoseconds. A thread that wrote an older moment over a newer one is put right by the
    /// next `refresh` or `confirm`.
    @usableFromInline
    let staleAt = Atomic<Int64>(.max)
    private let isLeast: Atomic<Bool>
    private let liveNodes = Atomic<Int>(1)
    private let place = Atomic<Int>(0)
    /// By how much this clock is ahead of the database's, in microseconds.
    private let clockLead = Atomic<Int64>(0)
    /// The schema that the database asks programs to know, if this one does not; else 0.
    private let schemaMissing = Atomic<Int64>(0)
    private let records = Guarded<[NodeRecord]>([])
    private let digest = Guarded<Digest?>(nil)

    /// Of a process that has its store alone.
    public init() {
        confirmedAt = Atomic(.max)
        isLeast = Atomic(true)
    }

    /// Of a process that has just joined.
    ///
    /// - Parameter joinedAt: since boot, when the transaction was sent that took the seat.
    public init(joinedAt: MonotonicInstant) {
        confirmedAt = Atomic(joinedAt.nanoseconds)
        isLeast = Atomic(false)
    }

    /// Whether there may be other nodes.
    public var isShared: Bool { confirmedAt.load(ordering: .relaxed) != .max }

    // MARK: The lease

    /// A transaction is committed. On the store's thread.
    ///
    /// - Parameters:
    ///   - sentAt: since boot, when its beginning was sent.
    ///   - sinceBoot, now: the present, on both clocks.
    public func confirm(sentAt: MonotonicInstant, sinceBoot: MonotonicInstant, now: MonotonicInstant) {
        guard isShared else { return }
        confirmedAt.store(sentAt.nanoseconds, ordering: .relaxed)
        refresh(sinceBoot: sinceBoot, now: now)
    }

    /// The process has lost its seat: nothing goes to the vendor any more, and nothing is served. On the store's
    /// thread, which confirms nothing after it.
    public func lose() {
        // Older than any moment since boot, and not so old that a difference overflows.
        confirmedAt.store(.min / 2, ordering: .relaxed)
        staleAt.store(.min, ordering: .relaxed)
        isLeast.store(false, ordering: .relaxed)
    }

    /// Whether the first byte of a call may go to the vendor now.
    public func maySend(sinceBoot: MonotonicInstant) -> Bool {
        let confirmed = confirmedAt.load(ordering: .relaxed)
        return confirmed == .max || sinceBoot - MonotonicInstant(nanoseconds: confirmed) < Self.sendingMax
    }

    // MARK: Hits

    /// Whether nothing may be served any more, since nobody knows what other nodes have revoked or purged meanwhile.
    @inlinable
    @inline(__always)
    public func isStale(at now: MonotonicInstant) -> Bool { now.nanoseconds >= staleAt.load(ordering: .relaxed) }

    /// Sets how long hits go on without a confirmed transaction; at least for `staleMin`.
    public func replace(staleFor: Duration, sinceBoot: MonotonicInstant, now: MonotonicInstant) {
        staleNanoseconds.store(max(staleFor, Self.staleMin).wholeNanoseconds, ordering: .relaxed)
        refresh(sinceBoot: sinceBoot, now: now)
    }

    /// Works out anew when hits end. To be called every second: while the machine slept the monotonic clock stood
    /// still.
    public func refresh(sinceBoot: MonotonicInstant, now: MonotonicInstant) {
        let confirmed = confirmedAt.load(ordering: .relaxed)
        guard confirmed != .max else { return }
        let end = confirmed.saturatingAdd(staleNanoseconds.load(ordering: .relaxed))
        staleAt.store(now.nanoseconds.saturatingAdd(end.saturatingSubtract(sinceBoot.nanoseconds)), ordering: .relaxed)
    }

    // MARK: The other nodes

    /// Whether this one has the least number of those that live: it does what one node does for all.
    public var isFirst: Bool { isLeast.load(ordering: .relaxed) }

    /// How many nodes live, this one included; at least 1.
    public var liveCount: Int { liveNodes.load(ordering: .relaxed) }

    /// How many that live have a lesser number; less than `liveCount`, once both are of one look.
    public var rank: Int { place.load(ordering: .relaxed) }

    /// The nodes as they were seen last, in order of their numbers: those that live, and those that did within a day.
    /// Empty for a store that is a file.
    public var nodes: [NodeRecord] { records.withLock { $0 } }

    /// Takes what the database says of all nodes. On the store's thread.
    ///
    /// - Parameter number: of this one.
    public func see(_ nodes: [NodeRecord], as number: Int) {
        let live = nodes.filter { $0.state != .dead }.map(\.number)
        liveNodes.store(max(1, live.count), ordering: .relaxed)
        place.store(live.count { $0 < number }, ordering: .relaxed)
        isLeast.store(live.min().map { $0 == number } ?? false, ordering: .relaxed)
        records.withLock { $0 = nodes }
    }

    /// What the others are told of the configuration file of this process: its SHA-256. Nil before it is known.
    public var configurationDigest: Digest? { digest.withLock { $0 } }

    public func replace(configurationDigest: Digest) { digest.withLock { $0 = configurationDigest } }

    // MARK: Clocks

    /// Takes by how much this clock is ahead of the database's, in microseconds. On the store's thread.
    public func note(clockLead microseconds: Int64) { clockLead.store(microseconds, ordering: .relaxed) }

    /// By how much this clock is ahead of the database's, or behind it when negative, if that is too much.
    public var clockError: Duration? {
        let lead = Duration.microseconds(clockLead.load(ordering: .relaxed))
        return lead > Self.clockErrorMax || lead < .zero - Self.clockErrorMax ? lead : nil
    }

    // MARK: The schema

    /// Takes which schema a program must know to use the database, and which this one knows. On the store's thread.
    public func note(schemaNeeded needed: Int64, known: Int64) {
        schemaMissing.store(needed > known ? needed : 0, ordering: .relaxed)
    }

    /// The schema that a program must know to use the database, if this one does not: a newer program has changed the
    /// tables since this one started.
    public var unknownSchema: Int64? {
        let missing = schemaMissing.load(ordering: .relaxed)
        return missing == 0 ? nil : missing
    }

    /// Why nothing may be begun by a program that does not know the schema any more.
    public var schemaFault: StoreFault? {
        unknownSchema.map {
            let detail = "the database is for programs that know schema \($0) by now: start a newer version"
            return StoreFault(code: .newerSchema, detail: detail)
        }
    }
}

/// One of the nodes that share a store.
public struct NodeRecord: Sendable, Equatable {
    public enum State: String, CaseIterable, Sendable { case live, leaving, dead }

    public let number: Int
    public let name: String
    /// Where its clients find it.
    public let address: String
    /// Of the program.
    public let version: String
    public let state: State
    public let startedAt: Timestamp
    /// How long it is taken for alive from when it was seen; zero for one that is dead.
    public let leaseLeft: Duration
    /// SHA-256 of its configuration file.
    public let configurationDigest: Digest

    public init(
        number: Int,
        name: String,
        address: String,
        version: String,
        state: State,
        startedAt: Timestamp,
        leaseLeft: Duration,
        configurationDigest: Digest
    ) {
        self.number = number
        self.name = name
        self.address = address
        self.version = version
        self.state = state
        self.startedAt = startedAt
        self.leaseLeft = leaseLeft
        self.configurationDigest = configurationDigest
    }
}
