import Glibc
import Vocabulary

/// Which field lines of a message an intermediary passes on: RFC 9110 §7.6.1. Pure.
///
/// What is left out is meant for the next hop alone: the fields of the connection, those that a Connection field
/// nominates, and the framing, which each hop writes anew.
public struct PassedFields {
    public enum Message: Sendable { case request, response }

    /// For the next hop alone, whether nominated or not. Content-Length belongs to the framing.
    private static let hopByHop = NameList([
        "connection", "content-length", "http2-settings", "keep-alive", "proxy-authenticate",
        "proxy-authentication-info", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ])
    /// Written anew in a request: the vendor's own host and key, the expectation as far as it is passed on, the fields
    /// that every hop adds to or checks, and the codings of the reply, in which the key could not be found.
    private static let ofRequests = NameList([
        "accept-encoding", "expect", "host", "traceparent", "tracestate", "via", "x-api-key", "x-request-id",
    ])
    private static let ofResponses = NameList(["via", "x-request-id"])

    private let message: Message
    /// In lower case.
    private var nominated: [[UInt8]] = []

    /// - Parameters:
    ///   - fields: all field lines of the message.
    ///   - bytes: those that the fields' ranges lie in.
    public init(of message: Message, _ fields: [FieldLine], in bytes: Span<UInt8>) {
        self.message = message
        for field in fields where field.known == .connection {
            // The usual one, which is of the next hop without being nominated.
            if TokenList.equals(bytes.extracting(field.value.indices), "keep-alive") { continue }
            unsafe bytes.withUnsafeBufferPointer { bytes in
                var walker = unsafe TokenList.Walker(bytes[field.value.indices])
                while let token = unsafe walker.next() {
                    if unsafe TokenList.equals(token, "keep-alive") { continue }
                    unsafe nominated.append(token.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 })
                }
            }
        }
    }

    /// Whether a field line is passed on.
    public func passes(_ field: FieldLine, in bytes: Span<UInt8>) -> Bool {
        // What the parser has recognised needs no look-up by name.
        switch field.known {
        case .connection, .contentLength, .keepAlive, .transferEncoding: return false
        case .apiKey, .expect, .host, .traceParent, .traceState: if message == .request { return false }
        case .requestID: return false
        case .cacheControl, .contentEncoding, .contentType, .retryAfter:
            return nominated.isEmpty || !isNominated(bytes.extracting(field.name.indices))
        case .other: break
        }
        let name = bytes.extracting(field.name.indices)
        if Self.hopByHop.contains(name) || isNominated(name) { return false }
        switch message {
        case .request:
            // Some servers take `X_Api_Key` for `X-Api-Key`.
            guard !(0..<name.count).contains(where: { name[$0] == UInt8(ascii: "_") }) else { return false }
            return !Self.ofRequests.contains(name)
        case .response:
            // What the gateway says of credits is its own.
            let own: StaticString = "tollgate-"
            if name.count > own.utf8CodeUnitCount,
                TokenList.equals(name.extracting(0..<own.utf8CodeUnitCount), own)
            {
                return false
            }
            return !Self.ofResponses.contains(name)
        }
    }

    private func isNominated(_ name: Span<UInt8>) -> Bool {
        nominated.contains { nominated in
            nominated.count == name.count
                && (0..<name.count).allSatisfy { index in
                    let byte = name[index]
                    return (byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte) == nominated[index]
                }
        }
    }

    /// The field lines that are passed on, each with its CRLF, and Via for the next hop: what the message has, and this
    /// hop (RFC 9110 §7.6.3).
    ///
    /// - Parameters:
    ///   - version: of the message as received.
    ///   - fields: all field lines of the message.
    ///   - bytes: those that the fields' ranges lie in.
    ///   - isWanted: asked of each line that may be passed on.
    public static func lines(
        of message: Message,
        _ version: HTTPVersion,
        _ fields: [FieldLine],
        in bytes: Span<UInt8>,
        where isWanted: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool
    ) -> [UInt8] {
        let passed = PassedFields(of: message, fields, in: bytes)
        // Each line takes at most two bytes more than it had; content may follow in the same bytes.
        let capacity = Int(fields.last?.value.upper ?? 0) + 2 * fields.count + 64
        // On the stack, and copied: an array that is made without its elements looks up its type, which takes longer.
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { memory in
            var lines = unsafe LineWriter(memory)
            for field in fields where passed.passes(field, in: bytes) {
                let value = bytes.extracting(field.value.indices)
                guard isWanted(bytes.extracting(field.name.indices), value) else { continue }
                lines.add(field, of: bytes)
            }
            lines.append("via: ")
            for field in fields where field.known == .other {
                let name = bytes.extracting(field.name.indices)
                guard name.count == 3, TokenList.equals(name, "via") else { continue }
                lines.append(bytes.extracting(field.value.indices))
                lines.append(", ")
            }
            lines.append(version == .http10 ? "1.0 tollgate\r\n" : "1.1 tollgate\r\n")
            return unsafe Array(memory[..<lines.count])
        }
    }
}

