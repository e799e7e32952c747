public import Vocabulary

/// A buffer that is used again, into which the head of one message is written: RFC 9112 §3, §4, §5. Confined to its
/// owner.
///
/// Values must be free of CR, LF and NUL: they are ours, or were taken from a parsed head, which has none.
public struct HeadWriter: ~Copyable {
    @usableFromInline
    var output: ByteWriter

    @inlinable
    public init(capacity: Int) { output = ByteWriter(capacity: capacity) }

    /// A copy of what was written.
    public var bytes: [UInt8] { output.bytes }

    /// How many bytes were written.
    @inlinable
    public var count: Int { output.count }

    /// Lends what was written. It must not be kept beyond `body`.
    @inlinable
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try output.withBytes(body)
    }

    /// Forgets the last head and keeps the memory.
    @inlinable
    public mutating func removeAll() { output.removeAll() }

    /// `HTTP/1.1 200 OK`
    public mutating func statusLine(_ status: Int) {
        if status == 200 { return output.append("HTTP/1.1 200 OK\r\n") }
        output.append("HTTP/1.1 ")
        output.append(decimal: Int64(status))
        output.append(" ")
        output.append(ReasonPhrase.find(status))
        endField()
    }

    /// `POST /v1/classify HTTP/1.1`
    public mutating func requestLine(_ method: StaticString, _ target: some Collection<UInt8>) {
        output.append(method)
        output.append(" ")
        output.append(Array(target))
        output.append(" HTTP/1.1\r\n")
    }

    /// The same with a target in two parts.
    public mutating func requestLine(_ method: StaticString, _ prefix: String, _ target: [UInt8]) {
        output.append(method)
        output.append(" ")
        if !prefix.isEmpty { output.append(prefix) }
        output.append(target)
        output.append(" HTTP/1.1\r\n")
    }

    @inlinable
    public mutating func field(_ name: StaticString, _ value: StaticString) {
        begin(name)
        output.append(value)
        endField()
    }

    @_disfavoredOverload
    public mutating func field(_ name: StaticString, _ value: String) {
        begin(name)
        output.append(value)
        endField()
    }

    @inlinable
    public mutating func field(_ name: StaticString, _ value: [UInt8]) {
        begin(name)
        output.append(value)
        endField()
    }

    @inlinable
    public mutating func field(_ name: StaticString, decimal value: Int64) {
        begin(name)
        output.append(decimal: value)
        endField()
    }

    // A value in parts: `begin`, any number of `append`, `endField`.

    @inlinable @inline(__always)
    public mutating func begin(_ name: StaticString) {
        output.append(name)
        output.append(": ")
    }

    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) { output.append(text) }

    @_disfavoredOverload
    public mutating func append(_ text: String) { output.append(text) }

    @inlinable
    public mutating func append(_ text: [UInt8]) { output.append(text) }

    @inlinable
    public mutating func append(decimal value: Int64) { output.append(decimal: value) }

    /// Lets `write` append to what was written.
    @inlinable @inline(__always)
    public mutating func append(_ write: (inout ByteWriter) -> Void) { write(&output) }

    @inlinable @inline(__always)
    public mutating func endField() { output.append("\r\n") }

    /// The empty line.
    @inlinable
    public mutating func endSection() { output.append("\r\n") }
}

/// What a status means in words, RFC 9110 §15; clients do not read it (RFC 9112 §4).
enum ReasonPhrase {
    static func find(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
