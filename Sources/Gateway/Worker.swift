import Authentication
import Caching
import Coalescing
import Cryptography
import EventLoops
import HTTPMessages
import Keying
import Observability
import Transport
import Upstream
import Vocabulary

/// One thread's share of the gateway: a loop, a listener, its clients' connections and its connections to the vendor.
///
/// Confined to its loop. A connection lives and dies on one worker; what concerns several goes through `SharedRooms`
/// and comes back as a message. The tools (hasher, readers, writers) are lent to one request at a time, which never
/// spans two callbacks.
final class Worker {
    let index: Int
    let loop: EventLoop
    let rooms: SharedRooms
    private(set) var settings: GatewaySettings
    private var idleNanoseconds: Int64 = 0
    /// Who shows which key, under the settings of the moment.
    var callers: CallerTable
    /// Of secrets other than teams' keys, which must not stand in a log either.
    private(set) var hiddenDigests: Set<CacheKey> = []
    let upstream: UpstreamClient
    let listener: Listener
    /// Every worker's mailbox, this one's own included, by index. Set before the first connection is accepted.
    var mailboxes: [Mailbox<WorkerMessage>] = [] { didSet { usage.mailbox = mailboxes[index] } }

    let hasher = SHA256Hasher()
    let classifyReader = ClassifyReader()
    var replyWriter = ReplyWriter()
    var accessLine = AccessLine()
    var requestIDs = RequestIDGenerator()
    private var spareParsers: [ParserBox] = []

    private var connections: [UInt64: ClientConnection] = [:]
    private var handshakes = HandshakeQueue()
    private var leaders: [UInt64: FlightLeader] = [:]
    /// Those whose ending is not on disk.
    private var reservations: [UInt64: ReservationKeeper] = [:]
    let usage: UsageReporter
    private var nextIdentifier: UInt64 = 1
    private(set) var isDraining = false
    private var onDrained: (@Sendable () -> Void)?

    init(
        index: Int,
        loop: EventLoop,
        rooms: SharedRooms,
        settings: GatewaySettings,
        address: SocketAddress
    ) throws(GatewayServer.StartFault) {
        self.index = index
        self.loop = loop
        self.rooms = rooms
        self.settings = settings
        callers = rooms.callers(settings.teams)
        do throws(EventLoop.Fault) {
            upstream = try UpstreamClient(
                loop: loop,
                gate: rooms.gate,
                resolver: rooms.resolver,
                settings: settings.upstream,
                tls: settings.upstreamTLS,
                onKeyChange: { rooms.note($0) }
            )
        } catch {
            throw GatewayServer.StartFault(description: error.description)
        }
        usage = UsageReporter(loop: loop, rooms: rooms)
        // Last, since a listener is to be stopped before it is let go.
        do throws(ListenFault) {
            listener = try Listener(loop: loop, address: address, sharesPort: index > 0)
        } catch {
            throw GatewayServer.StartFault(description: "listen.address: \(error)")
        }
        apply(settings)
    }

    // MARK: Connections

    /// Accepts clients from now on.
    func start() {
        loop.preconditionInLoop()
        listener.start { [unowned self] stream in accept(stream) }
    }

    private func accept(_ stream: ByteStream) {
        let count = rooms.connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
        let connection = ClientConnection(identifier: takeIdentifier(), worker: self, stream: stream)
        connections[connection.identifier] = connection
        stream.delegate = connection
        if count > settings.connectionsMax { connection.refuse(.tooManyConnections) }
    }

    func connectionDidEnd(_ connection: ClientConnection) {
        guard connections.removeValue(forKey: connection.identifier) != nil else { return }
        rooms.connectionCount.wrappingSubtract(1, ordering: .relaxed)
        finishDrainIfIdle()
    }

    func takeIdentifier() -> UInt64 {
        defer { nextIdentifier += 1 }
        return nextIdentifier
    }

    func handshakeBegan(_ connection: ClientConnection) {
        handshakes.add(connection.identifier, at: loop.now, isUnfinished: isHandshaking)
    }

    /// Makes room for another handshake, if there is one that has been under way for long.
    func endOldestHandshake() {
        guard let identifier = handshakes.takeOldest(at: loop.now, isUnfinished: isHandshaking) else { return }
        connections[identifier]?.stream.abort()
    }

    private func isHandshaking(_ identifier: UInt64) -> Bool {
        connections[identifier]?.stream.isHandshaking == true
    }

    // MARK: Parsers

    /// A parser for a connection on which bytes of a request have come: an idle connection needs none.
    func takeParser() -> ParserBox {
        guard let box = spareParsers.popLast() else { return ParserBox(limits: settings.headLimits) }
        box.parser.replaceLimits(settings.headLimits)
        return box
    }

    func giveBack(_ box: ParserBox) {
        box.parser.reset()
        if spareParsers.count < 64 { spareParsers.append(box) }
    }

