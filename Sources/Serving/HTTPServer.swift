public import EventLoops
import HTTPMessages
public import Transport
import Vocabulary

/// The server side of HTTP on one loop: a listener and its connections, each with a handler that answers it.
///
/// Confined to its loop; its listener must be stopped before it is released. The path of a request: `Listener` accepts
/// the connection, `ServerConnection` finds head and body in the bytes, the connection's `RequestHandler` answers.
public final class HTTPServer {
    public let loop: EventLoop
    public let listener: Listener
    /// The limits, which a reload may change. They apply from the next request on, on open connections too.
    public var limits: ServingLimits { didSet { apply() } }
    /// Each connection ends after its next reply.
    public var isDraining = false
    /// The memory budget of all clients; nil for a server that bounds only the number of connections.
    let budget: ByteBudget?
    private var connections: [UInt64: ServerConnection] = [:]
    private var nextIdentifier: UInt64 = 1
    private var handshakes = HandshakeQueue()
    private var parsers = ParserPool()
    private var idleNanoseconds: Int64 = 0
    /// How long a drain waits for the first request of a connection: its client has just connected, and is about to
    /// send.
    private static let firstRequestPatience = Duration.seconds(1)

    /// Binds and listens, or takes a socket that was inherited; connections wait in the kernel until `start`.
    ///
    /// - Parameters:
    ///   - address: without effect when a socket was inherited.
    ///   - sharesPort: true for every server but the first of one process on one address.
    public init(
        loop: EventLoop,
        address: SocketAddress,
        sharesPort: Bool = false,
        inheriting socket: InheritedSocket? = nil,
        limits: ServingLimits,
        budget: ByteBudget? = nil
    ) throws(ListenFault) {
        self.loop = loop
        self.limits = limits
        self.budget = budget
        if let socket {
            listener = try Listener(loop: loop, inheriting: socket)
        } else {
            listener = try Listener(loop: loop, address: address, sharesPort: sharesPort)
        }
        apply()
    }

    private func apply() {
        listener.limits.writeTimeout = limits.bodyTimeout
        idleNanoseconds = limits.idleTimeout.wholeNanoseconds
    }

    /// Accepts connections from now on.
    ///
    /// - Parameter welcome: makes the handler of a new connection; it may turn the connection away.
    public func start(_ welcome: @escaping (ServerConnection) -> any RequestHandler) {
        loop.preconditionInLoop()
        listener.start { [unowned self] stream in accept(stream, welcome) }
    }

    private func accept(_ stream: ByteStream, _ welcome: (ServerConnection) -> any RequestHandler) {
        let connection = ServerConnection(identifier: nextIdentifier, server: self, stream: stream)
        nextIdentifier += 1
        connections[connection.identifier] = connection
        stream.delegate = connection
        connection.handler = welcome(connection)
    }

    // MARK: Connections

    public var isEmpty: Bool { connections.isEmpty }

    public func connection(_ identifier: UInt64) -> ServerConnection? { connections[identifier] }

    /// Closes the listener, ends idle connections now and the others after their next reply. A connection that has sent
    /// no request yet has a second for one.
    public func drain() {
        loop.preconditionInLoop()
        isDraining = true
        listener.stop()
        idleNanoseconds = min(idleNanoseconds, Self.firstRequestPatience.wholeNanoseconds)
        for connection in Array(connections.values) { connection.drain() }
    }

    /// Answers the requests under way with `RequestFault.draining`.
    public func cut() {
        loop.preconditionInLoop()
        for connection in Array(connections.values) { connection.cut() }
    }

    /// Closes the listener and ends all connections; requests under way get no answer.
    public func stop() {
        loop.preconditionInLoop()
        listener.stop()
        for connection in Array(connections.values) { connection.end() }
    }

    /// Returns false if the connection was removed before.
    func remove(_ connection: ServerConnection) -> Bool {
        connections.removeValue(forKey: connection.identifier) != nil
    }

    // MARK: Handshakes

    func handshakeBegan(_ connection: ServerConnection) {
        handshakes.add(connection.identifier, at: loop.now, isUnfinished: isHandshaking)
    }

    /// Makes room for another handshake by ending the oldest, if that is old enough.
    func endOldestHandshake() {
        guard let identifier = handshakes.takeOldest(at: loop.now, isUnfinished: isHandshaking) else { return }
        connections[identifier]?.abort()
    }

    private func isHandshaking(_ identifier: UInt64) -> Bool { connections[identifier]?.isHandshaking == true }

    // MARK: Parsers

    func takeParser(for connection: ServerConnection) -> ParserBox {
        parsers.take(for: connection.identifier, limits.headLimits)
    }

    func giveBack(_ box: ParserBox, from connection: ServerConnection) {
        parsers.giveBack(box, from: connection.identifier)
    }

    /// The deadline of a connection that becomes idle now.
    var idleDeadline: MonotonicInstant {
        let (sum, overflow) = loop.now.nanoseconds.addingReportingOverflow(idleNanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? .max : sum)
    }
}
