import Budgeting
import EventLoops
import Observability
import Vocabulary

/// Adds a worker's counts to the roll-ups in the store, once a second while there are any, and when a reader of the
/// roll-ups asks for it.
///
/// Confined to its worker's loop. Counts that the store could not take are kept, up to `UsageBacklog.rowsMax`, and sent
/// again with those of the next second. A crash loses the counts that the store has not taken, usually those of the
/// last second, and so does a drain whose last report fails. Spent credits are not among them.
final class UsageReporter {
    private static let interval = Duration.seconds(1)
    /// How long a reader of the roll-ups is kept waiting at most.
    private static let flushTimeout = Duration.seconds(1)

    private let loop: EventLoop
    private let rooms: SharedRooms
    /// Receives the store's answers. Set before the first count.
    var mailbox: Mailbox<WorkerMessage>?
    /// The tallies with counts, each with the time of its first.
    private var noted: [(tally: UsageTally, at: Timestamp)] = []
    private var backlog = UsageBacklog()
    private var timer: LoopTimer?
    private var flushes = UsageFlushes()
    private var flushTimer: LoopTimer?
    private var isAsking = false
    private var onFinished: (@Sendable () -> Void)?

    init(loop: EventLoop, rooms: SharedRooms) {
        self.loop = loop
        self.rooms = rooms
        timer = LoopTimer(loop: loop) { [unowned self] in if !isAsking { report() } }
        flushTimer = LoopTimer(loop: loop) { [unowned self] in for flushed in flushes.giveUp() { flushed(nil) } }
    }

    /// Registers a tally that was empty and now gets counts.
    func note(_ tally: UsageTally) {
        if noted.isEmpty, backlog.isEmpty, !isAsking { timer?.schedule(after: Self.interval) }
        noted.append((tally, loop.wallClock))
    }

    /// Reports at once.
    ///
    /// - Parameter flushed: called once, in the loop: when the store has the counts of all replies so far, when it
    ///   could not take them, or after `flushTimeout`; at once when too many wait already.
    func flush(then flushed: @escaping UsageFlushes.Flushed) {
        loop.preconditionInLoop()
        if flushes.isEmpty { flushTimer?.schedule(after: Self.flushTimeout) }
        guard flushes.add(flushed) else { return flushed(nil) }
        if !isAsking { report() }
    }

    private func endFlushes(_ fault: StoreFault?) {
        let ended = flushes.reportEnded()
        if flushes.isEmpty { flushTimer?.cancel() }
        for flushed in ended { flushed(fault) }
    }

    /// Sends a last report, then finishes whether the store takes it or not.
    func finish(then: @escaping @Sendable () -> Void) {
        loop.preconditionInLoop()
        onFinished = then
        if !isAsking { report() }
    }

    /// The store's answer.
    func added(_ result: Result<Void, StoreFault>) {
        loop.preconditionInLoop()
        isAsking = false
        switch result {
        case .success:
            backlog.removeAll()
            endFlushes(nil)
        case .failure(let fault):
            ProcessLog.warning("usage_not_stored", ["detail": fault.description])
            endFlushes(fault)
        }
        if flushes.needsReport { return report() }
        if onFinished != nil { return noted.isEmpty ? endIfAsked() : report() }
        if !noted.isEmpty || !backlog.isEmpty { timer?.schedule(after: Self.interval) }
    }

    private func report() {
        let day = rooms.credits.today(at: loop.wallClock)
        for (tally, first) in noted { backlog.take(tally, day: day, usedAt: first) }
        noted.removeAll(keepingCapacity: true)
        backlog.add(rooms.credits.takeShadowRefusals())
        backlog.add(upstream: rooms.gate.takeUnsavedUses())
        flushes.reportBegan()
        guard let mailbox, !backlog.isEmpty else {
            endFlushes(nil)
            return endIfAsked()
        }
        isAsking = true
        let report = backlog.report(at: loop.wallClock)
        rooms.store.add(report) { [credits = rooms.credits] result in
            if case .success = result, !report.refusals.isEmpty { credits.noteStored(report.refusals) }
            mailbox.post(.usageAdded(result))
        }
    }

    private func endIfAsked() {
        let then = onFinished
        onFinished = nil
        then?()
    }
}
