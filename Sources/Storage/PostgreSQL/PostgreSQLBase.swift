internal import Budgeting
import EventLoops
internal import PostgreSQL
import Vocabulary

/// The database as its writer has it: groups of operations with one COMMIT each, and beats between them. Confined to
/// the writer's thread.
///
/// An operation whose COMMIT is in doubt is answered when the doubt is over; until then all others are refused, since
/// no transaction can be begun.
final class PostgreSQLBase: WriterBase {
    /// How often something is tried that other transactions are in the way of.
    static let attemptsMax = 5
    /// How long the next attempt waits when the doubt could not be cleared, or the lease not be renewed.
    private static let retryPause = Duration.milliseconds(500)

    let connection: StoreConnection
    private let link: PostgreSQLLink
    private let fence: NodeFence
    private let metrics: StoreMetrics
    private let duties: [any NodeDuty]
    /// What is called when it is known whether the commit in doubt was done.
    private var doubtful: [WriteOperationEnd] = []
    /// What is left to do without a seat.
    private var late: LateWork?
    private let onLost: @Sendable (StoreFault) -> Void
    private var nextTry: MonotonicInstant?

    /// - Parameter onLost: called once, when the process has lost its seat.
    init(
        _ link: PostgreSQLLink,
        _ fence: NodeFence,
        _ metrics: StoreMetrics,
        duties: [any NodeDuty] = [],
        onLost: @escaping @Sendable (StoreFault) -> Void
    ) {
        self.duties = duties
        self.onLost = onLost
        self.link = link
        self.fence = fence
        self.metrics = metrics
        connection = StoreConnection(link)
    }

    deinit {
        let fault = StoreFault(code: .unavailable, detail: "PostgreSQL: the outcome of a COMMIT is not known")
        for end in doubtful { end.refuse(fault) }
    }

    func obstacle() -> StoreFault? {
        if let late { return late.fault }
        if fence.beats.isInDoubt {
            return StoreFault(code: .unavailable, detail: "PostgreSQL: the outcome of a COMMIT is not known yet")
        }
        return link.obstacle()
    }

    var hasLostSeat: Bool { late != nil }

    func noteCommit(operations: Int) {}

    // MARK: Groups

    func commit(_ operations: ArraySlice<WriteOperation>) -> GroupOutcome {
        var outcome = GroupOutcome()
        var operations = operations
        if let late {
            late.commit(operations, &outcome)
            return outcome
        }
        // What is under way is ended as far as that can be done.
        if let fault = fence.standing.schemaFault {
            let decisions = operations.filter { $0.needs?.isDecision == true }
            operations = operations.filter { $0.needs?.isDecision != true }
            outcome.answers += decisions.map { operation in { operation.refuse(fault) } }
        }
        for group in Self.groups(operations) { commit(group, &outcome) }
        return outcome
    }

    /// A purge locks other nodes' flights as it finds them, and the audit log. In a transaction that has locked scopes,
    /// or the rows of endings and sums, it would be in the way of those who lock in the order of docs/nodes.md §2; so
    /// what has to be done at once has a transaction apart from what is gathered, and from decisions. Their order is kept.
    private static func groups(_ operations: ArraySlice<WriteOperation>) -> [[WriteOperation]] {
        var groups: [[WriteOperation]] = []
        for operation in operations where operation.needs?.isDecision != true {
            if groups.last?.last?.isGathering == operation.isGathering {
                groups[groups.count - 1].append(operation)
            } else {
                groups.append([operation])
            }
        }
        // What ends counts before what begins is decided.
        let decisions = operations.filter { $0.needs?.isDecision == true }
        if groups.last?.last?.isGathering == true {
            groups[groups.count - 1] += decisions
        } else {
            groups.append(decisions)
        }
        return groups.filter { !$0.isEmpty }
    }

    private func commit(_ operations: [WriteOperation], _ outcome: inout GroupOutcome) {
        if let late { return late.commit(operations[...], &outcome) }
        if let fault = obstacle() {
            outcome.answers += operations.map { operation in { operation.refuse(fault) } }
            return
        }
        switch run(operations) {
        case .committed(let ends, let took):
            outcome.commitTook = took
            outcome.committed += ends.count
            outcome.answers += ends.map(\.succeed)
        case .doubtful(let ends): wait(for: ends, &outcome)
        case .failed(let fault, let isOwn):
            if let late { return late.commit(operations[...], &outcome) }
            // What failed may be the fault of one of them alone, which is found out by doing each by itself.
            guard isOwn, operations.count > 1 else {
                outcome.answers += operations.map { operation in { operation.refuse(fault) } }
                return
            }
            for operation in operations { commitAlone(operation, &outcome) }
        }
    }

