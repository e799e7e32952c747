import Glibc
import HTTPMessages

/// The route of a request, by its exact path. Paths are neither decoded nor normalised, so that no alternative spelling
/// reaches a resource past a check (RFC 9110 §4.2.3).
enum Route: Equatable {
    case health, readiness, classify, usage, passthrough
    /// `POST /v1/classifiers/{id}/classify`, while its results are cached; else it is passed through.
    case classifier

    /// The gateway's own paths.
    static let names: [(path: StaticString, route: Route)] = [
        ("/v1/classify", .classify), ("/healthz", .health), ("/readyz", .readiness),
        ("/tollgate/usage", .usage),
    ]

    /// The maximum content that is read and dropped on a route that takes none, in bytes: some clients send a little
    /// with every request (RFC 9110 §9.3.1), and keeping the connection is cheaper than opening another.
    static let droppedContentBytesMax = 8 * 1024

    /// The path of the route; nil for a route of several paths.
    var path: StaticString? {
        switch self {
        case .classify: "/v1/classify"
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .usage: "/tollgate/usage"
        case .passthrough, .classifier: nil
        }
    }

    /// Whether its requests are questions whose results are cached.
    var isQuestion: Bool {
        switch self {
        case .classify, .classifier: true
        case .health, .readiness, .usage, .passthrough: false
        }
    }

    /// Whether its requests are listed for operators: checks of health would drive all others out.
    var isListed: Bool {
        switch self {
        case .classify, .classifier, .usage, .passthrough: true
        case .health, .readiness: false
        }
    }

    /// Whether content has a meaning on this route.
    var takesContent: Bool {
        switch self {
        case .classify, .classifier, .passthrough: true
        case .health, .readiness, .usage: false
        }
    }

    /// Whether a request must show a team's key.
    var needsKey: Bool {
        switch self {
        case .classify, .classifier, .usage, .passthrough: true
        case .health, .readiness: false
        }
    }

    /// Finds the route of a request; throws the reply if it has none.
    ///
    /// - Parameters:
    ///   - passthrough: read only for a path that is none of the gateway's own.
    ///   - cachesClassifiers: whether results of saved classifiers are cached; read only then, too.
    static func find(
        _ head: borrowing RequestHead,
        in bytes: Span<UInt8>,
        _ passthrough: @autoclosure () -> PassthroughSettings,
        cachesClassifiers: @autoclosure () -> Bool = false
    ) throws(ErrorReply) -> Route {
        switch head.method {
        // Its target is no path.
        case .connect: throw .methodNotAllowed("GET, HEAD, POST")
        case .get, .head, .post, .put, .delete, .patch, .options, .trace, .unknown: break
        }
        for (path, route) in names where matches(path, head.path, bytes) {
            try route.check(head.method)
            return route
        }
        guard head.pathIsPlain(bytes) else { throw .pathNotPlain }
        try passthrough().check(head, in: bytes)
        // A query could have a member that is not in the key: such a request is passed through.
        if head.method == .post, head.query == nil, cachesClassifiers(),
            ClassifierPath.asked(bytes.extracting(head.path.indices)) != nil
        {
            return .classifier
        }
        return .passthrough
    }

    /// The likely route of a request whose head was refused or incomplete, by its first line: classify, whose replies
    /// have more fields than others, or nil. Only the origin-form (RFC 9112 §3.2.1) is recognized.
    static func glimpse(_ bytes: Span<UInt8>) -> Route? {
        let start = RequestParser.emptyLines(bytes).byteCount
        let line: StaticString = "POST /v1/classify"
        let end = start + line.utf8CodeUnitCount
        guard end < bytes.count, bytes[end] == UInt8(ascii: " ") || bytes[end] == UInt8(ascii: "?") else { return nil }
        return matches(line, ByteRange(start, end), bytes) ? .classify : nil
    }

    private func check(_ method: HTTPMethod) throws(ErrorReply) {
        switch self {
        case .classify: if method != .post { throw .methodNotAllowed("POST") }
        case .health, .readiness, .usage:
            if method != .get && method != .head { throw .methodNotAllowed("GET, HEAD") }
        case .passthrough, .classifier: preconditionFailure("the methods of pass-through are checked with its paths")
        }
    }

    private static func matches(_ path: StaticString, _ range: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        guard range.count == path.utf8CodeUnitCount else { return false }
        return bytes.extracting(range.indices).withUnsafeBufferPointer { shown in
            memcmp(shown.baseAddress!, path.utf8Start, shown.count) == 0
        }
    }
}
