public import HTTPMessages

/// The limits of every connection of a server, read at each use so that a reload applies to open connections.
public struct ServingLimits: Sendable {
    public var headLimits: HeadLimits
    /// The time from the first byte of a head to its last; further bytes do not extend it. Also the time for a TLS
    /// handshake, from the accept on.
    public var headerTimeout: Duration
    /// The time for a body, as its `BodyPlan` says, and the longest time in which a client may read nothing of a reply.
    public var bodyTimeout: Duration
    /// The time between two requests of a connection.
    public var idleTimeout: Duration
    /// The time that a stranger has from the accept, or from its last reply, to the end of its next request; nothing
    /// that it sends extends it. Nil where strangers have the same time as others.
    public var strangerTimeout: Duration?
    /// The maximum unparsed input behind the current request, in bytes, beyond which reading pauses; one read may
    /// exceed it.
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
