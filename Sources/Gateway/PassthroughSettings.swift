import Budgeting
import HTTPMessages
import Vocabulary

/// Which paths are passed through to the vendor, and which of them spend. Immutable; replaced whole.
///
/// Paths are compared as they were sent: neither decoded nor normalised.
public struct PassthroughSettings: Sendable, Equatable {
    /// A route that spends credits by itself, so that its requests reserve them.
    public struct SpendingRoute: Sendable, Equatable {
        private enum Segment: Sendable, Equatable {
            /// In lower case.
            case literal([UInt8])
            /// `{name}`: any segment that is not empty.
            case any
        }

        /// `GET /v1/documents/{id}/run_parser`: what its calls are called where models are named.
        public let name: String
        /// Nil for one that is not passed through.
        private let method: HTTPMethod?
        private let segments: [Segment]

        /// - Parameters:
        ///   - method: in capital letters.
        ///   - path: begins with a slash.
        public init(method: String, path: String) {
            name = "\(method) \(path)"
            self.method = HTTPMethod(named: method)
            let bytes = Array(path.utf8)
            var (segments, rest) = ([Segment](), PathSegments(bytes.span))
            while let range = rest.next(in: bytes.span) {
                let text = bytes[range]
                let isAny = text.first == UInt8(ascii: "{") && text.last == UInt8(ascii: "}")
                segments.append(isAny ? .any : .literal(text.map(Self.lowered)))
            }
            self.segments = segments
        }

        /// Whether a request is of this route. Letter case and a slash at the end make no difference, and HEAD counts
        /// as GET: the vendor may take one for the other, and then spends.
        func matches(_ method: HTTPMethod, _ path: Span<UInt8>) -> Bool {
            guard method == self.method || (method == .head && self.method == .get) else { return false }
            var rest = PathSegments(path)
            for segment in segments {
                guard let range = rest.next(in: path) else { return false }
                let part = path.extracting(range)
                switch segment {
                case .literal(let text):
                    guard part.count == text.count else { return false }
                    for index in text.indices where Self.lowered(part[index]) != text[index] { return false }
                case .any: guard !part.isEmpty else { return false }
                }
            }
            return rest.next(in: path) == nil
        }

        private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
    }

    /// What asks a saved classifier spends, listed or not.
    private static let classification = SpendingRoute(method: "POST", path: "/v1/classifiers/{id}/classify")

    /// Nothing is passed through.
    public static let off = PassthroughSettings(isEnabled: false, prefixes: [], bodyBytesMax: 0, spending: [])

    /// The methods that are passed through, RFC 9110 §9.3 and RFC 5789. CONNECT and TRACE concern the connection, and a
    /// method that is not known here might.
    static let methods: StaticString = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"

    public let isEnabled: Bool
    private let prefixes: [[UInt8]]
    /// The longest body of a request, in bytes of content.
    public let bodyBytesMax: Int
    private let spending: [SpendingRoute]

    /// - Parameter prefixes: each begins with a slash. One that ends with a slash has all paths below it, another one
    ///   itself and all paths below it.
    public init(isEnabled: Bool, prefixes: [String], bodyBytesMax: Int, spending: [SpendingRoute]) {
        self.isEnabled = isEnabled
        self.prefixes = prefixes.map { Array($0.utf8) }
        self.bodyBytesMax = bodyBytesMax
        self.spending = spending
    }

    /// The spending route of a request; nil if it is of none.
    func spendingRoute(_ method: HTTPMethod, _ path: Span<UInt8>) -> SpendingRoute? {
        // By index: a route is copied only when it is the one.
        for index in spending.indices where spending[index].matches(method, path) { return spending[index] }
        // Only a POST asks a saved classifier.
        return method == .post && Self.classification.matches(method, path) ? Self.classification : nil
    }

    /// Throws the reply to a request whose path is not passed through. The path is plain.
    ///
    /// TRACE is served nowhere: the vendor would echo its key (RFC 9110 §9.3.8).
    func check(_ head: borrowing RequestHead, in bytes: Span<UInt8>) throws(ErrorReply) {
        let path = bytes.extracting(head.path.indices)
        let isServed = head.method != .unknown && head.method != .trace
        guard isEnabled, prefixes.contains(where: { Self.has(path, $0) }), !Self.isOurs(path) else {
            throw isServed ? .notFound : .methodNotAllowed("GET, HEAD, POST")
        }
        guard !Self.encodesPlain(path) else { throw .pathNotPlain }
        guard isServed else { throw .methodNotAllowed(Self.methods) }
    }

    private static func has(_ path: Span<UInt8>, _ prefix: [UInt8]) -> Bool {
        guard path.count >= prefix.count else { return false }
        for index in prefix.indices where path[index] != prefix[index] { return false }
        return prefix.last == UInt8(ascii: "/") || path.count == prefix.count || path[prefix.count] == UInt8(ascii: "/")
    }

    /// Whether the vendor might take the path for classify, which is not to be reached this way, or whether it is in
    /// the gateway's own room. What follows `/v1/classify` as a segment, a parameter or an encoded character is for the
    /// vendor to ignore or not.
    private static func isOurs(_ path: Span<UInt8>) -> Bool {
        let classify: StaticString = "/v1/classify"
        let count = classify.utf8CodeUnitCount
        if path.count >= count, TokenList.equals(path.extracting(0..<count), classify) {
            guard path.count > count else { return true }
            if [UInt8(ascii: "/"), UInt8(ascii: ";"), UInt8(ascii: "%")].contains(path[count]) { return true }
        }
        let own: StaticString = "/tollgate/"
        return path.count >= own.utf8CodeUnitCount
            && TokenList.equals(path.extracting(0..<own.utf8CodeUnitCount), own)
    }

    /// Whether a character that needs no encoding is encoded: another server may take the path for another one (RFC
    /// 3986 §6.2.2.2).
    private static func encodesPlain(_ path: Span<UInt8>) -> Bool {
        (0..<path.count).contains { index in
            guard path[index] == UInt8(ascii: "%"), index + 2 < path.count else { return false }
            let digits = [path[index + 1], path[index + 2]]
            guard let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else { return false }
            switch value {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: return true
            default: return false
            }
        }
    }
}
