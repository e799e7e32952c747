/// What the fields of a whole request head say together: whose it is, where its body ends, what becomes of the
/// connection. RFC 9112 §3.2, §6.3, §9.3; RFC 9110 §10.1.1.
///
/// Lives inside the call that lends `bytes`, in which the ranges of the head's fields lie.
@safe
struct FramingReader {
    let bytes: UnsafeBufferPointer<UInt8>

    func read(into head: inout RequestHead) throws(RequestRefusal) {
        head.framing = .none
        head.expectsContinue = false
        var hasHost = false
        var length: Int64?
        var isChunked = false
        var options = ConnectionOptions()
        // Only the few fields that are known are looked at.
        if head.present != 0 {
            for field in head.fields where field.known != .other {
                switch field.known {
                case .host:
                    hasHost = true
                    try readHost(field.value, into: &head)
                case .contentLength: length = try readLength(field.value)
                case .transferEncoding:
                    try readCoding(field.value, head.version)
                    isChunked = true
                case .connection: unsafe options.add(bytes[field.value.indices])
                case .expect: try readExpectation(field.value, into: &head)
                case .other, .contentType, .contentEncoding, .cacheControl, .apiKey, .requestID, .retryAfter,
                    .keepAlive, .traceParent, .traceState:
                    break
                }
            }
        }
        head.keepsAlive = options.keepsAlive(head.version)
        if !hasHost, head.version == .http11 { throw .missingHost }
        if isChunked {
            if length != nil { throw .lengthAndCoding }
            head.framing = .chunked
        } else if let length {
            head.framing = .length(length)
        }
        if head.framing == .none || head.framing == .length(0) || head.version == .http10 {
            head.expectsContinue = false
        }
    }

    private func readHost(_ value: ByteRange, into head: inout RequestHead) throws(RequestRefusal) {
        guard unsafe HostReader.isHost(bytes[value.indices]) else { throw .malformedHost }
        if head.authority == nil { head.authority = value }
    }

    /// One number in digits, RFC 9110 §8.6. A list of equal ones is refused too.
    private func readLength(_ value: ByteRange) throws(RequestRefusal) -> Int64 {
        guard let length = unsafe DecimalReader.read(bytes[value.indices]) else { throw .malformedContentLength }
        return length
    }

    private func readCoding(_ value: ByteRange, _ version: HTTPVersion) throws(RequestRefusal) {
        if version == .http10 { throw .codingInHTTP10 }
        let coding = unsafe bytes[value.indices]
        if unsafe TokenList.equals(coding, "chunked") { return }
        // A single well-formed coding that is not known is reported as such; anything like chunked is an attempt.
        let isToken = unsafe !coding.isEmpty && coding.allSatisfy { CharacterClass.token.contains($0) }
        guard isToken, unsafe !TokenList.equals(coding, "identity"), unsafe !TokenList.contains(coding, "chunked")
        else {
            throw .malformedTransferCoding
        }
        throw .unknownTransferCoding
    }

    private func readExpectation(_ value: ByteRange, into head: inout RequestHead) throws(RequestRefusal) {
        guard unsafe TokenList.equals(bytes[value.indices], "100-continue") else { throw .unknownExpectation }
        head.expectsContinue = true
    }
}

/// A whole number in decimal digits that is below 2^63; whether that is too much is for the caller to say.
enum DecimalReader {
    static func read(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        guard unsafe !bytes.isEmpty else { return nil }
        var value: Int64 = 0
        for index in unsafe bytes.startIndex..<bytes.endIndex {
            let byte = unsafe bytes[index]
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int64(byte - 0x30))
            if overflow || carried { return nil }
            value = sum
        }
        return value
    }
}

/// How the end of a message body is found, decided from the header section alone (RFC 9112 §6.3).
///
/// A message with both Transfer-Encoding and Content-Length is refused, though §6.1 would allow to go on with
/// chunked: a party that chose the other one could be made to see a second message.
public enum BodyFraming: Equatable, Sendable {
    /// No body.
    case none
    /// Exactly this many bytes; more than 0 in a request that has a body, and possibly 0.
    case length(Int64)
    case chunked
    /// Responses only: all that comes until the connection ends.
    case untilClose
}
