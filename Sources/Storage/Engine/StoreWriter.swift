import EventLoops
import Synchronization
import Vocabulary

/// The thread that does every write, on the only connection that can.
///
/// Guarded: the queue and the schedules have a lock each, never held together; everything else belongs to the thread.
///
/// Group commit: the thread takes all operations that wait, up to `groupMax`, commits them with one fsync, and answers
/// them; what was asked meanwhile is the next group. So nothing ever waits for a timer, one save alone costs one fsync,
/// and the more there are at a time, the fewer fsyncs each costs. Between two groups it does what the database needs
/// when that is due, removes what was purged, and removes old results and old rows of the ledger and folds old roll-ups
/// while there is nothing else to do. At most one batch of a purge comes between two groups, and old results wait for
/// the purges, which may concern them too. Of several nodes the first alone removes what is old; what was purged is
/// removed where it was purged.
final class StoreWriter: Sendable {
    static let groupMax = 512
    /// How long a writer that may not write any more waits for its end.
    private static let brokenPause = Duration.seconds(5)
    /// Rows of one removal: few enough that a save that comes meanwhile waits some milliseconds at most.
    private static let sweepRows = 128
    /// How long it takes until endings are booked again after that failed.
    private static let bookingRetryPause = Duration.seconds(1)
    /// How long a purge rests after a batch that failed.
    private static let purgeRetryPause = Duration.seconds(1)
    /// While operations never cease, one removal in this many groups.
    private static let groupsPerRemoval = 64

    private let database: any WritableDatabase
    private let work: WorkQueue<WriteOperation>
    private let schedule: Guarded<ExpirySchedule>
    /// Of results of saved classifiers.
    private let classifierSchedule: Guarded<ExpirySchedule>
    /// The purges that are not finished.
    let purges: PurgeBoard
    private let ledgerSchedule: Guarded<ExpirySchedule>
    /// Of roll-ups by document. A caller that replaces it calls `wake`.
    let foldSchedule: Guarded<FoldSchedule>
    /// What is known of other nodes at the same database.
    let standing: NodeStanding
    private let onFatal: @Sendable (StoreFault) -> Void
    private let thread = Guarded<SystemThread?>(nil)
    private let commits = Atomic<Int>(0)
    private let unbooked = Atomic<Int>(0)
    /// What is counted for operators.
    let metrics = StoreMetrics()
    private let isBroken = Atomic<Bool>(false)
    private let isTroubled = Atomic<Bool>(false)

    init(
        database: any WritableDatabase,
        purges: PurgeBoard,
        standing: NodeStanding,
        queueMax: Int,
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) {
        self.database = database
        self.purges = purges
        self.standing = standing
        self.onFatal = onFatal
        work = WorkQueue(itemsMax: queueMax)
        let (now, wall) = (SystemClock.sinceBoot(), SystemClock.wall())
        let expiry = ExpirySchedule(now: now, wall: wall)
        schedule = Guarded(expiry)
        classifierSchedule = Guarded(expiry)
        ledgerSchedule = Guarded(expiry)
        foldSchedule = Guarded(FoldSchedule(now: now, wall: wall))
    }

    /// Begins to work; once.
    ///
    /// - Throws: `unavailable` when there is no thread for it.
    func start() throws(StoreFault) {
        // The thread keeps the writer alive until the queue is closed and empty.
        try thread.withLock { (thread) throws(StoreFault) in
            thread = try SystemThread.ofStore("store-write") { self.run() }
        }
    }

    func submit(_ operation: WriteOperation) {
        switch work.put(operation) {
        case .taken: break
        case .full: operation.refuse(StoreFault(code: .overloaded, detail: "too many writes wait for the disk"))
        case .closed: operation.refuse(closedFault)
        }
    }

    func sweep(_ sweep: ExpirySchedule.Sweep) {
        switch schedule.withLock({ $0.request(sweep) }) {
        case .taken: work.wake()
        case .full: sweep.then?(.failure(StoreFault(code: .overloaded, detail: "too many removals wait")))
        case .closed: sweep.then?(.failure(closedFault))
        }
    }

    func replace(retention: Duration?, ofClassifiers classifierRetention: Duration?) {
        let now = SystemClock.sinceBoot()
        schedule.withLock { $0.replace(retention: retention, now: now) }
        classifierSchedule.withLock { $0.replace(retention: classifierRetention, now: now) }
        work.wake()
    }

