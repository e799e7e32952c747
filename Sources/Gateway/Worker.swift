import Authentication
import Caching
import Coalescing
import Cryptography
import EventLoops
import HTTPMessages
import Keying
import Observability
import Serving
import Transport
import Upstream
import Vocabulary

/// One thread's share of the gateway: a loop, a listener, its clients' connections and its connections to the vendor.
///
/// Confined to its loop. A connection stays on one worker; work that involves several workers goes through
/// `SharedRooms` and comes back as a message. The tools (hasher, readers, writers) are lent to one request at a time,
/// and never beyond one callback.
final class Worker {
    let index: Int
    let loop: EventLoop
    let rooms: SharedRooms
    private(set) var settings: GatewaySettings
    /// Finds callers by their keys, under the current settings.
    var callers: CallerTable
    /// Digests of the other secrets, besides teams' keys, that no log line may contain.
    private(set) var hiddenDigests: Set<Digest> = []
    /// Paths without any of these secrets, and without a team's key.
    var plainPaths: PlainPaths
    let upstream: UpstreamClient
    /// The server for clients.
    let server: HTTPServer
    /// The mailboxes of all workers by index, including this one's. Set before the first connection is accepted.
    var mailboxes: [Mailbox<WorkerMessage>] = [] { didSet { usage.mailbox = mailboxes[index] } }

    let hasher = SHA256Hasher()
    let schemas = SchemaMemory()
    let classifyReader = ClassifyReader()
    var replyWriter = ReplyWriter()
    var accessLine = AccessLine()
    var requestIDs = RequestIDGenerator()
    /// The last requests.
    let trail = RequestTrail()
    /// What is counted for operators.
    let metrics: WorkerMetrics
    private let lag: LoopLag
    /// Which hits have a line in the access log.
    private var sample = LogSample()
    /// Reused for one request after another, as long as none of them waits.
    private var spareExchange: Exchange?

    /// The waiting exchanges, by number.
    private var exchanges: [UInt64: Exchange] = [:]
    private var leaders: [UInt64: FlightLeader] = [:]
    private var passages: [UInt64: Passage] = [:]
    /// The reservations whose ending is not on disk.
    private var reservations: [UInt64: ReservationKeeper] = [:]
    let usage: UsageReporter
    /// The number of questions for a team's usage that the store has not answered.
    var usageReads = 0
    private var nextIdentifier: UInt64 = 1
    private var onDrained: (@Sendable () -> Void)?
    /// Whether load balancers are told to send requests elsewhere.
    private(set) var isLeaving = false
    /// Whether nothing new is sent to the vendor.
    private(set) var isDraining = false
    /// How long requests that have arrived before a drain, or arrive on a new connection, may still be sent.
    private static let sendingPatience = Duration.seconds(1)
    private var drainTimer: LoopTimer?

    init(
        index: Int,
        loop: EventLoop,
        rooms: SharedRooms,
        settings: GatewaySettings,
        address: SocketAddress,
        socket: InheritedSocket?
    ) throws(GatewayServer.StartFault) {
        self.index = index
        self.loop = loop
        self.rooms = rooms
        self.settings = settings
        do throws(EventLoop.Fault) {
            upstream = try UpstreamClient(
                loop: loop,
                gate: rooms.gate,
                resolver: rooms.resolver,
                settings: settings.upstream,
                tls: settings.upstreamTLS,
                standing: rooms.standing,
                onKeyChange: { rooms.note($0) }
            )
        } catch {
            throw GatewayServer.StartFault(description: error.description)
        }
        metrics = rooms.metrics.addWorker(index, upstream.metrics)
        lag = LoopLag(loop: loop, metrics.loopLag)
        callers = rooms.callers(settings.teams, trail, metrics)
        plainPaths = rooms.plainPaths()
        usage = UsageReporter(loop: loop, rooms: rooms)
        // Last, since a listener must be stopped before it is released.
        do throws(ListenFault) {
            server = try HTTPServer(
                loop: loop,
                address: address,
                sharesPort: index > 0,
                inheriting: socket,
                limits: Self.limits(settings),
                budget: rooms.clientBytes
            )
        } catch {
            throw GatewayServer.StartFault(description: "listen.address: \(error)")
        }
        apply(settings)
    }

