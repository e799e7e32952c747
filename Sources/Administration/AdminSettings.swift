public import HTTPMessages

/// What a reload may change of the admin listener, read once per request. Immutable; replaced whole.
public struct AdminSettings: Sendable {
    public var tokens: [AdminToken]
    public var headLimits: HeadLimits
    /// The longest body of a request that has shown a token, in bytes of content.
    public var bodyBytesMax: Int
    public var connectionsMax: Int
    /// From the first byte of a head to its last; a slow sender does not extend it.
    public var headerTimeout: Duration
    /// Without progress of a body, or of a reply that the client does not read.
    public var bodyTimeout: Duration
    /// Between two requests of a connection.
    public var idleTimeout: Duration

    public init(
        tokens: [AdminToken],
        headLimits: HeadLimits = HeadLimits(),
        bodyBytesMax: Int = 1 << 20,
        connectionsMax: Int = 1_000,
        headerTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(30),
        idleTimeout: Duration = .seconds(75)
    ) {
        self.tokens = tokens
        self.headLimits = headLimits
        self.bodyBytesMax = bodyBytesMax
        self.connectionsMax = connectionsMax
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
    }
}