    // MARK: Flights

    func add(_ leader: FlightLeader) { leaders[leader.identifier] = leader }

    func leaderDidEnd(_ leader: FlightLeader) {
        leaders[leader.identifier] = nil
        finishDrainIfIdle()
    }

    func add(_ reservation: ReservationKeeper) { reservations[reservation.identifier] = reservation }

    func reservationDidEnd(_ reservation: ReservationKeeper) {
        reservations[reservation.identifier] = nil
        finishDrainIfIdle()
    }

    /// Lets a follower lead its flight, on whatever worker it is.
    func offer(_ permit: consuming FlightPermit<FlightTicket>, to ticket: FlightTicket) {
        loop.preconditionInLoop()
        mailboxes[ticket.worker].post(.lead(exchange: ticket.exchange, FlightOffer(permit)))
    }

    private func lead(_ exchange: UInt64, _ offered: FlightOffer) {
        if let connection = connections[exchange], connection.lead(offered) { return }
        // Its client has gone away: nobody spends for it, and the next one is asked.
        var permit = offered.take()
        if let next = permit.handOn(without: { _ in false }).next { offer(permit, to: next) }
    }

    /// Hands an outcome to everyone who waits for it, on whatever worker.
    func deliver(_ outcome: FlightOutcome, to tickets: [FlightTicket]) {
        loop.preconditionInLoop()
        var byWorker: [Int: [UInt64]] = [:]
        for ticket in tickets { byWorker[ticket.worker, default: []].append(ticket.exchange) }
        for (worker, exchanges) in byWorker where worker != index {
            mailboxes[worker].post(.outcome(outcome, exchanges: exchanges))
        }
        receive(outcome, for: byWorker[index] ?? [])
    }

    private func receive(_ outcome: FlightOutcome, for exchanges: [UInt64]) {
        // A client that has gone away is not found, and needs nothing.
        for exchange in exchanges { connections[exchange]?.receive(outcome) }
    }

    // MARK: Messages

    func receive(_ message: WorkerMessage) {
        loop.preconditionInLoop()
        switch message {
        case .outcome(let outcome, let exchanges): receive(outcome, for: exchanges)
        case .looked(let id, let result):
            if let leader = leaders[id] { leader.looked(result) } else { connections[id]?.looked(result) }
        case .lead(let exchange, let offer): lead(exchange, offer)
        case .reserved(let id, let answer): leaders[id]?.reserved(answer)
        case .moved(let id, let answer): reservations[id]?.moved(answer)
        case .ended(let id, let result): reservations[id]?.ended(result)
        case .usageAdded(let result): usage.added(result)
        case .checked(let id, let result): connections[id]?.checked(result)
        case .settings(let settings, let then):
            apply(settings)
            then()
        case .drain(let then): drain(then)
        case .cut(let then): cut(then)
        }
    }

    /// When a connection that waits for its next request from now on has waited long enough.
    var idleDeadline: MonotonicInstant {
        let (sum, overflow) = loop.now.nanoseconds.addingReportingOverflow(idleNanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? .max : sum)
    }

    private func apply(_ settings: GatewaySettings) {
        self.settings = settings
        idleNanoseconds = settings.idleTimeout.wholeNanoseconds
        callers = rooms.callers(settings.teams)
        hiddenDigests = settings.adminTokenDigests.union(settings.upstreamKeys.map(\.secretDigest))
        listener.tls = settings.listenerTLS
        listener.limits.writeTimeout = settings.bodyTimeout
        listener.descriptorReserve = DescriptorPlan.reserve(
            of: DescriptorLimit.current,
            vendorConnections: settings.upstream.gate.concurrencyMax
        )
        upstream.replace(settings: settings.upstream, tls: settings.upstreamTLS)
    }

    private func drain(_ then: @escaping @Sendable () -> Void) {
        onDrained = then
        guard !isDraining else { return finishDrainIfIdle() }
        isDraining = true
        listener.stop()
        for connection in Array(connections.values) { connection.drain() }
        upstream.drain()
        finishDrainIfIdle()
    }

    /// Follows a drain. Connections come first: their clients are told that the gateway drains, not what that does to the
    /// calls that they wait for.
    private func cut(_ then: @escaping @Sendable () -> Void) {
        for connection in Array(connections.values) { connection.cut() }
        upstream.cut()
        then()
    }

    /// The counts of the last second go last.
    private func finishDrainIfIdle() {
        guard isDraining, connections.isEmpty, leaders.isEmpty, reservations.isEmpty, let onDrained else { return }
        self.onDrained = nil
        upstream.closeIdle()
        usage.finish(then: onDrained)
    }
}

/// A request parser on loan to one connection.
final class ParserBox {
    var parser: RequestParser

    init(limits: HeadLimits) { parser = RequestParser(limits: limits) }
}
