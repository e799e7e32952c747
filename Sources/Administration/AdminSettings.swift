public import HTTPMessages
public import Transport

/// The settings of the admin listener that a reload may change, read once per request. Immutable; replaced whole.
public struct AdminSettings: Sendable {
    public var tokens: [AdminToken]
    /// For connections that are accepted from now on; nil for a listener without TLS.
    public var tls: TLSServerContext?
    /// The names in `Host` that are answered.
    public var hosts: AdminHosts
    public var headLimits: HeadLimits
    /// The longest body of a request that showed a token, in bytes of content.
    public var bodyBytesMax: Int
    /// The maximum number of connections, at least 1.
    public var connectionsMax: Int
    /// The maximum number of connections that showed no good token, at least 1. More than the listener accepts in two
    /// passes of the loop, so a head that arrives with its connection is read before the connection must give way.
    public var strangersMax: Int
    /// The time from accept or the last reply to the end of the next request, while the connection has shown no good
    /// token. Nothing that the client sends extends it.
    public var strangerTimeout: Duration
    /// The time from the first byte of a head to its last; a slow sender does not extend it.
    public var headerTimeout: Duration
    /// The time from the end of a head to the last byte of its body, which is small. Also the longest time in which a
    /// client takes nothing of a reply.
    public var bodyTimeout: Duration
    /// The time between two requests of a connection.
    public var idleTimeout: Duration

    public init(
        tokens: [AdminToken],
        tls: TLSServerContext? = nil,
        hosts: AdminHosts = AdminHosts(),
        headLimits: HeadLimits = HeadLimits(),
        bodyBytesMax: Int = 64 * 1_024,
        connectionsMax: Int = 1_000,
        strangersMax: Int = 256,
        strangerTimeout: Duration = .seconds(10),
        headerTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(30),
        idleTimeout: Duration = .seconds(75)
    ) {
        self.tokens = tokens
        self.tls = tls
        self.hosts = hosts
        self.headLimits = headLimits
        self.bodyBytesMax = bodyBytesMax
        self.connectionsMax = connectionsMax
        self.strangersMax = strangersMax
        self.strangerTimeout = strangerTimeout
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
    }
}
