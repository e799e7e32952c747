import HTTPMessages

/// A complete response to a call: its status and all of its content, with the content's coding as it was sent.
public struct CallAnswer: Sendable, Equatable {
    public let status: Int
    public let content: [UInt8]

    public init(status: Int, content: [UInt8]) {
        self.status = status
        self.content = content
    }
}

/// The head of a response whose content is taken as it comes.
public struct CallHead: Sendable {
    private let head: ResponseHead
    private let bytes: [UInt8]

    init(_ head: ResponseHead, _ bytes: [UInt8]) {
        self.head = head
        self.bytes = bytes
    }

    /// Nil when only the end of the connection ends the content, or each piece says how long it is.
    public var contentLength: Int64? {
        switch head.framing {
        case .length(let length): length
        case .none, .chunked, .untilClose: nil
        }
    }

    /// The value of the first field line of this name, in lower case; nil without one.
    public func field(_ name: String) -> String? {
        for field in head.fields where String(decoding: bytes[field.name.indices], as: UTF8.self).lowercased() == name {
            return String(decoding: bytes[field.value.indices], as: UTF8.self)
        }
        return nil
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
