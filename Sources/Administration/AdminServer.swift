import Cryptography
public import EventLoops
import HTTPMessages
import Observability
import Serving
public import Transport
public import Vocabulary

/// The HTTP side of the admin listener: its connections, who may call what, and the health checks.
///
/// Confined to one loop, that of the program; `stop()` comes before it is let go. A request's way: `ServerConnection`
/// finds it in the bytes, `admit` judges its head before a byte of the body is read, and the handler of its route answers.
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
    /// When the log was told last that strangers give way.
    private var crowdToldAt: MonotonicInstant?
    /// Requests that their handlers have not answered.
    private var underWay = 0
    private var onAnswered: (() -> Void)?

    /// Whether a digest is that of a secret which no log may have; tokens are known without it.
    public var isSecret: (Digest) -> Bool = { _ in false }

    /// Told of each request when it was answered, for the log.
    public var onRequest: ((AdminRequestLine) -> Void)?

    /// Where it listens, with the port that the kernel chose when 0 was asked for.
    public var address: SocketAddress { server.listener.localAddress }

    /// Binds; connections wait in the kernel until `start`.
    ///
    /// - Parameters:
    ///   - routes: all but `/healthz` and `/readyz`; trapped on when they contradict each other.
    ///   - isReady: asked for `/readyz`, and answers once with what stands against serving, if anything does.
    public init(
        loop: EventLoop,
        address: SocketAddress,
        settings: AdminSettings,
        routes: [AdminRoute],
        isReady: @escaping (@escaping (AdminFault?) -> Void) -> Void
    ) throws(ListenFault) {
        self.loop = loop
        self.settings = settings
        readiness = AdminReadiness(isReady: isReady)
        router = AdminRouter(routes + readiness.routes)
        server = try HTTPServer(loop: loop, address: address, limits: Self.limits(settings))
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

    /// What waits unparsed on one connection while a request is in work.
    private static let pipelinedBytesMax = 64 * 1024

    /// Accepts connections from now on.
    public func start() {
        loop.preconditionInLoop()
        server.start { [unowned self] connection in welcome(connection) }
    }

    /// What requests are judged by from now on, also on connections that are open.
    public func replace(_ settings: AdminSettings) {
        loop.preconditionInLoop()
        self.settings = settings
        server.limits = Self.limits(settings)
    }

    /// Says from now on that the gateway is not ready, and ends each connection after its next reply. New ones are
    /// accepted still, so that the drain can be watched.
    ///
    /// - Parameter then: called when every request that a handler has is answered, which may be at once.
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

    /// Closes the listener and ends all connections; what was not answered by now is not.
    public func stop() { server.stop() }

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

    /// Once a minute at most: those who fill the places would fill the log too.
    private func tellOfCrowd(_ address: String) {
        if let crowdToldAt, loop.now < crowdToldAt + .seconds(60) { return }
        crowdToldAt = loop.now
        ProcessLog.warning("admin_strangers_give_way", ["address": address, "max": "\(settings.strangersMax)"])
    }

    /// A connection has shown a good token.
    func didRecognise(_ connection: ServerConnection) {
        connection.isStranger = false
        places.recognise(connection.identifier)
    }

    /// A connection has shown one that is not good any more.
    func didForget(_ connection: ServerConnection) {
        connection.isStranger = true
        places.forget(connection.identifier)
    }

    /// The connection is gone, or is about to be.
    func connectionDidEnd(_ connection: ServerConnection) {
        places.leave(connection.identifier, isStranger: connection.isStranger)
    }

    /// A path as a log line may have it.
    func masked(_ path: String) -> String {
        let mask = SecretMask { [unowned self] bytes in
            let digest = hasher.digest(bytes)
            return settings.tokens.contains { $0.digest == digest } || isSecret(digest)
        }
        return mask.masked(path)
    }

    func makeRequestID() -> RequestID { requestIDs.make() }
}