    private func commitAlone(_ operation: WriteOperation, _ outcome: inout GroupOutcome) {
        if let late { return late.commit([operation], &outcome) }
        if let fault = obstacle() { return outcome.answers.append { operation.refuse(fault) } }
        switch run([operation]) {
        case .committed(let ends, let took):
            outcome.commitTook = took
            outcome.committed += 1
            outcome.answers += ends.map(\.succeed)
        case .doubtful(let ends): wait(for: ends, &outcome)
        case .failed(let fault, _):
            if let late { return late.commit([operation], &outcome) }
            outcome.answers.append { operation.refuse(fault) }
        }
    }

    private func wait(for ends: [WriteOperationEnd], _ outcome: inout GroupOutcome) {
        doubtful += ends
        outcome.pending += ends.count
    }

    private enum Ending {
        case committed([WriteOperationEnd], took: Duration)
        case doubtful([WriteOperationEnd])
        /// - Parameter isOwn: whether an operation failed, and not the connection or the database.
        case failed(StoreFault, isOwn: Bool)
    }

    /// Does all of it in one transaction, several times if others are in the way.
    private func run(_ operations: [WriteOperation]) -> Ending {
        let batch = SharedBatch(operations.compactMap(\.needs))
        var ends: [WriteOperationEnd] = []
        for attempt in 1... {
            ends.removeAll(keepingCapacity: true)
            do {
                try connection.begin()
                connection.shared = try batch.read(on: connection, link)
                for operation in operations {
                    if !operation.isGathering { try connection.writeGathered() }
                    let succeed = try operation.run(connection)
                    ends.append(
                        WriteOperationEnd(
                            succeed: succeed,
                            refuse: operation.refuseUndone,
                            reservation: operation.needs?.admission?.id
                        )
                    )
                }
                let start = SystemClock.monotonic()
                try connection.commit()
                metrics.node.note(confirmedAt: fence.confirmedAt)
                return .committed(ends, took: SystemClock.monotonic() - start)
            } catch let doubt as CommitInDoubt {
                metrics.node.note(doubt)
                nextTry = nil
                return .doubtful(ends)
            } catch {
                metrics.node.note(error)
                connection.rollBack()
                for operation in operations { operation.undo?() }
                if attempt < Self.attemptsMax, Self.isInTheWay(error) {
                    Self.pauseBriefly(attempt)
                    continue
                }
                return .failed(note(error), isOwn: Self.isOwn(error))
            }
        }
        preconditionFailure("attempts without an end")
    }

    /// Whether another transaction prevented it. An identifier that two nodes gave at a time is one of those cases.
    static func isInTheWay(_ error: any Error) -> Bool {
        guard let failure = error as? PostgreSQLFailure, case .server = failure.kind else { return false }
        return failure.meaning == .retry || failure.meaning == .uniqueViolation
    }

    /// Whether it may be one operation's own failure.
    private static func isOwn(_ error: any Error) -> Bool {
        switch error {
        case is SeatLost: false
        case let failure as PostgreSQLFailure:
            switch failure.kind {
            case .server, .invalid: [.other, .checkViolation, .uniqueViolation].contains(failure.meaning)
            case .connection, .lost, .timedOut: false
            }
        default: true
        }
    }

    /// The fault of what was thrown; a lost seat is remembered.
    private func note(_ error: any Error) -> StoreFault {
        guard let seat = error as? SeatLost else { return StoreFault(thrown: error) }
        if late == nil { lose(seat.fault) }
        return seat.fault
    }

    private func lose(_ fault: StoreFault) {
        fence.standing.lose()
        metrics.note(committed: 0, failed: doubtful.count)
        // An ending comes again, and finds whether it was committed.
        for end in doubtful { end.refuse(fault) }
        late = LateWork(
            because: fault,
            unsent: doubtful.compactMap(\.reservation),
            of: fence.seat.number,
            on: connection,
            link,
            metrics.node
        )
        doubtful = []
        nextTry = nil
        onLost(fault)
    }

    /// So that two that were in each other's way do not meet again.
    static func pauseBriefly(_ attempt: Int) {
        _ = SystemSemaphore().wait(atMost: .milliseconds(Int.random(in: 1...5 << attempt)))
    }

    // MARK: Between groups

    func tend(isIdle: Bool) -> StoreFault? {
        defer { metrics.node.note(confirmedAt: fence.confirmedAt) }
        let now = SystemClock.sinceBoot()
        if let nextTry, now < nextTry { return nil }
        nextTry = nil
        if let late {
            if !late.releaseUnsent() { nextTry = now + Self.retryPause }
        } else if fence.beats.isInDoubt {
            clearDoubt()
        } else if now - fence.confirmedAt >= NodeSeat.beatInterval {
            // First, since a duty may be due again as soon as it is done.
            renewLease()
        } else if let duty = duties.min(by: { $0.dueAt < $1.dueAt }), duty.dueAt <= now {
            perform(duty)
        }
        return nil
    }

