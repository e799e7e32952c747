/// A buffer that is used again, into which the head of one message is written: RFC 9112 §3, §4, §5.
///
/// Values must be free of CR, LF and NUL: they are ours, or were taken from a parsed head, which has none.
public struct HeadWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int) { bytes.reserveCapacity(capacity) }

    /// Forgets the last head and keeps the memory.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// `HTTP/1.1 200 OK`
    public mutating func statusLine(_ status: Int) {
        append("HTTP/1.1 ")
        append(decimal: Int64(status))
        append(" ")
        append(ReasonPhrase.find(status))
        endField()
    }

    /// `POST /v1/classify HTTP/1.1`
    public mutating func requestLine(_ method: StaticString, _ target: some Collection<UInt8>) {
        append(method)
        append(" ")
        bytes.append(contentsOf: target)
        append(" HTTP/1.1\r\n")
    }

    public mutating func field(_ name: StaticString, _ value: StaticString) {
        begin(name)
        append(value)
        endField()
    }

    public mutating func field(_ name: StaticString, _ value: String) {
        begin(name)
        append(value)
        endField()
    }

    public mutating func field(_ name: StaticString, _ value: [UInt8]) {
        begin(name)
        append(value)
        endField()
    }

    public mutating func field(_ name: StaticString, decimal value: Int64) {
        begin(name)
        append(decimal: value)
        endField()
    }

    // A value in parts: `begin`, any number of `append`, `endField`.

    public mutating func begin(_ name: StaticString) {
        append(name)
        append(": ")
    }

    public mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    public mutating func append(_ text: [UInt8]) { bytes.append(contentsOf: text) }

    public mutating func append(decimal value: Int64) {
        var magnitude = value.magnitude
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        guard magnitude >= 10 else { return bytes.append(UInt8(truncatingIfNeeded: magnitude) + 0x30) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var index = 20
            while magnitude > 0 {
                index -= 1
                digits[index] = UInt8(truncatingIfNeeded: magnitude % 10) + 0x30
                magnitude /= 10
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(digits)[index...]))
        }
    }

    public mutating func endField() { append("\r\n") }

    /// The empty line.
    public mutating func endSection() { append("\r\n") }
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
