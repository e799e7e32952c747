/// Reads the heads of responses as strictly as those of requests, from any split of their bytes. Confined to its
/// connection. An interim response (1xx) is a complete head without a body; the caller skips it.
public struct ResponseParser: Sendable {
    public private(set) var head = ResponseHead()
    private let headBytesMax: Int
    private let fieldsMax: Int
    private var requestMethod = HTTPMethod.unknown
    private var hasStatusLine = false
    private var position = 0  // of the first byte that is in no whole line yet
    private var scanned = 0  // up to here the line at `position` is known to have no end
    private let table = KnownFieldTable.shared

    public init(headBytesMax: Int = 64 * 1024, fieldsMax: Int = 200) {
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
    }

    /// For the next response, which answers a request with that method: the framing depends on it.
    public mutating func reset(requestMethod: HTTPMethod) {
        self.requestMethod = requestMethod
        hasStatusLine = false
        position = 0
        scanned = 0
        // Few responses have more, and a list that grows is moved at each doubling.
        head.fields.reserveCapacity(min(16, fieldsMax))
        head.fields.removeAll(keepingCapacity: true)
    }

    /// Reads on; see `RequestParser.parse`.
    public mutating func parse(_ bytes: Span<UInt8>) -> HeadProgress<ResponseRefusal> {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard buffer.count > position else { return .incomplete }
            do throws(ResponseRefusal) { return try unsafe read(buffer) ? .complete : .incomplete } catch {
                return .refused(error)
            }
        }
    }

    private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseRefusal) -> Bool {
        if scanned > position, unsafe !LineScanner.mayComplete(bytes, scanned: &scanned) {
            if bytes.count > headBytesMax { throw .headTooLarge }
            return false
        }
        if !hasStatusLine, try unsafe !readStatusLine(bytes) { return false }
        return try unsafe readFields(bytes)
    }

    private mutating func wait(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseRefusal) -> Bool {
        scanned = bytes.count
        if unsafe bytes[bytes.count - 1] == 0x0D { scanned -= 1 }
        if bytes.count > headBytesMax { throw .headTooLarge }
        return false
    }

    /// `HTTP/1.1 SP 200 SP reason CRLF`; the reason may be empty, and some leave out the space before it.
    private mutating func readStatusLine(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseRefusal) -> Bool {
        let pattern: StaticString = "HTTP/1.# ###"
        for index in 0..<pattern.utf8CodeUnitCount {
            guard index < bytes.count else { return try unsafe wait(bytes) }
            let expected = unsafe pattern.utf8Start[index]
            let isDigit = unsafe bytes[index] >= 0x30 && bytes[index] <= 0x39
            guard unsafe expected == UInt8(ascii: "#") ? isDigit : bytes[index] == expected else {
                throw index == 5 && isDigit ? .unsupportedVersion : .malformedStatusLine
            }
        }
        guard unsafe bytes[7] <= UInt8(ascii: "1") else { throw .unsupportedVersion }
        let status = unsafe bytes[9..<12].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard bytes.count > 12 else { return try unsafe wait(bytes) }
        guard (100...599).contains(status), unsafe bytes[12] == 0x20 || bytes[12] == 0x0D else {
            throw .malformedStatusLine
        }
        let end = unsafe LineScanner.endOfText(bytes, from: 12)
        guard end + 1 < bytes.count else {
            if end < bytes.count, unsafe bytes[end] != 0x0D { throw .malformedStatusLine }
            return try unsafe wait(bytes)
        }
        guard unsafe bytes[end] == 0x0D, unsafe bytes[end + 1] == 0x0A else { throw .malformedStatusLine }
        head.version = unsafe bytes[7] == UInt8(ascii: "1") ? .http11 : .http10
        head.status = status
        head.reason = ByteRange(min(13, end), end)
        position = end + 2
        hasStatusLine = true
        return true
    }

    private mutating func readFields(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseRefusal) -> Bool {
        while true {
            switch unsafe LineScanner.fieldLine(bytes, at: position, table) {
            case .incomplete:
                if position < bytes.count { return try unsafe wait(bytes) }
                scanned = position
                return false
            case .refused(let fault): throw .head(fault)
            case .field(let field, let next):
                if next > headBytesMax { throw .headTooLarge }
                if head.fields.count == fieldsMax { throw .tooManyFields }
                head.fields.append(field)
                position = next
            case .empty(let next):
                if next > headBytesMax { throw .headTooLarge }
                head.byteCount = next
                try unsafe readFraming(bytes)
                return true
            }
        }
    }

    // MARK: Framing

    /// RFC 9112 §6.3. Fields that contradict each other are refused even where the status says that there is no body.
    private mutating func readFraming(_ bytes: UnsafeBufferPointer<UInt8>) throws(ResponseRefusal) {
        var length: Int64?
        var isChunked = false
        var options = ConnectionOptions()
        for field in head.fields {
            switch field.known {
            case .contentLength:
                if length != nil { throw .severalContentLengths }
                guard let value = unsafe DecimalReader.read(bytes[field.value.indices]) else {
                    throw .malformedContentLength
                }
                length = value
            case .transferEncoding:
                guard !isChunked, unsafe TokenList.equals(bytes[field.value.indices], "chunked") else {
                    throw .malformedTransferCoding
                }
                isChunked = true
            case .connection: unsafe options.add(bytes[field.value.indices])
            case .other, .host, .expect, .contentType, .contentEncoding, .cacheControl, .apiKey, .requestID,
                .retryAfter,
                .keepAlive, .traceParent, .traceState:
                break
            }
        }
        if isChunked, length != nil { throw .lengthAndCoding }
        if isChunked, head.version == .http10 { throw .codingInHTTP10 }
        head.framing = framing(length, isChunked)
        // Only the end of the connection ends such a body, so nothing can follow it, whatever was promised.
        head.keepsAlive = head.framing != .untilClose && options.keepsAlive(head.version)
    }

    private func framing(_ length: Int64?, _ isChunked: Bool) -> BodyFraming {
        if requestMethod == .head || head.status < 200 || head.status == 204 || head.status == 304 { return .none }
        if isChunked { return .chunked }
        return length.map { .length($0) } ?? .untilClose
    }
}
