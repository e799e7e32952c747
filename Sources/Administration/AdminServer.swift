import Cryptography
public import EventLoops
import HTTPMessages
import Observability
public import Transport
import Vocabulary

/// The HTTP side of the admin listener: its connections, who may call what, and the health checks.
///
/// Confined to one loop, that of the program; `stop()` comes before it is let go. A request's way: `AdminConnection` cuts
/// it out of the bytes, `admit` judges its head before a byte of the body is read, and the handler of its route answers.
public final class AdminServer {
    let loop: EventLoop
    private(set) var settings: AdminSettings
    let router: AdminRouter
    let hasher = SHA256Hasher()
    private let listener: Listener
    private let readiness: AdminReadiness
    private var requestIDs = RequestIDGenerator()
    private var connections: [ObjectIdentifier: AdminConnection] = [:]
    /// Requests that their handlers have not answered.
    private var underWay = 0
    private var onAnswered: (() -> Void)?

    /// Told of each request when it was answered, for the log.
    public var onRequest: ((AdminRequestLine) -> Void)?

    /// Where it listens, with the port that the kernel chose when 0 was asked for.
    public var address: SocketAddress { listener.localAddress }

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
        listener = try Listener(loop: loop, address: address, sharesPort: false)
        listener.limits.writeTimeout = settings.bodyTimeout
    }

    /// Accepts connections from now on.
    public func start() {
        loop.preconditionInLoop()
        listener.start { [unowned self] stream in accept(stream) }
    }

    /// What requests are judged by from now on, also on connections that are open.
    public func replace(_ settings: AdminSettings) {
        loop.preconditionInLoop()
        self.settings = settings
        listener.limits.writeTimeout = settings.bodyTimeout
    }

    /// Whether the program is about to end.
    var isDraining: Bool { readiness.isDraining }

    /// Says from now on that the gateway is not ready, and ends each connection after its next reply. New ones are
    /// accepted still, so that the drain can be watched.
    ///
    /// - Parameter then: called when every request that a handler has is answered, which may be at once.
    public func drain(then: @escaping () -> Void = {}) {
        loop.preconditionInLoop()
        readiness.isDraining = true
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
    public func stop() {
        loop.preconditionInLoop()
        listener.stop()
        for connection in Array(connections.values) { connection.end() }
    }

    private func accept(_ stream: ByteStream) {
        let connection = AdminConnection(server: self, stream: stream)
        connections[ObjectIdentifier(connection)] = connection
        stream.delegate = connection
        if connections.count > settings.connectionsMax { connection.refuse(.overloaded) }
    }

    func connectionDidEnd(_ connection: AdminConnection) {
        connections.removeValue(forKey: ObjectIdentifier(connection))
    }

    func makeRequestID() -> RequestID { requestIDs.make() }
}
