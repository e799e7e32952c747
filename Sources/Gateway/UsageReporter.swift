import Budgeting
import EventLoops
import Observability
import Vocabulary

/// Brings a worker's counts to the roll-ups in the store, once a second while there are any.
///
/// Confined to its worker's loop. Counts that the store could not take are kept and added to those of the next second,
/// so that only a crash loses them, and then those of the last second. No credits that were spent are among them.
final class UsageReporter {
    private static let interval = Duration.seconds(1)

    private let loop: EventLoop
    private let rooms: SharedRooms
    /// Where the store's answers go. Set before the first count.
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

    /// A tally that was empty has counts from now on.
    func note(_ tally: UsageTally) {
        if noted.isEmpty, backlog.isEmpty, !isAsking { timer?.schedule(after: Self.interval) }
        noted.append(tally)
    }

    /// Reports what there is and is done, whatever becomes of it.
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
