/// The head of a response: its line and where its fields are. RFC 9112 §4, §5.
public struct ResponseHead: Sendable, Equatable {
    /// 100 to 599.
    public internal(set) var status = 0
    public internal(set) var version = HTTPVersion.http11
    public internal(set) var reason = ByteRange(0, 0)
    public internal(set) var fields: [FieldLine] = []
    public internal(set) var framing = BodyFraming.none
    /// Whether the connection may carry another response after this one, RFC 9112 §9.3.
    public internal(set) var keepsAlive = true
    /// The length of the head with its empty line, in bytes.
    public internal(set) var byteCount = 0

    /// The value of the first field line of that name.
    public func first(_ known: KnownField) -> ByteRange? {
        for field in fields where field.known == known { return field.value }
        return nil
    }
}

/// Why a response cannot be taken: the vendor, or something on the way to it, is broken.
public enum ResponseRefusal: Error, Equatable, Sendable {
    case head(HeadFault)
    case malformedStatusLine, unsupportedVersion, headTooLarge, tooManyFields
    case malformedContentLength, severalContentLengths, lengthAndCoding, malformedTransferCoding, codingInHTTP10

    /// For the log; holds nothing of the response.
    public var message: String {
        switch self {
        case .head(let fault): fault.message
        case .malformedStatusLine: "the status line is malformed"
        case .unsupportedVersion: "the HTTP version is not 1.0 or 1.1"
        case .headTooLarge: "the head is too large"
        case .tooManyFields: "the head has too many fields"
        case .malformedContentLength: "Content-Length is no number"
        case .severalContentLengths: "there is more than one Content-Length"
        case .lengthAndCoding: "there are both Content-Length and Transfer-Encoding"
        case .malformedTransferCoding: "Transfer-Encoding is not chunked"
        case .codingInHTTP10: "there is a Transfer-Encoding in HTTP/1.0"
        }
    }
}
