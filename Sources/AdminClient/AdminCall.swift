public import HTTPMessages
public import JSON

/// One request to the admin API, before serialisation.
public struct AdminCall: Sendable {
    public let method: HTTPMethod
    /// The segments below `/admin/v1`, or below the root for a probe, not percent-encoded.
    public let path: [String]
    private var root = "/admin/v1/"
    public var query: [(name: String, value: String)] = []
    public var body: JSONValue?
    /// Visible ASCII.
    public var idempotencyKey: String?
    /// Whether it only reads, as a GET does.
    public var changesNothing: Bool

    public init(_ method: HTTPMethod, _ path: [String], body: JSONValue? = nil, idempotencyKey: String? = nil) {
        self.method = method
        self.path = path
        self.body = body
        self.idempotencyKey = idempotencyKey
        changesNothing = method == .get
    }

    /// Whether requests can be served; both sides answer without a token.
    public static let readiness = {
        var call = AdminCall(.get, ["readyz"])
        call.root = "/"
        return call
    }()

    /// The request target, after the path prefix of the address.
    public func target(below prefix: String) -> String {
        let path = path.map(Self.encoded).joined(separator: "/")
        let query = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
        return "\(prefix)\(root)\(path)" + (query.isEmpty ? "" : "?\(query)")
    }

    /// The uncertainty left when the request was sent and no answer arrived, worded for the caller; nil for a request
    /// that changes nothing.
    var doubt: String? {
        if changesNothing { return nil }
        let isRepeatable = method != .post || idempotencyKey != nil
        return "whether it was done is unknown; "
            + (isRepeatable ? "repeating the command does no harm" : "look at the list before you repeat the command")
    }

    /// Percent-encodes all characters except the unreserved ones (RFC 3986 §2.3).
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += (byte < 0x10 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
