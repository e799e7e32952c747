/// How far a head has come.
public enum HeadProgress<Refusal: Sendable & Equatable>: Sendable, Equatable {
    /// More bytes are needed.
    case incomplete
    case complete
    case refused(Refusal)
}

/// How much a request's head may be.
public struct HeadLimits: Sendable, Equatable {
    /// The whole head with its empty line, in bytes; above it 431.
    public var headBytesMax: Int
    /// Field lines; above it 431.
    public var fieldsMax: Int
    /// The request line, in bytes; above it 414. RFC 9112 §3 asks for at least 8000.
    public var requestLineBytesMax: Int

    public init(headBytesMax: Int = 16 * 1024, fieldsMax: Int = 100, requestLineBytesMax: Int = 16 * 1024) {
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
        self.requestLineBytesMax = requestLineBytesMax
    }
}