    // MARK: Connections

    /// Starts accepting clients.
    func start() {
        loop.preconditionInLoop()
        server.start { [unowned self] connection in welcome(connection) }
    }

    private func welcome(_ connection: ServerConnection) -> ClientConnection {
        let client = ClientConnection(connection, worker: self)
        let count = rooms.connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
        if count > settings.connectionsMax { client.turnAway(.tooManyConnections) }
        return client
    }

    func clientDidLeave() {
        rooms.connectionCount.wrappingSubtract(1, ordering: .relaxed)
        finishDrainIfIdle()
    }

    // MARK: Exchanges

    func takeExchange() -> Exchange { spareExchange.take() ?? Exchange(worker: self) }

    /// Takes back an exchange whose request was answered without waiting.
    func giveBack(_ exchange: Exchange) { spareExchange = exchange }

    /// Whether the hit that is answered now has a line in the access log; asked once for each.
    @inline(__always)
    func logsNextHit() -> Bool {
        settings.accessSample == LogSample.all || sample.takesNext(ofMillion: settings.accessSample)
    }

    /// Registers an exchange and returns its number.
    func enter(_ exchange: Exchange) -> UInt64 {
        let identifier = takeIdentifier()
        exchanges[identifier] = exchange
        return identifier
    }

    func forget(_ identifier: UInt64) { exchanges[identifier] = nil }

    /// A new number for a leader, an exchange or a reservation keeper.
    func takeIdentifier() -> UInt64 {
        defer { nextIdentifier += 1 }
        return nextIdentifier
    }

    // MARK: Flights

    func add(_ leader: FlightLeader) { leaders[leader.identifier] = leader }

    func leaderDidEnd(_ leader: FlightLeader) {
        leaders[leader.identifier] = nil
        finishDrainIfIdle()
    }

    func add(_ passage: Passage) { passages[passage.identifier] = passage }

    func passageDidEnd(_ passage: Passage) {
        passages[passage.identifier] = nil
        finishDrainIfIdle()
    }

    func add(_ reservation: ReservationKeeper) { reservations[reservation.identifier] = reservation }

    func reservationDidEnd(_ reservation: ReservationKeeper) {
        reservations[reservation.identifier] = nil
        finishDrainIfIdle()
    }

    /// Lets a follower lead its flight, on the follower's worker.
    func offer(_ permit: consuming FlightPermit<FlightTicket>, to ticket: FlightTicket) {
        loop.preconditionInLoop()
        mailboxes[ticket.worker].post(.lead(exchange: ticket.exchange, FlightOffer(permit)))
    }

    private func lead(_ exchange: UInt64, _ offered: FlightOffer) {
        if let waiting = exchanges[exchange], waiting.lead(offered) { return }
        // Its client has left: nothing is spent for it, and the next follower leads.
        var permit = offered.take()
        if let next = permit.handOn(without: { _ in false }).next { offer(permit, to: next) }
    }

    /// Delivers an outcome to all requests of its flight, on their workers.
    func deliver(_ outcome: FlightOutcome, to tickets: [FlightTicket]) {
        loop.preconditionInLoop()
        var byWorker: [Int: [UInt64]] = [:]
        for ticket in tickets { byWorker[ticket.worker, default: []].append(ticket.exchange) }
        for (worker, exchanges) in byWorker where worker != index {
            mailboxes[worker].post(.outcome(outcome, exchanges: exchanges))
        }
        receive(outcome, for: byWorker[index] ?? [])
    }