    func replace(ledgerRetention: Duration?) {
        ledgerSchedule.withLock { $0.replace(retention: ledgerRetention, now: SystemClock.sinceBoot()) }
        work.wake()
    }

    /// Lets the thread look at what is due.
    func wake() { work.wake() }

    /// How many groups were committed.
    var commitCount: Int { commits.load(ordering: .relaxed) }

    /// How many operations wait for the next group.
    var queueLength: Int { work.count }

    /// Whether there are endings that sums, payments and rates do not have yet. None of those that were answered before
    /// is missed.
    var hasUnbooked: Bool { unbooked.load(ordering: .acquiring) > 0 }

    /// Calls `then` when everything that was answered before is booked, or could not be: on the caller's thread or the
    /// writer's.
    func whenBooked(_ then: @escaping @Sendable () -> Void) {
        if !hasUnbooked { return then() }
        submit(WriteOperation({ _ in }, then: { _ in then() }))
    }

    /// Whether something of the last group could not be committed.
    var hasFailed: Bool { isTroubled.load(ordering: .relaxed) }

    /// Refuses from now on; what was asked before is still done.
    func stop() { work.close() }

    /// Does what was asked before, then closes the connection.
    ///
    /// A connection after a fatal fault is left as it is: closing it would go on as if the fault had not been.
    func close() {
        stop()
        thread.withLock { $0 }?.join()
        if isBroken.load(ordering: .acquiring) { return }
        if let fatal = database.close() { fail(fatal) }
    }

    private var closedFault: StoreFault {
        let isBroken = isBroken.load(ordering: .acquiring)
        return StoreFault(code: .unavailable, detail: isBroken ? "the disk failed" : "the store is closed")
    }

    /// All that the thread does: it has the connection to itself until the queue is closed and empty.
    private func run() {
        database.lend(metrics) { base in
            var state = ThreadState(base: base)
            serve(&state)
        }
    }

    private func serve(_ state: inout ThreadState) {
        while true {
            switch work.take(atMost: Self.groupMax, waiting: pause(state)) {
            case .items(let operations):
                commit(operations, &state)
                book(&state)
                tend(state)
                purgeSome(&state)
                state.groupsSinceRemoval += 1
                if state.groupsSinceRemoval >= Self.groupsPerRemoval {
                    removeSome(&state)
                    removeSomeOfLedger(&state)
                }
            case .nothing:
                book(&state)
                tend(state, isIdle: !mayRemove(state))
                purgeSome(&state)
                removeSome(&state)
                removeSomeOfLedger(&state)
            case .closed:
                book(&state, isLast: true)
                purges.fail(closedFault)
                endSweeps(&state)
                return
            }
        }
    }

    /// What only the thread itself touches.
    private struct ThreadState {
        let base: any WriterBase
        var connection: StoreConnection { base.connection }
        var sweep: ExpirySchedule.Sweep?
        var fold: FoldSchedule.Fold?
        /// A run through the ended rows of the ledger, and the identifier that it goes on behind.
        var ledgerSweep: (cutoff: Timestamp, position: Int64)?
        var groupsSinceRemoval = 0
        var purgePacer = RemovalPacer()
        /// Before this endings are not booked, after an attempt that failed.
        var bookingDue: MonotonicInstant?
        /// Before this a purge rests.
        var purgeDue: MonotonicInstant?
        var lastGroupAt: MonotonicInstant?
    }

    private func mayRemove(_ state: ThreadState) -> Bool { pauseOfSweeps(state) == .zero }

    /// How long there is nothing to remove.
    private func pauseOfSweeps(_ state: ThreadState) -> Duration {
        let now = SystemClock.sinceBoot()
        if !purges.isEmpty {
            if isBroken.load(ordering: .relaxed) { return Self.brokenPause }
            return state.purgeDue.map { max(.zero, $0 - now) } ?? .zero
        }
        if state.sweep != nil || state.fold != nil || state.ledgerSweep != nil { return .zero }
        let isFirst = standing.isFirst
        var pause = isFirst ? foldSchedule.withLock { $0.pause(now: now) } : FoldSchedule.interval
        if let results = schedule.withLock({ $0.pause(now: now, isFirst: isFirst) }) { pause = min(pause, results) }
        if let results = classifierSchedule.withLock({ $0.pause(now: now, isFirst: isFirst) }) {
            pause = min(pause, results)
        }
        if let rows = ledgerSchedule.withLock({ $0.pause(now: now, isFirst: isFirst) }) { pause = min(pause, rows) }
        return pause
    }

