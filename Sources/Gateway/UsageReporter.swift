import Budgeting
import EventLoops
import Observability
import Vocabulary

/// Adds a worker's counts to the roll-ups in the store, once a second while there are any.
///
/// Confined to its worker's loop. Counts that the store could not take are kept, up to `UsageBacklog.rowsMax`, and sent
/// again with those of the next second. A crash loses the counts that the store has not taken, usually those of the
/// last second, and so does a drain whose last report fails. Spent credits are not among them.
final class UsageReporter {
    private static let interval = Duration.seconds(1)

    private let loop: EventLoop
    private let rooms: SharedRooms
    /// Receives the store's answers. Set before the first count.
    var mailbox: Mailbox<WorkerMessage>?
    private var noted: [UsageTally] = []
    private var backlog = UsageBacklog()
    private var timer: LoopTimer?
    private var isAsking = false
    private var onFinished: (@Sendable () -> Void)?

    init(loop: EventLoop, rooms: SharedRooms) {
        self.loop = loop
        self.rooms = rooms
        timer = LoopTimer(loop: loop) { [unowned self] in report() }
    }

    /// Registers a tally that was empty and now gets counts.
    func note(_ tally: UsageTally) {
        if noted.isEmpty, backlog.isEmpty, !isAsking { timer?.schedule(after: Self.interval) }
        noted.append(tally)
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
        if case .failure(let fault) = result {
            ProcessLog.warning("usage_not_stored", ["detail": fault.description])
        } else {
            backlog.removeAll()
        }
        if onFinished != nil { return noted.isEmpty ? endIfAsked() : report() }
        if !noted.isEmpty || !backlog.isEmpty { timer?.schedule(after: Self.interval) }
    }

    private func report() {
        let day = rooms.credits.today(at: loop.wallClock)
        for tally in noted { backlog.take(tally, day: day, at: loop.wallClock) }
        noted.removeAll(keepingCapacity: true)
        backlog.add(rooms.credits.takeShadowRefusals())
        guard let mailbox, !backlog.isEmpty else { return endIfAsked() }
        isAsking = true
        rooms.store.add(backlog.rows, backlog.refusals, uses: backlog.uses) { mailbox.post(.usageAdded($0)) }
    }

    private func endIfAsked() {
        let then = onFinished
        onFinished = nil
        then?()
    }
}
