import EventLoops
internal import Metrics
internal import PostgreSQL
import Synchronization
import Vocabulary

/// What is counted of the store. Atomic: any thread reads, the writer's thread writes.
final class StoreMetrics: Sendable {
    let commit = Histogram(.short)
    let checkpoint = Histogram(.short)
    let operations = Counter()
    let failures = Counter()
    /// What a group took, from its beginning until what became of it was known, or in doubt.
    let group = Histogram(.short)
    /// How many groups there were of each size.
    let groups = GroupSize.allCases.map { _ in Counter() }
    /// Whether all of the last operations were committed.
    let succeeded = Atomic<Bool>(true)
    let node = NodeMetrics()

    /// Counts operations that were refused without being tried.
    func note(refused count: Int) {
        failures.add(Int64(count))
        succeeded.store(false, ordering: .relaxed)
    }

    /// Counts operations whose outcome is known.
    func note(committed: Int, failed: Int) {
        operations.add(Int64(committed))
        failures.add(Int64(failed))
    }

    func note(_ outcome: GroupOutcome, of count: Int, took duration: Duration) {
        note(committed: outcome.committed, failed: count - outcome.committed - outcome.pending)
        succeeded.store(outcome.committed == count, ordering: .relaxed)
        if let took = outcome.commitTook { commit.observe(took) }
        group.observe(duration)
        groups[GroupSize(count).rawValue].add()
    }
}

/// Classes of groups by how many operations they have.
enum GroupSize: Int, CaseIterable {
    case one, few, many, most

    init(_ count: Int) {
        switch count {
        case ...1: self = .one
        case ...8: self = .few
        case ...64: self = .many
        default: self = .most
        }
    }

    var label: String {
        switch self {
        case .one: "1"
        case .few: "2-8"
        case .many: "9-64"
        case .most: "65-\(StoreWriter.groupMax)"
        }
    }
}

/// What is counted of a node of a database. Atomic: any thread reads, the writer's thread writes.
final class NodeMetrics: Sendable {
    /// Why transactions failed.
    enum Failure: String, CaseIterable {
        /// Another transaction was in the way.
        case conflict
        case connection
        /// Of a lock, of a statement, or of the wait for the answer.
        case timeout
        /// The server refused for another reason.
        case other
    }

    private let failures = Failure.allCases.map { _ in Counter() }
    let doubts = Counter()
    /// From one confirmed poll of the feed to the next.
    let polls = Histogram(.short)
    /// Since boot, in nanoseconds; 0 before the first.
    private let polledAt = Atomic<Int64>(0)
    private let confirmedAt = Atomic<Int64>(0)
    /// In microseconds.
    private let clockLead = Atomic<Int64>(0)

    /// Counts a transaction that failed. What was decided against by an operation is none.
    func note(_ error: any Error) {
        if error is CommitInDoubt { return doubts.add() }
        guard let failure = error as? PostgreSQLFailure else { return }
        let kind: Failure =
            switch failure.kind {
            case .connection, .lost: .connection
            case .timedOut: .timeout
            case .invalid: .other
            case .server:
                switch failure.meaning {
                case .retry, .uniqueViolation: .conflict
                case .lockTimeout: .timeout
                case .shuttingDown, .notAcceptingYet: .connection
                case .readOnly, .full, .checkViolation, .permission, .other: .other
                }
            }
        failures[Failure.allCases.firstIndex(of: kind)!].add()
    }

    /// All that other nodes did before this moment is known.
    func note(polledAt moment: MonotonicInstant) {
        let last = polledAt.exchange(moment.nanoseconds, ordering: .relaxed)
        if last > 0 { polls.observe(moment - MonotonicInstant(nanoseconds: last)) }
    }

    /// The last confirmed transaction began then.
    func note(confirmedAt moment: MonotonicInstant) { confirmedAt.store(moment.nanoseconds, ordering: .relaxed) }

    func note(clockLead microseconds: Int64) { clockLead.store(microseconds, ordering: .relaxed) }

    // MARK: Reading

    var failureCounts: [(Failure, Int64)] { Array(zip(Failure.allCases, failures.map(\.value))) }

    /// In nanoseconds; below zero once it is over.
    func leaseLeft(at now: MonotonicInstant) -> Int64 {
        NodeSeat.lease.wholeNanoseconds.saturatingSubtract(age(of: confirmedAt, at: now))
    }

    /// How old the newest news of other nodes may be, in nanoseconds.
    func feedAge(at now: MonotonicInstant) -> Int64 { age(of: polledAt, at: now) }

    /// In nanoseconds, by how much this clock is ahead of the database's.
    var clockLeadNanoseconds: Int64 { clockLead.load(ordering: .relaxed).saturatingMultiply(1_000) }

    private func age(of moment: borrowing Atomic<Int64>, at now: MonotonicInstant) -> Int64 {
        let nanoseconds = moment.load(ordering: .relaxed)
        return nanoseconds == 0 ? 0 : max(0, now.nanoseconds.saturatingSubtract(nanoseconds))
    }
}