    private func pause(_ state: ThreadState) -> Duration {
        var pause = pauseOfSweeps(state)
        if let checkpoint = state.base.pause { pause = min(pause, checkpoint) }
        if let deadline = bookingDeadline(state) { pause = min(pause, max(.zero, deadline - SystemClock.sinceBoot())) }
        return pause
    }

    private func bookingDeadline(_ state: ThreadState) -> MonotonicInstant? {
        state.connection.unbooked.deadline.map { deadline in state.bookingDue.map { max($0, deadline) } ?? deadline }
    }

    private func commit(_ operations: ArraySlice<WriteOperation>, _ state: inout ThreadState) {
        if isBroken.load(ordering: .relaxed) {
            metrics.note(refused: operations.count)
            for operation in operations { operation.refuse(closedFault) }
            return
        }
        if let fault = state.base.obstacle(), !state.base.hasLostSeat {
            metrics.note(refused: operations.count)
            for operation in operations { operation.refuse(fault) }
            return
        }
        let start = SystemClock.sinceBoot()
        let outcome = state.base.commit(operations)
        let end = SystemClock.sinceBoot()
        state.lastGroupAt = end
        metrics.note(outcome, of: operations.count, took: end - start)
        if outcome.committed > 0 { commits.add(1, ordering: .relaxed) }
        unbooked.store(state.connection.unbooked.bookings.count, ordering: .releasing)
        isTroubled.store(outcome.committed < operations.count, ordering: .relaxed)
        state.base.noteCommit(operations: outcome.committed)
        if let fatal = outcome.fatal { fail(fatal) }
        for answer in outcome.answers { answer() }
    }

    /// Books endings that have waited long enough, or all of them at the end. Those that cannot be booked stay where
    /// the next attempt finds them, or the next start.
    private func book(_ state: inout ThreadState, isLast: Bool = false) {
        let waiting = state.connection.unbooked.bookings.count
        guard waiting > 0, !isBroken.load(ordering: .relaxed) else { return }
        let now = SystemClock.sinceBoot()
        if !isLast, let deadline = bookingDeadline(state), now < deadline { return }
        do {
            if let fault = state.base.obstacle() { throw fault }
            try state.connection.inTransaction { _ in }
            state.bookingDue = nil
            state.base.noteCommit(operations: waiting)
            unbooked.store(0, ordering: .releasing)
        } catch {
            if StoreFault.isFatal(error) { return fail(StoreFault(thrown: error)) }
            state.bookingDue = now + Self.bookingRetryPause
        }
    }

    private func tend(_ state: ThreadState, isIdle: Bool = false) {
        if isBroken.load(ordering: .relaxed) { return }
        if let fatal = state.base.tend(isIdle: isIdle) { fail(fatal) }
    }

    /// Removes one batch of the oldest purge.
    private func purgeSome(_ state: inout ThreadState) {
        guard !purges.isEmpty, !isBroken.load(ordering: .relaxed) else { return }
        let start = SystemClock.sinceBoot()
        if let due = state.purgeDue, start < due { return }
        state.purgeDue = nil
        do {
            if let fault = state.base.obstacle() { throw fault }
            let isIdle =
                work.isEmpty && (state.lastGroupAt.map { start - $0 >= RemovalPacer.quietTime } ?? true)
            let count = state.purgePacer.rows(isIdle: isIdle)
            let batch = try PurgeTable.removeSome(atMost: count, at: SystemClock.wall(), on: state.connection)
            // The end of a purge may have been committed though its answer was lost, or by another node.
            try finishPurges(before: batch?.id ?? .max, state)
            guard let batch else { return }
            state.purgePacer.note(rows: batch.rows, took: SystemClock.sinceBoot() - start)
            state.base.noteCommit(operations: batch.rows + 1)
            purges.note(purged: batch.purged, byPurge: batch.id)
            if batch.isDone { purges.finish(batch.id, purged: batch.purged) }
            tend(state)
            if isIdle { return }
            let end = SystemClock.sinceBoot()
            state.purgeDue = end + RemovalPacer.rest(after: end - start)
        } catch {
            if StoreFault.isFatal(error) { return fail(StoreFault(thrown: error)) }
            // It goes on by itself, but nobody waits for that.
            state.purgeDue = start + Self.purgeRetryPause
            purges.fail(StoreFault(thrown: error))
        }
    }

