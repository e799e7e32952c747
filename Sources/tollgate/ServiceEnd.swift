import Administration
import EventLoops
import Gateway
import Observability
import Storage
import Vocabulary

/// The shutdown of a gateway: draining → cutting, if the drain does not finish by itself → closing.
///
/// Confined to the main loop, which runs until the end: no call here blocks, so another signal is always handled. Both
/// sides drain: the workers finish their clients' requests, the admin side the change in progress. The last part of
/// `drain_timeout` is reserved for cutting off the remaining clients, and a second signal starts it at once: clients
/// are answered, and the ledger learns the outcome of each reservation. A separate thread closes the store and writes
/// the last lines, since a disk or a reader may hang. When the time is up, the process ends regardless.
final class ServiceEnd {
    enum Outcome {
        case complete
        /// Reservations are unconfirmed or open, or the store could not be closed.
        case incomplete
    }

    private enum Step { case serving, draining, cutting, closing }

    private enum Event { case drained, cut, storeClosed, linesWritten }

    private let loop: EventLoop
    private let server: GatewayServer
    private let adminServer: AdminServer
    private let alerts: AlertDesk
    private let rooms: SharedRooms
    private let store: SQLiteStore
    private let logs: Logs
    private var step = Step.serving
    private var times = DrainTimes(begin: MonotonicInstant(nanoseconds: 0), timeout: .zero)
    private var isHurried = false
    private var sidesToDrain = 2
    private var isCut = false
    private var isStoreClosed = false
    private var isIncomplete = false
    private var timer: LoopTimer?
    /// Held here, so that the last reference is dropped on this loop and not on the thread that posts last.
    private var mailbox: Mailbox<Event>?

    init(
        loop: EventLoop,
        server: GatewayServer,
        adminServer: AdminServer,
        alerts: AlertDesk,
        rooms: SharedRooms,
        store: SQLiteStore,
        logs: Logs
    ) throws(EventLoop.Fault) {
        self.loop = loop
        self.server = server
        self.adminServer = adminServer
        self.alerts = alerts
        self.rooms = rooms
        self.store = store
        self.logs = logs
        timer = LoopTimer(loop: loop) { [unowned self] in timeIsUp() }
        // Made now: no descriptor may be left when the shutdown begins.
        mailbox = try Mailbox(loop: loop) { [unowned self] in receive($0) }
    }

    var hasBegun: Bool { step != .serving }

    /// The result for the exit status, valid once the loop has stopped.
    var outcome: Outcome { isIncomplete || !isStoreClosed ? .incomplete : .complete }

    /// The first signal starts the drain, another one hurries it.
    func signal(drainTimeout: Duration) {
        switch step {
        case .serving: drain(drainTimeout)
        case .draining, .cutting, .closing: hurry()
        }
    }

    // MARK: Draining

    private func drain(_ timeout: Duration) {
        step = .draining
        times = DrainTimes(begin: loop.now, timeout: timeout)
        ProcessLog.info("draining", [:])
        timer?.schedule(at: times.cutAt)
        guard let mailbox else { return }
        adminServer.drain { mailbox.post(.drained) }
        server.drain { mailbox.post(.drained) }
    }

    private func hurry() {
        let isFirst = !isHurried
        isHurried = true
        if isFirst { times.hurry(at: loop.now) }
        switch step {
        case .serving: preconditionFailure("hurry() before the end has begun")
        case .draining: cut(because: "second_signal")
        case .cutting: timer?.schedule(at: times.clientsUntil)
        // Once the store is closed, only the readers of the last lines are waited for.
        case .closing: if isStoreClosed { loop.stop() } else { timer?.schedule(at: times.end) }
        }
    }

    private func timeIsUp() {
        switch step {
        case .serving: break
        case .draining: cut(because: "drain_timeout")
        case .cutting:
            let isSafe = isCut && rooms.openReservations == 0
            if isSafe || loop.now >= times.end { close() } else { timer?.schedule(after: .milliseconds(20)) }
        case .closing: loop.stop()
        }
    }

    private func receive(_ event: Event) {
        switch event {
        case .drained:
            sidesToDrain -= 1
            if sidesToDrain == 0 { close() }
        case .cut: isCut = true
        case .storeClosed:
            isStoreClosed = true
            timer?.schedule(at: times.linesUntil(at: loop.now))
        case .linesWritten: loop.stop()
        }
    }

    // MARK: Cutting

    private func cut(because reason: String) {
        step = .cutting
        ProcessLog.warning("drain_cut", ["reason": reason])
        timer?.schedule(at: times.clientsUntil)
        guard let mailbox else { return }
        server.cut { mailbox.post(.cut) }
    }

    // MARK: Closing

    /// Everything acknowledged is already durable: this closes the store in order and writes the last lines.
    private func close() {
        guard step != .closing else { return }
        step = .closing
        let count = rooms.openReservations + rooms.cutReservations
        if count > 0 {
            isIncomplete = true
            let detail = "calls were under way, and what the vendor charged is not known: resolve them in the ledger"
            ProcessLog.error("drain_incomplete", ["reservations": String(count), "detail": detail])
        }
        adminServer.stop()
        alerts.stop()
        timer?.schedule(at: times.end)
        guard let mailbox else { return }
        let work: @Sendable () -> Void = { [store, logs] in
            store.close()
            ProcessLog.info("stopped", [:])
            mailbox.post(.storeClosed)
            logs.flush()
            mailbox.post(.linesWritten)
        }
        // Without a thread the store is closed on this one.
        if (try? SystemThread.start(name: "end", work)) == nil { work() }
    }
}
