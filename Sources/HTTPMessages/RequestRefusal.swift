public import Vocabulary

/// Why a request cannot be taken. The bytes behind it have no known meaning, so the connection ends.
public enum RequestRefusal: Error, Equatable, Sendable {
    case head(HeadFault)
    case malformedRequestLine, malformedMethod, malformedTarget, malformedVersion, unsupportedVersion
    case requestLineTooLong, headTooLarge, tooManyFields
    case missingHost, severalHosts, malformedHost
    case malformedContentLength, severalContentLengths, lengthAndCoding
    case malformedTransferCoding, unknownTransferCoding, codingInHTTP10
    case unknownExpectation, severalKeys

    public var status: Int {
        switch self {
        case .requestLineTooLong: 414
        case .headTooLarge, .tooManyFields: 431
        case .unknownTransferCoding: 501
        case .unsupportedVersion: 505
        case .unknownExpectation: 417
        case .head, .malformedRequestLine, .malformedMethod, .malformedTarget, .malformedVersion, .missingHost,
            .severalHosts, .malformedHost, .malformedContentLength, .severalContentLengths, .lengthAndCoding,
            .malformedTransferCoding, .codingInHTTP10, .severalKeys:
            400
        }
    }

    public var code: ErrorCode {
        switch self {
        case .requestLineTooLong: .uriTooLong
        case .headTooLarge, .tooManyFields: .headersTooLarge
        case .head, .malformedRequestLine, .malformedMethod, .malformedTarget, .malformedVersion, .unsupportedVersion,
            .missingHost, .severalHosts, .malformedHost, .malformedContentLength, .severalContentLengths,
            .lengthAndCoding, .malformedTransferCoding, .unknownTransferCoding, .codingInHTTP10, .unknownExpectation,
            .severalKeys:
            .badRequest
        }
    }

    /// What is wrong and what to do; holds nothing that the client sent.
    public var message: String {
        switch self {
        case .head(let fault): fault.message
        case .malformedRequestLine: "The request line is not METHOD SP TARGET SP HTTP/1.1 CRLF."
        case .malformedMethod: "The method is not a token."
        case .malformedTarget: "The request target has a character or a form that no URI has; percent-encode it."
        case .malformedVersion: "The HTTP version is malformed; it reads HTTP/1.1."
        case .unsupportedVersion: "This HTTP version is not spoken here; use HTTP/1.1."
        case .requestLineTooLong: "The request line is longer than is accepted; shorten the target."
        case .headTooLarge: "The header section is larger than max_header_bytes; send fewer or shorter fields."
        case .tooManyFields: "The header section has too many field lines; send fewer."
        case .missingHost: "An HTTP/1.1 request needs a Host field."
        case .severalHosts: "The request has more than one Host field; send one."
        case .malformedHost: "The Host field is not a host with an optional port."
        case .malformedContentLength: "Content-Length is not one number of bytes in decimal digits."
        case .severalContentLengths: "The request has more than one Content-Length; send one."
        case .lengthAndCoding: "The request has both Content-Length and Transfer-Encoding; send one of them."
        case .malformedTransferCoding: "Transfer-Encoding must be exactly: chunked."
        case .unknownTransferCoding: "This transfer coding is not known here; use chunked or Content-Length."
        case .codingInHTTP10: "HTTP/1.0 has no Transfer-Encoding; send Content-Length."
        case .unknownExpectation: "The only expectation that is met is 100-continue."
        case .severalKeys: "The request has more than one x-api-key field; send one."
        }
    }
}