    /// Answers the purges that the store has finished though it was not seen here.
    private func finishPurges(before id: Int64, _ state: ThreadState) throws {
        for purge in purges.before(id) {
            let removed = try PurgeTable.removed(by: purge.id, on: state.connection)
            purges.finish(purge.id, purged: removed ?? purge.purged)
        }
    }

    /// Removes one batch of old results or, if there are none, folds one of old roll-ups.
    private func removeSome(_ state: inout ThreadState) {
        state.groupsSinceRemoval = 0
        guard purges.isEmpty else { return }
        if state.sweep == nil { state.sweep = nextSweep() }
        guard let sweep = state.sweep else { return foldSome(&state) }
        if isBroken.load(ordering: .relaxed) {
            finishSweep(&state, .failure(closedFault))
            return
        }
        do {
            if let fault = state.base.obstacle() { throw fault }
            let removed = try ResultTable.removeOlder(
                than: sweep.cutoff,
                sweep.kind,
                atMost: Self.sweepRows,
                on: state.connection
            )
            state.sweep!.removed += removed
            state.base.noteCommit(operations: removed)
            if removed < Self.sweepRows { finishSweep(&state, .success(sweep.removed + removed)) }
            tend(state)
        } catch {
            finishSweep(&state, .failure(StoreFault(thrown: error)))
            if StoreFault.isFatal(error) { fail(StoreFault(thrown: error)) }
        }
    }

    private func nextSweep() -> ExpirySchedule.Sweep? {
        let (now, wall) = (SystemClock.sinceBoot(), SystemClock.wall())
        let isFirst = standing.isFirst
        if let sweep = schedule.withLock({ $0.next(now: now, wall: wall, isFirst: isFirst) }) { return sweep }
        let next = classifierSchedule.withLock { $0.next(now: now, wall: wall, isFirst: isFirst) }
        guard var sweep = next else { return nil }
        sweep.kind = .ofClassifier
        return sweep
    }

    private func foldSome(_ state: inout ThreadState) {
        if state.fold == nil, standing.isFirst {
            state.fold = foldSchedule.withLock { $0.next(now: SystemClock.sinceBoot(), wall: SystemClock.wall()) }
        }
        guard var fold = state.fold else { return }
        state.fold = nil
        if isBroken.load(ordering: .relaxed) { return }
        do {
            if let fault = state.base.obstacle() { throw fault }
            guard let folded = try fold.run(atMost: Self.sweepRows, on: state.connection) else { return }
            state.fold = fold
            state.base.noteCommit(operations: folded)
            tend(state)
        } catch {
            // What is left over is folded the next time.
            if StoreFault.isFatal(error) { fail(StoreFault(thrown: error)) }
        }
    }

    /// Removes the ended ones among the next old rows of the ledger.
    private func removeSomeOfLedger(_ state: inout ThreadState) {
        guard purges.isEmpty else { return }
        if state.ledgerSweep == nil {
            let isFirst = standing.isFirst
            let next = ledgerSchedule.withLock {
                $0.next(now: SystemClock.sinceBoot(), wall: SystemClock.wall(), isFirst: isFirst)
            }
            state.ledgerSweep = next.map { ($0.cutoff, .min) }
        }
        guard let sweep = state.ledgerSweep else { return }
        state.ledgerSweep = nil
        if isBroken.load(ordering: .relaxed) { return }
        do {
            if let fault = state.base.obstacle() { throw fault }
            let (removed, next) = try state.connection.inTransaction { connection in
                // What is booked later would leave a payment without its row.
                try connection.writeGathered()
                return try LedgerTable.removeEnded(
                    before: sweep.cutoff,
                    after: sweep.position,
                    atMost: Self.sweepRows,
                    on: connection
                )
            }
            state.base.noteCommit(operations: removed)
            state.ledgerSweep = next.map { (sweep.cutoff, $0) }
            tend(state)
        } catch {
            // The next run finds what this one left.
            if StoreFault.isFatal(error) { fail(StoreFault(thrown: error)) }
        }
    }

    private func finishSweep(_ state: inout ThreadState, _ result: Result<Int, StoreFault>) {
        let then = state.sweep?.then
        state.sweep = nil
        then?(result)
    }

    private func endSweeps(_ state: inout ThreadState) {
        finishSweep(&state, .failure(closedFault))
        for sweep in schedule.withLock({ $0.close() }) { sweep.then?(.failure(closedFault)) }
    }

    /// From here on nothing is written or acknowledged.
    private func fail(_ fault: StoreFault) {
        isBroken.store(true, ordering: .releasing)
        onFatal(fault)
    }
}
