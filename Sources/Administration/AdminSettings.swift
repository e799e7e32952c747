public import HTTPMessages

/// What a reload may change of the admin listener, read once per request. Immutable; replaced whole.
public struct AdminSettings: Sendable {
    public var tokens: [AdminToken]
    public var headLimits: HeadLimits
    /// The longest body of a request that has shown a token, in bytes of content.
    public var bodyBytesMax: Int
    /// Connections over all, at least 1.
    public var connectionsMax: Int
    /// Connections that have shown no good token, at least 1. More than the listener accepts in two passes of the loop,
    /// so that a head that comes with its connection is read before that has to give way.
    public var strangersMax: Int
    /// From the moment a connection is accepted, or was answered last, to the end of its next request, for as long as it
    /// has shown no good token; nothing that it sends extends it.
    public var strangerTimeout: Duration
    /// From the first byte of a head to its last; a slow sender does not extend it.
    public var headerTimeout: Duration
    /// From the end of a head to the last byte of its body, which is small; and the longest time in which a client takes
    /// nothing of a reply.
    public var bodyTimeout: Duration
    /// Between two requests of a connection.
    public var idleTimeout: Duration

    public init(
        tokens: [AdminToken],
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
