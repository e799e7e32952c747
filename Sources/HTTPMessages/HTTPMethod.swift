/// The methods of RFC 9110 §9 and PATCH (RFC 5789); `unknown` is any other token.
public enum HTTPMethod: UInt8, Sendable {
    case get, head, post, put, delete, patch, options, connect, trace, unknown

    /// The method with this name; nil for one that is not known here.
    public init?(named name: String) {
        guard let known = Self.names.first(where: { $0.0.description == name }) else { return nil }
        self = known.1
    }

    /// The method that these bytes name; names are case-sensitive (RFC 9110 §9.1).
    static func find(_ bytes: UnsafeBufferPointer<UInt8>) -> HTTPMethod {
        for (name, method) in names where name.utf8CodeUnitCount == bytes.count {
            if unsafe matchesExactly(bytes, name) { return method }
        }
        return .unknown
    }

    private static let names: [(StaticString, HTTPMethod)] = [
        ("POST", .post), ("GET", .get), ("HEAD", .head), ("PUT", .put), ("DELETE", .delete), ("PATCH", .patch),
        ("OPTIONS", .options), ("CONNECT", .connect), ("TRACE", .trace),
    ]

    /// The name as it is in a request line; a dash for `unknown`.
    public var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .connect: "CONNECT"
        case .trace: "TRACE"
        case .unknown: "-"
        }
    }
}

private func matchesExactly(_ bytes: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
    for index in 0..<bytes.count where unsafe bytes[index] != name.utf8Start[index] { return false }
    return true
}

/// The versions that are served, RFC 9112 §2.3.
public enum HTTPVersion: UInt8, Sendable {
    case http10, http11
}
