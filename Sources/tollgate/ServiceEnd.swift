import Administration
import EventLoops
import Gateway
import Observability
import Storage
import Supervision
import Vocabulary

/// The shutdown of a gateway: leaving, for `drain_delay` → draining → cutting, if the drain does not finish by itself →
/// parting from operators → closing.
///
/// Confined to the main loop, which runs until the end: no call here blocks, so another signal is always handled. While
/// it is leaving, `/readyz` says so and all else goes on, so that load balancers send no more before the listener
/// closes. Both sides drain: the workers finish their clients' requests, the admin side the change in progress. The
/// last part of `drain_timeout` is reserved for cutting off the remaining clients, and a second signal starts it at
/// once: clients are answered, and the ledger learns the outcome of each reservation. A separate thread closes the
/// store and writes the last lines, since a disk or a reader may hang. When the time is up, the process ends
/// regardless.
final class ServiceEnd {
    enum Outcome {
        case complete
        /// The ledger lacks the end of reservations, or the store could not be closed.
        case incomplete
        /// The process has lost its seat among the nodes, and is to begin anew.
        case seatLost
    }

    private enum Step { case serving, leaving, draining, cutting, parting, closing }

    private enum Event { case drained, cut, parted, storeClosed, linesWritten }

    /// How long operators' requests under way, and connections that have just come, are waited for at the very end.
    private static let partingPatience = Duration.seconds(1)

    private let loop: EventLoop
    private let server: GatewayServer
    private let adminServer: AdminServer
    private let alerts: AlertDesk
    private let rooms: SharedRooms
    private let store: Store
    private let logs: Logs
    private let supervisor: Supervisor
    private var drainTimeout = Duration.zero
    private var step = Step.serving
    private var times = DrainTimes(begin: MonotonicInstant(nanoseconds: 0), timeout: .zero)
    private var isHurried = false
    private var sidesToDrain = 2
    private var isCut = false
    private var isStoreClosed = false
    private var isIncomplete = false
    /// Without a seat, and nobody has asked for the end.
    private var beginsAnew = false
    private var timer: LoopTimer?
    /// Held here, so that the last reference is dropped on this loop and not on the thread that posts last.
    private var mailbox: Mailbox<Event>?

    init(
        loop: EventLoop,
        server: GatewayServer,
        adminServer: AdminServer,
        alerts: AlertDesk,
        rooms: SharedRooms,
        store: Store,
        logs: Logs,
        supervisor: Supervisor
    ) throws(EventLoop.Fault) {
        self.loop = loop
        self.server = server
        self.adminServer = adminServer
        self.alerts = alerts
        self.rooms = rooms
        self.store = store
        self.logs = logs
        self.supervisor = supervisor
        timer = LoopTimer(loop: loop) { [unowned self] in timeIsUp() }
        // Made now: no descriptor may be left when the shutdown begins.
        mailbox = try Mailbox(loop: loop) { [unowned self] in receive($0) }
    }

    var hasBegun: Bool { step != .serving }

    /// The result for the exit status, valid once the loop has stopped.
    var outcome: Outcome {
        if beginsAnew { return .seatLost }
        return isIncomplete || !isStoreClosed ? .incomplete : .complete
    }

    /// The first signal starts the end; another one skips what is left of `drain_delay`, and hurries the drain.
    func signal(drainDelay: Duration, drainTimeout: Duration) {
        beginsAnew = false
        switch step {
        case .serving:
            self.drainTimeout = drainTimeout
            let times = DrainTimes(begin: loop.now + drainDelay, timeout: drainTimeout)
            supervisor.tellStopping("Draining", within: times.longest - loop.now)
            if drainDelay > .zero { leave(drainDelay) } else { drain() }
        case .leaving: drain()
        case .draining, .cutting, .parting, .closing: hurry()
        }
    }

    /// Drains without a delay, since nothing that comes could be served. Before the end has begun.
    func loseSeat(drainTimeout: Duration) {
        precondition(!hasBegun, "loseSeat() after the end has begun")
        beginsAnew = true
        self.drainTimeout = drainTimeout
        drain()
    }

    // MARK: Leaving

    private func leave(_ delay: Duration) {
        step = .leaving
        ProcessLog.info("leaving", ["drain_delay_ms": String(delay.wholeNanoseconds / 1_000_000)])
        timer?.schedule(after: delay)
        adminServer.announceDrain()
        server.announceDrain()
    }

    // MARK: Draining

    private func drain() {
        step = .draining
        times = DrainTimes(begin: loop.now, timeout: drainTimeout)
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
        case .serving, .leaving: preconditionFailure("hurry() before the drain has begun")
        case .draining: cut(because: "second_signal")
        case .cutting: timer?.schedule(at: times.clientsUntil)
        case .parting: close()
        // Once the store is closed, only the readers of the last lines are waited for.
        case .closing: if isStoreClosed { loop.stop() } else { timer?.schedule(at: times.end) }
        }
    }

    private func timeIsUp() {
        switch step {
        case .serving: break
        case .leaving: drain()
        case .draining: cut(because: "drain_timeout")
        case .cutting:
            let isSafe = isCut && rooms.openReservations == 0
            if isSafe || loop.now >= times.end { part() } else { timer?.schedule(after: .milliseconds(20)) }
        case .parting: close()
        case .closing: loop.stop()
        }
    }

    private func receive(_ event: Event) {
        switch event {
        case .drained:
            sidesToDrain -= 1
            if sidesToDrain == 0 { part() }
        case .cut: isCut = true
        case .parted: if step == .parting { close() }
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

    // MARK: Parting

    /// The clients are gone. The admin listener was open until now, so that the drain could be watched.
    private func part() {
        guard step == .draining || step == .cutting else { return }
        step = .parting
        timer?.schedule(at: min(loop.now + Self.partingPatience, max(times.end, loop.now)))
        guard let mailbox else { return }
        adminServer.close { mailbox.post(.parted) }
    }

    // MARK: Closing

    /// Everything acknowledged is already durable: this closes the store in order and writes the last lines.
    private func close() {
        guard step != .closing else { return }
        step = .closing
        // The store answers nobody once it is closed.
        supervisor.watch([server.ping])
        let count = rooms.openReservations + rooms.cutReservations
        if count > 0 {
            // What was cut off is in the ledger; what is still open is not, and the next start makes it unconfirmed.
            isIncomplete = rooms.openReservations > 0
            let detail = "calls were under way, and what the vendor charged is not known: resolve them in the ledger"
            ProcessLog.error("drain_incomplete", ["reservations": String(count), "detail": detail])
        }
        adminServer.stop()
        alerts.stop()
        timer?.schedule(at: times.end)
        guard let mailbox else { return }
        let work: @Sendable () -> Void = { [store, logs, beginsAnew] in
            store.close()
            ProcessLog.info(beginsAnew ? "beginning_anew" : "stopped", [:])
            mailbox.post(.storeClosed)
            logs.flush()
            mailbox.post(.linesWritten)
        }
        // Without a thread the store is closed on this one.
        if (try? SystemThread.start(name: "end", work)) == nil { work() }
    }
}
