/// The fields that some room looks at; every other name is `other`.
///
/// A name with `_` in place of `-` is another field (some servers took the two for equal, and were fooled by it).
public enum KnownField: UInt8, Sendable {
    case other, host, contentLength, transferEncoding, connection, expect, contentType, contentEncoding
    case cacheControl, apiKey, requestID, retryAfter, keepAlive, traceParent, traceState
}

/// Finds the `KnownField` of a name by its length and by its first and last eight bytes.
///
/// Immutable once made, and never freed: there is one for the life of the process.
@safe
struct KnownFieldTable: @unchecked Sendable {
    private struct Entry {
        var head: UInt64
        var tail: UInt64
        var field: KnownField
    }

    /// The table of the process. Parsers keep a copy (a pointer), so that the hot path tests no once-token.
    static let shared = KnownFieldTable()

    // Sendable because nothing writes to these after `init`.
    private let entries: UnsafeMutablePointer<Entry>
    /// For each length below 64, the entries of that length: where the first one is, and where the next length begins.
    private let starts: UnsafeMutablePointer<UInt8>

    private static let names: [(StaticString, KnownField)] = [
        ("host", .host), ("content-length", .contentLength), ("transfer-encoding", .transferEncoding),
        ("connection", .connection), ("expect", .expect), ("content-type", .contentType),
        ("content-encoding", .contentEncoding), ("cache-control", .cacheControl), ("x-api-key", .apiKey),
        ("x-request-id", .requestID), ("retry-after", .retryAfter),
        ("keep-alive", .keepAlive), ("traceparent", .traceParent), ("tracestate", .traceState),
    ]

    private init() {
        let names = Self.names.sorted { $0.0.utf8CodeUnitCount < $1.0.utf8CodeUnitCount }
        unsafe entries = .allocate(capacity: names.count)
        unsafe starts = .allocate(capacity: Self.lengthEnd + 1)
        for length in 0...Self.lengthEnd {
            let shorter = names.count { $0.0.utf8CodeUnitCount < length }
            unsafe (starts + length).initialize(to: UInt8(shorter))
        }
        for (index, (name, field)) in names.enumerated() {
            let bytes = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            let (head, tail) = unsafe Self.words(bytes)
            unsafe (entries + index).initialize(to: Entry(head: head, tail: tail, field: field))
        }
    }

    /// Each name is shorter than this.
    private static let lengthEnd = 64

    @inline(__always)
    func find(_ name: UnsafeBufferPointer<UInt8>) -> KnownField {
        guard name.count < Self.lengthEnd else { return .other }
        let (start, end) = unsafe (Int(starts[name.count]), Int(starts[name.count + 1]))
        guard start < end else { return .other }
        let (head, tail) = unsafe Self.words(name)
        for index in start..<end {
            let entry = unsafe entries[index]
            if entry.head == head, entry.tail == tail {
                return unsafe Self.middleMatches(name, entry.field) ? entry.field : .other
            }
        }
        return .other
    }

    /// The first and the last eight bytes in lower case; for a short name all of it twice. Setting bit 5 makes lower
    /// case of letters and, among the characters that a token may have, maps no other to a letter, digit or hyphen.
    @inline(__always)
    private static func words(_ name: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64) {
        let fold: UInt64 = 0x2020_2020_2020_2020
        let raw = unsafe UnsafeRawPointer(name.baseAddress!)
        if name.count >= 8 {
            let head = unsafe raw.loadUnaligned(as: UInt64.self) | fold
            let tail = unsafe raw.loadUnaligned(fromByteOffset: name.count - 8, as: UInt64.self) | fold
            return (head, tail)
        }
        var word: UInt64 = 0
        for index in 0..<name.count { unsafe word = word << 8 | UInt64(name[index] | 0x20) }
        return (word, word)
    }

    /// Names of up to 16 bytes are covered by the two words; only `transfer-encoding` has one byte between them.
    @inline(__always)
    private static func middleMatches(_ name: UnsafeBufferPointer<UInt8>, _ field: KnownField) -> Bool {
        unsafe field != .transferEncoding || name[8] == UInt8(ascii: "-")
    }
}