    private func receive(_ outcome: FlightOutcome, for waiting: [UInt64]) {
        // The exchange of a client that has left is not found, and needs nothing.
        for identifier in waiting { exchanges[identifier]?.receive(outcome) }
    }

    // MARK: Messages

    func receive(_ message: WorkerMessage) {
        loop.preconditionInLoop()
        switch message {
        case .outcome(let outcome, let exchanges): receive(outcome, for: exchanges)
        case .looked(let id, let result):
            if let leader = leaders[id] { leader.looked(result) } else { exchanges[id]?.looked(result) }
        case .lead(let exchange, let offer): lead(exchange, offer)
        case .reserved(let id, let answer):
            if let leader = leaders[id] { leader.reserved(answer) } else { passages[id]?.reserved(answer) }
        case .landed(let id, let answer): leaders[id]?.landed(answer)
        case .dropped(let id, let result): passages[id]?.dropped(result)
        case .classifierChangeBegun(let id, let result): passages[id]?.classifierChangeBegun(result)
        case .moved(let id, let answer): reservations[id]?.moved(answer)
        case .ended(let id, let result): reservations[id]?.ended(result)
        case .usageAdded(let result): usage.added(result)
        case .checked(let id, let result): exchanges[id]?.checked(result)
        case .usageRead(let id, let result):
            usageReads -= 1
            exchanges[id]?.usageRead(result)
        case .reportUsage(let then): usage.flush(then: then)
        case .settings(let settings, let then):
            apply(settings)
            then()
        case .recentRequests(let then): then(trail.requests(ofWorker: index))
        case .ping(let then): then()
        case .announceDrain: isLeaving = true
        case .drain(let then): drain(then)
        case .cut(let then): cut(then)
        }
    }

    private static func limits(_ settings: GatewaySettings) -> ServingLimits {
        ServingLimits(
            headLimits: settings.headLimits,
            headerTimeout: settings.headerTimeout,
            bodyTimeout: settings.bodyTimeout,
            idleTimeout: settings.idleTimeout
        )
    }

    private func apply(_ settings: GatewaySettings) {
        self.settings = settings
        server.limits = Self.limits(settings)
        callers = rooms.callers(settings.teams, trail, metrics)
        plainPaths = rooms.plainPaths()
        hiddenDigests = settings.adminTokenDigests.union(settings.upstreamKeys.map(\.secretDigest))
        server.listener.tls = settings.listenerTLS
        server.listener.descriptorReserve = DescriptorPlan.reserve(
            of: DescriptorLimit.current,
            vendorConnections: settings.upstream.gate.concurrencyMax
        )
        upstream.replace(settings: settings.upstream, tls: settings.upstreamTLS)
    }

    private func drain(_ then: @escaping @Sendable () -> Void) {
        onDrained = then
        guard !server.isDraining else { return finishDrainIfIdle() }
        isLeaving = true
        server.drain()
        let timer = LoopTimer(loop: loop) { [unowned self] in sendNothingNew() }
        timer.schedule(after: Self.sendingPatience)
        drainTimer = timer
        finishDrainIfIdle()
    }

    /// What waits for the store or in the queue for a key is refused from now on.
    private func sendNothingNew() {
        guard !isDraining else { return }
        isDraining = true
        upstream.drain()
        finishDrainIfIdle()
    }

    /// Cuts a drain short. Connections come first, so that clients are told that the gateway is draining, not how their
    /// calls ended.
    private func cut(_ then: @escaping @Sendable () -> Void) {
        isDraining = true
        server.cut()
        upstream.cut()
        then()
    }

    /// Finishes the drain once nothing is left; the last usage report is sent last.
    private func finishDrainIfIdle() {
        guard server.isDraining, server.isEmpty, leaders.isEmpty, passages.isEmpty, reservations.isEmpty, let onDrained
        else {
            return
        }
        self.onDrained = nil
        drainTimer = nil
        upstream.closeIdle()
        usage.finish(then: onDrained)
    }
}
