public import HTTPMessages

/// What the cache did with a request: the value of `Cache-Status`, RFC 9211.
public enum CacheStatus: Equatable, Sendable {
    /// Why a request went to the vendor, RFC 9211 §2.2.
    public enum ForwardReason: Equatable, Sendable {
        /// No result was stored under its key.
        case miss
        /// The client's directives forbade a stored result.
        case request
        /// The stored result was stale.
        case stale
    }

    /// Answered by a fresh result.
    case hit(ttlSeconds: Int64)
    /// Answered by a stale result in place of a failure of the vendor.
    case hitStale(ttlSeconds: Int64)
    /// Forwarded, or joined to a request that was.
    ///
    /// - Parameters:
    ///   - fwd: why.
    ///   - status: the vendor's status; nil when it gave none.
    ///   - stored: the reply was stored.
    ///   - collapsed: it shared another request's flight.
    case forward(fwd: ForwardReason, status: Int?, stored: Bool, collapsed: Bool)
    /// Answered by the gateway itself with an error of this code.
    case detail(String)

    /// What every field line begins with: the field's name, the cache's name (RFC 9211 §2), and what comes before its
    /// first parameter.
    public static let fieldPrefix: StaticString = "Cache-Status: tollgate; "

    /// The parameters, without the cache's name: `hit; ttl=2591990`.
    public var text: String {
        var writer = HeadWriter(capacity: 128)
        write(into: &writer)
        let line = writer.bytes.dropFirst(Self.fieldPrefix.utf8CodeUnitCount).dropLast(2)
        return String(decoding: line, as: UTF8.self)
    }

    /// Writes the whole field line.
    public func write(into writer: inout HeadWriter) {
        writer.append(Self.fieldPrefix)
        switch self {
        case .hit(let ttlSeconds):
            writer.append("hit; ttl=")
            writer.append(decimal: ttlSeconds)
        case .hitStale(let ttlSeconds):
            writer.append("hit; ttl=")
            writer.append(decimal: ttlSeconds)
            writer.append("; detail=stale")
        case .forward(let fwd, let status, let stored, let collapsed):
            writer.append("fwd=")
            writer.append(fwd.token)
            if let status {
                writer.append("; fwd-status=")
                writer.append(decimal: Int64(status))
            }
            if stored { writer.append("; stored") }
            if collapsed { writer.append("; collapsed") }
        case .detail(let code):
            Self.append(detail: code, to: &writer)
        }
        writer.endField()
    }

    /// A token where the text is one (RFC 8941 §3.3.4), else a string of its printable ASCII (§3.3.3).
    private static func append(detail: String, to writer: inout HeadWriter) {
        writer.append("detail=")
        if isToken(detail) {
            writer.append(detail)
            return
        }
        writer.append("\"")
        for byte in detail.utf8 where (0x20...0x7E).contains(byte) {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { writer.append("\\") }
            writer.append(String(decoding: CollectionOfOne(byte), as: UTF8.self))
        }
        writer.append("\"")
    }

    private static func isToken(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        let beginsWell = (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first) || first == UInt8(ascii: "*")
        return beginsWell
            && text.utf8.allSatisfy { isTokenCharacter($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    }
}

extension CacheStatus.ForwardReason {
    fileprivate var token: StaticString {
        switch self {
        case .miss: "miss"
        case .request: "request"
        case .stale: "stale"
        }
    }
}
