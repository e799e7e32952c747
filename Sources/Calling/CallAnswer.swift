/// A complete response to a call: its status and all of its content, with the content's coding as it was sent.
public struct CallAnswer: Sendable, Equatable {
    public let status: Int
    public let content: [UInt8]

    public init(status: Int, content: [UInt8]) {
        self.status = status
        self.content = content
    }
}

/// Limits on the time and size of an answer.
public struct CallLimits: Sendable {
    /// Includes the TLS handshake; the name is looked up before.
    public var connectTimeout = Duration.seconds(5)
    /// From the request to the last byte of the answer.
    public var answerTimeout = Duration.seconds(60)
    public var answerBytesMax = 64 * 1024 * 1024

    public init() {}
}