/// Writes field lines into memory that is lent; must not outlive the loan. More than it has room for traps.
@safe
private struct LineWriter {
    private let memory: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ memory: UnsafeMutableBufferPointer<UInt8>) { unsafe self.memory = memory }

    /// A line with its CRLF, with one space before its value. One that was received so is copied at once.
    mutating func add(_ field: FieldLine, of bytes: Span<UInt8>) {
        let (start, nameEnd) = (Int(field.name.lower), Int(field.name.upper))
        let (valueStart, end) = (Int(field.value.lower), Int(field.value.upper))
        if valueStart == nameEnd + 2, end + 2 <= bytes.count, bytes[nameEnd + 1] == 0x20, bytes[end] == 0x0D {
            // Behind the name of a line is a colon, and behind a CR a line feed.
            return append(bytes.extracting(start..<(end + 2)))
        }
        append(bytes.extracting(field.name.indices))
        append(": ")
        append(bytes.extracting(field.value.indices))
        append("\r\n")
    }

    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    mutating func append(_ text: StaticString) {
        unsafe append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe precondition(bytes.count <= memory.count - count, "field lines that are longer than they were")
        guard let source = bytes.baseAddress, let start = unsafe memory.baseAddress else { return }
        unsafe memcpy(start + count, source, bytes.count)
        count += bytes.count
    }
}

/// Names of fields, to look one up in. Immutable. Most names have a length that none of them has.
private struct NameList: Sendable {
    private let names: [StaticString]
    /// A bit for each length.
    private let lengths: UInt64

    /// - Parameter names: in lower case, each shorter than 64 bytes.
    init(_ names: [StaticString]) {
        self.names = names
        lengths = names.reduce(0) { $0 | 1 << UInt64($1.utf8CodeUnitCount) }
    }

    /// Whether it has this name, in any letter case.
    func contains(_ name: Span<UInt8>) -> Bool {
        guard name.count < 64, lengths >> UInt64(name.count) & 1 != 0 else { return false }
        for known in names where known.utf8CodeUnitCount == name.count {
            if TokenList.equals(name, known) { return true }
        }
        return false
    }
}

/// Content in the chunked coding, RFC 9112 §7.1.
public enum Chunk {
    /// The chunk that ends a body, with no trailers.
    public static let last = Array("0\r\n\r\n".utf8)

    /// One chunk with this content, which must not be empty.
    public static func write(_ content: [UInt8]) -> [UInt8] {
        precondition(!content.isEmpty, "an empty chunk ends a body")
        var chunk = Array(String(content.count, radix: 16).utf8)
        chunk.reserveCapacity(chunk.count + content.count + 4)
        chunk += [0x0D, 0x0A]
        chunk += content
        chunk += [0x0D, 0x0A]
        return chunk
    }
}
