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

/// What can be wrong with the lines of a head, of a request or of a response.
public enum HeadFault: Equatable, Sendable, CaseIterable {
    case bareLineFeed, bareCarriageReturn, controlCharacter, foldedLine, spaceBeforeFirstField
    case emptyFieldName, fieldNameNotToken, spaceBeforeColon, noColon

    var message: String {
        switch self {
        case .bareLineFeed: "A line of the head ends with LF alone; lines end with CRLF."
        case .bareCarriageReturn: "The head has a CR that no LF follows; lines end with CRLF."
        case .controlCharacter: "A field value has a control character; remove or encode it."
        case .foldedLine: "A field value goes on in a second line (obs-fold); put it on one line."
        case .spaceBeforeFirstField: "White space stands before the first field line; remove it."
        case .emptyFieldName: "A field line has an empty name."
        case .fieldNameNotToken: "A field name has a character that no name may have."
        case .spaceBeforeColon: "White space stands between a field name and its colon; remove it."
        case .noColon: "A field line has no colon."
        }
    }
}
