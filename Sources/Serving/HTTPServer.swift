public import EventLoops
import HTTPMessages
public import Transport
import Vocabulary

/// The server side of HTTP on one loop: a listener and its connections, each with a handler that answers it.
///
/// Confined to its loop; `stop` or `close` of its listener comes before it is let go. The way of a request: `Listener`
/// accepts, `ServerConnection` finds its head and body in the bytes, the connection's `RequestHandler` answers.
public final class HTTPServer {
    public let loop: EventLoop
    public let listener: Listener
    /// What a reload may change; holds from the next request on, also on open connections.
    public var limits: ServingLimits { didSet { apply() } }
    /// Each connection ends after its next reply.
    public var isDraining = false
    /// The memory of all clients; nil for a server that bounds the number of connections alone.
    let budget: ByteBudget?
    private var connections: [UInt64: ServerConnection] = [:]
    private var nextIdentifier: UInt64 = 1
    private var handshakes = HandshakeQueue()
    /// Lent to the connection that parses: one that is idle needs no parser.
    private var spareParser: ParserBox?
    private var idleNanoseconds: Int64 = 0

    /// Binds; connections wait in the kernel until `start`.
    ///
    /// - Parameter sharesPort: true for the second and further servers of one process on one address.
    public init(
        loop: EventLoop,
        address: SocketAddress,
        sharesPort: Bool = false,
        limits: ServingLimits,
        budget: ByteBudget? = nil
    ) throws(ListenFault) {
        self.loop = loop
        self.limits = limits
        self.budget = budget
        listener = try Listener(loop: loop, address: address, sharesPort: sharesPort)
        apply()
    }

    private func apply() {
        listener.limits.writeTimeout = limits.bodyTimeout
        idleNanoseconds = limits.idleTimeout.wholeNanoseconds
    }

    /// Accepts connections from now on.
    ///
    /// - Parameter welcome: makes the handler of a connection, which it may turn away.
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

    /// Closes the listener, ends idle connections, and the others after their next reply.
    public func drain() {
        loop.preconditionInLoop()
        isDraining = true
        listener.stop()
        for connection in Array(connections.values) { connection.drain() }
    }

    /// Answers what is under way with `RequestFault.draining`.
    public func cut() {
        loop.preconditionInLoop()
        for connection in Array(connections.values) { connection.cut() }
    }

    /// Closes the listener and ends all connections; what was not answered by now is not.
    public func stop() {
        loop.preconditionInLoop()
        listener.stop()
        for connection in Array(connections.values) { connection.end() }
    }

    /// False for one that was removed before.
    func remove(_ connection: ServerConnection) -> Bool {
        connections.removeValue(forKey: connection.identifier) != nil
    }

    // MARK: Handshakes

    func handshakeBegan(_ connection: ServerConnection) {
        handshakes.add(connection.identifier, at: loop.now, isUnfinished: isHandshaking)
    }

    /// Makes room for another handshake, if there is one that has been under way for long.
    func endOldestHandshake() {
        guard let identifier = handshakes.takeOldest(at: loop.now, isUnfinished: isHandshaking) else { return }
        connections[identifier]?.abort()
    }

    private func isHandshaking(_ identifier: UInt64) -> Bool { connections[identifier]?.isHandshaking == true }

    // MARK: What connections are lent

    func takeParser() -> ParserBox {
        guard let box = spareParser.take() else { return ParserBox(limits: limits.headLimits) }
        box.parser.replaceLimits(limits.headLimits)
        return box
    }

    func giveBack(_ box: ParserBox) {
        box.parser.reset()
        spareParser = box
    }

    /// When a connection that waits for its next request from now on has waited long enough.
    var idleDeadline: MonotonicInstant {
        let (sum, overflow) = loop.now.nanoseconds.addingReportingOverflow(idleNanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? .max : sum)
    }
}

/// A request parser on loan to one connection.
final class ParserBox {
    var parser: RequestParser

    init(limits: HeadLimits) { parser = RequestParser(limits: limits) }
}