    private func perform(_ duty: any NodeDuty) {
        do {
            try duty.perform(on: connection)
        } catch {
            metrics.node.note(error)
            connection.rollBack()
            _ = note(error)
        }
    }

    var pause: Duration? {
        let now = SystemClock.sinceBoot()
        if let nextTry { return max(.zero, nextTry - now) }
        if let late { return late.isDue ? .zero : nil }
        if fence.beats.isInDoubt { return .zero }
        let beat = max(.zero, NodeSeat.beatInterval - (now - fence.confirmedAt))
        return duties.map { max(.zero, $0.dueAt - now) }.reduce(beat, min)
    }

    private func clearDoubt() {
        do {
            let wasCommitted = try link.recover()
            let ends = doubtful
            doubtful = []
            let fault = StoreFault(code: .unavailable, detail: "PostgreSQL: the connection was lost before the COMMIT")
            metrics.note(committed: wasCommitted ? ends.count : 0, failed: wasCommitted ? 0 : ends.count)
            for end in ends { wasCommitted ? end.succeed() : end.refuse(fault) }
        } catch {
            metrics.node.note(error)
            nextTry = SystemClock.sinceBoot() + Self.retryPause
            _ = note(error)
        }
    }

    private func renewLease() {
        switch run([]) {
        case .committed: break
        case .doubtful: nextTry = nil
        case .failed: nextTry = SystemClock.sinceBoot() + Self.retryPause
        }
    }
}

/// How an operation is answered.
private struct WriteOperationEnd {
    let succeed: @Sendable () -> Void
    let refuse: @Sendable (StoreFault) -> Void
    /// What an admission would have made.
    let reservation: ReservationID?
}

/// The writer's connection, as its thread makes it. Immutable.
struct PostgreSQLWritable: WritableDatabase {
    let address: SharedAddress
    let seat: NodeSeat
    let joinedAt: MonotonicInstant
    /// The greatest number of the feed as the seat was taken.
    let feedHead: Int64
    let standing: NodeStanding
    let purges: PurgeBoard
    let onNews: @Sendable (NodeNews) -> Void
    let onLost: @Sendable (StoreFault) -> Void
    let flights = FlightWatch()
    let budgetNews = BudgetNews()
    let news = StoreNews()
    let changeEnds: ChangeEnds

    init(
        address: SharedAddress,
        seat: NodeSeat,
        joinedAt: MonotonicInstant,
        feedHead: Int64,
        standing: NodeStanding,
        purges: PurgeBoard,
        onNews: @escaping @Sendable (NodeNews) -> Void,
        onLost: @escaping @Sendable (StoreFault) -> Void
    ) {
        self.address = address
        self.seat = seat
        self.joinedAt = joinedAt
        self.feedHead = feedHead
        self.standing = standing
        self.purges = purges
        self.onNews = onNews
        self.onLost = onLost
        changeEnds = ChangeEnds(node: seat.number)
    }

    func lend(_ metrics: StoreMetrics, to body: (any WriterBase) -> Void) {
        let fence = NodeFence(seat, joinedAt: joinedAt, standing: standing)
        let link = PostgreSQLLink(address, fence: fence)
        metrics.node.note(confirmedAt: joinedAt)
        let base = PostgreSQLBase(link, fence, metrics, duties: duties(link, metrics.node)) { [flights, onLost] fault in
            // Nobody looks for landings any more.
            flights.close()
            onLost(fault)
        }
        body(base)
        // What ended too late to be told, or was cut short.
        if !fence.beats.isInDoubt {
            _ = try? base.connection.inTransaction { try $0.endChanges(ofNode: seat.number, at: SystemClock.wall()) }
        }
        link.leave(hasServed: true)
    }

    /// What the node does between groups.
    private func duties(_ link: PostgreSQLLink, _ metrics: NodeMetrics) -> [any NodeDuty] {
        let feed = FeedReading(news, cursor: FeedCursor(node: seat.number, head: feedHead))
        let sweep = NodeSweep(
            link: link,
            connection: StoreConnection(link),
            number: seat.number,
            standing: standing,
            purges: purges,
            metrics: metrics
        )
        return [
            flights, NodePoll(news, readings: [feed], metrics), ChangeEnding(changeEnds, purges), budgetNews,
            NodeSweepDuty(sweep, onNews: onNews), FeedUpkeep(purges),
        ]
    }

    func close() -> StoreFault? { nil }
}
