public import HTTPMessages

/// The bounds of every connection of a server, read as they are needed, so that a reload holds on open connections.
public struct ServingLimits: Sendable {
    public var headLimits: HeadLimits
    /// From the first byte of a head to its last; a slow sender does not extend it. Also for TLS, from the connection's
    /// first moment.
    public var headerTimeout: Duration
    /// For a body, as its `BodyPlan` says, and the longest time in which a client takes nothing of a reply.
    public var bodyTimeout: Duration
    /// Between two requests of a connection.
    public var idleTimeout: Duration
    /// From the moment a connection is accepted, or was answered last, to the end of its next request, for as long as it
    /// is a stranger; nothing that it sends extends it. Nil where strangers have the same time as others.
    public var strangerTimeout: Duration?
    /// What may wait unparsed behind a request in work, in bytes, before the input is paused; one read may exceed it.
    public var pipelinedBytesMax: Int

    public init(
        headLimits: HeadLimits = HeadLimits(),
        headerTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(30),
        idleTimeout: Duration = .seconds(75),
        strangerTimeout: Duration? = nil,
        pipelinedBytesMax: Int = 0
    ) {
        self.headLimits = headLimits
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
        self.strangerTimeout = strangerTimeout
        self.pipelinedBytesMax = pipelinedBytesMax
    }
}
