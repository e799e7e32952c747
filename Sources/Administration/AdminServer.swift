import Cryptography
public import EventLoops
import HTTPMessages
import Observability
import Serving
public import Transport
public import Vocabulary

/// The HTTP side of the admin listener: its connections, who may call what, and the health checks.
///
/// Confined to one loop, the program's main loop; call `stop()` before releasing it. `ServerConnection` parses a
/// request, `admit` judges its head before a byte of the body is read, and the handler of its route answers.
public final class AdminServer {
    let loop: EventLoop
    private(set) var settings: AdminSettings
    let router: AdminRouter
    let hasher = SHA256Hasher()
    private let server: HTTPServer
    var replyWriter = AdminReplyWriter()
    private let readiness: AdminReadiness
    private var requestIDs = RequestIDGenerator()
    private var places = ConnectionPlaces()
    /// When the log last reported that strangers give way.
    private var crowdToldAt: MonotonicInstant?
    /// The number of requests whose handlers have not answered.
    private var underWay = 0
    private var onAnswered: (() -> Void)?
    private var onClosed: (() -> Void)?

    /// Whether a digest belongs to a secret that must not be logged. Tokens are checked separately.
    public var isSecret: (Digest) -> Bool = { _ in false }

    /// Called for each request once it is answered, for the log.
    public var onRequest: ((AdminRequestLine) -> Void)?

    /// The listening address, with the port chosen by the kernel if 0 was requested.
    public var address: SocketAddress { server.listener.localAddress }

    /// Binds, or takes an inherited socket; connections wait in the kernel until `start`.
    ///
    /// - Parameters:
    ///   - address: without effect when a socket was inherited.
    ///   - routes: all routes except `/healthz` and `/readyz`. Traps when they contradict each other.
    ///   - isReady: called for `/readyz`; answers once with the reason for not being ready, or nil.
    public init(
        loop: EventLoop,
        address: SocketAddress,
        inheriting socket: InheritedSocket? = nil,
        settings: AdminSettings,
        routes: [AdminRoute],
        isReady: @escaping (@escaping (AdminFault?) -> Void) -> Void
    ) throws(ListenFault) {
        self.loop = loop
        self.settings = settings
        readiness = AdminReadiness(isReady: isReady)
        router = AdminRouter(routes + readiness.routes)
        server = try HTTPServer(
            loop: loop,
            address: address,
            inheriting: socket,
            limits: Self.limits(settings)
        )
        server.listener.tls = settings.tls
    }

    private static func limits(_ settings: AdminSettings) -> ServingLimits {
        ServingLimits(
            headLimits: settings.headLimits,
            headerTimeout: settings.headerTimeout,
            bodyTimeout: settings.bodyTimeout,
            idleTimeout: settings.idleTimeout,
            strangerTimeout: settings.strangerTimeout,
            pipelinedBytesMax: pipelinedBytesMax
        )
    }

    /// The maximum number of unparsed bytes held for one connection while a request is being handled.
    private static let pipelinedBytesMax = 64 * 1024

    /// Starts accepting connections.
    public func start() {
        loop.preconditionInLoop()
        server.start { [unowned self] connection in welcome(connection) }
    }

    /// Replaces the settings, also for open connections.
    public func replace(_ settings: AdminSettings) {
        loop.preconditionInLoop()
        self.settings = settings
        server.limits = Self.limits(settings)
        server.listener.tls = settings.tls
    }

    /// Reports the gateway as not ready from now on. All else goes on as before.
    public func announceDrain() {
        loop.preconditionInLoop()
        readiness.isDraining = true
    }

    /// Reports the gateway as not ready from now on, and ends each connection after its next reply. New connections are
    /// still accepted, so that the drain can be observed.
    ///
    /// - Parameter then: called when no handler has a request left to answer, which may be at once.
    public func drain(then: @escaping () -> Void = {}) {
        loop.preconditionInLoop()
        readiness.isDraining = true
        server.isDraining = true
        onAnswered = then
        tellIfAnswered()
    }

    func handlerWasAsked() { underWay += 1 }

    func handlerAnswered() {
        underWay -= 1
        tellIfAnswered()
    }

    private func tellIfAnswered() {
        guard underWay == 0, let then = onAnswered else { return }
        onAnswered = nil
        then()
    }

    /// Closes the listener, ends idle connections now and the others after their next reply.
    ///
    /// - Parameter then: called when no connection is left, which may be at once. Not after `stop`.
    public func close(then: @escaping () -> Void) {
        loop.preconditionInLoop()
        onClosed = then
        server.drain()
        tellIfClosed()
    }

    private func tellIfClosed() {
        guard server.isEmpty, let then = onClosed else { return }
        onClosed = nil
        then()
    }

    /// Closes the listener and ends all connections; requests not answered yet stay unanswered.
    public func stop() {
        onClosed = nil
        server.stop()
    }

    private func welcome(_ connection: ServerConnection) -> AdminConnection {
        let client = AdminConnection(connection, server: self)
        places.enter(connection.identifier)
        makeRoom()
        if isOverfull { client.turnAway(.overloaded) }
        return client
    }

    // MARK: Places

    private var isOverfull: Bool {
        places.isOverfull(strangersMax: settings.strangersMax, connectionsMax: settings.connectionsMax)
    }

    private func makeRoom() {
        while let id = places.surplus(
            strangersMax: settings.strangersMax,
            connectionsMax: settings.connectionsMax,
            isBusy: { server.connection($0)?.isBusy ?? false }
        ) {
            guard let connection = server.connection(id) else { preconditionFailure("a place without a connection") }
            tellOfCrowd(connection.address)
            connection.giveWay()
        }
    }

    /// At most once a minute, so that clients who fill the places cannot also fill the log.
    private func tellOfCrowd(_ address: String) {
        if let crowdToldAt, loop.now < crowdToldAt + .seconds(60) { return }
        crowdToldAt = loop.now
        ProcessLog.warning("admin_strangers_give_way", ["address": address, "max": "\(settings.strangersMax)"])
    }

    /// The connection showed a good token.
    func didRecognise(_ connection: ServerConnection) {
        connection.isStranger = false
        places.recognise(connection.identifier)
    }

    /// The connection showed a token that is no longer good.
    func didForget(_ connection: ServerConnection) {
        connection.isStranger = true
        places.forget(connection.identifier)
    }

    /// The connection has ended, or is about to.
    func connectionDidEnd(_ connection: ServerConnection) {
        places.leave(connection.identifier, isStranger: connection.isStranger)
        tellIfClosed()
    }

    /// A path with secrets masked, for a log line.
    func masked(_ path: String) -> String {
        let mask = SecretMask { [unowned self] bytes in
            let digest = hasher.digest(bytes)
            return settings.tokens.contains { $0.digest == digest } || isSecret(digest)
        }
        return mask.masked(path)
    }

    func makeRequestID() -> RequestID { requestIDs.make() }
}
