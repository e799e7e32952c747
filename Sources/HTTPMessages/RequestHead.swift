/// The head of a request: its line and where its fields are. RFC 9112 §3, §5.
///
/// Offsets count from the first byte of the message, in whose bytes the texts still stand. It is used again from
/// request to request and keeps its capacity.
public struct RequestHead: Sendable, Equatable {
    public internal(set) var method = HTTPMethod.unknown
    public internal(set) var methodRange = ByteRange(0, 0)
    /// The request target as it was sent.
    public internal(set) var target = ByteRange(0, 0)
    /// The path without the query. In absolute-form what follows the authority, which may be empty and means `/`.
    public internal(set) var path = ByteRange(0, 0)
    /// What follows the first `?`; nil without one.
    public internal(set) var query: ByteRange?
    /// The authority that counts: the target's in absolute-form, else the Host field's (RFC 9112 §3.2.2).
    public internal(set) var authority: ByteRange?
    public internal(set) var version = HTTPVersion.http11
    public internal(set) var fields: [FieldLine] = []
    public internal(set) var framing = BodyFraming.none
    /// What version and Connection ask for, RFC 9112 §9.3.
    public internal(set) var keepsAlive = true
    /// The client waits for a 100 before it sends the body (RFC 9110 §10.1.1). Never in HTTP/1.0.
    public internal(set) var expectsContinue = false
    /// The length of the head with its empty line, in bytes.
    public internal(set) var byteCount = 0

    @usableFromInline
    var present: UInt64 = 0  // bit n: a field line of the KnownField with raw value n

    public init() {}

    /// Whether there is a field line of that name; cheaper than to look for it.
    @inlinable
    public func has(_ known: KnownField) -> Bool { present >> UInt64(known.rawValue) & 1 == 1 }

    /// The value of the first field line of that name.
    @inlinable
    public func first(_ known: KnownField) -> ByteRange? {
        for field in fields where field.known == known { return field.value }
        return nil
    }

    /// How many field lines of that name there are.
    public func count(of known: KnownField) -> Int {
        var count = 0
        for field in fields where field.known == known { count += 1 }
        return count
    }

    /// False when another server might read the path as another path: it has an empty or a dot segment, or an encoded
    /// slash, backslash, dot or NUL (RFC 9110 §4.2.3, RFC 3986 §6.2.2).
    public func pathIsPlain(_ bytes: Span<UInt8>) -> Bool {
        var index = Int(path.lower)
        let end = Int(path.upper)
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "/") where !segmentIsPlain(bytes, index + 1, end): return false
            case UInt8(ascii: "%") where encodesSeparator(bytes[index + 1], bytes[index + 2]): return false
            default: index += 1
            }
        }
        return true
    }

    /// Whether the segment that begins at `start` is neither empty (but for the last one) nor `.` or `..`.
    private func segmentIsPlain(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard start < end else { return true }
        if bytes[start] == UInt8(ascii: "/") { return false }
        var index = start
        while index < end, bytes[index] == UInt8(ascii: ".") { index += 1 }
        let dots = index - start
        return !((dots == 1 || dots == 2) && (index == end || bytes[index] == UInt8(ascii: "/")))
    }

    private func encodesSeparator(_ high: UInt8, _ low: UInt8) -> Bool {
        switch (high, low | 0x20) {
        case (UInt8(ascii: "2"), UInt8(ascii: "f")), (UInt8(ascii: "2"), UInt8(ascii: "e")): true
        case (UInt8(ascii: "5"), UInt8(ascii: "c")): true
        case (UInt8(ascii: "0"), 0x30): true
        default: false
        }
    }
}

extension RequestHead {
    /// The values of all field lines of a name that is no `KnownField`: each line is compared, which the data path
    /// does without.
    ///
    /// - Parameters:
    ///   - name: in lower case.
    ///   - bytes: those that the head was read from.
    public func values(of name: StaticString, in bytes: Span<UInt8>) -> [ByteRange] {
        fields.filter { TokenList.equals(bytes.extracting($0.name.indices), name) }.map(\.value)
    }
}
