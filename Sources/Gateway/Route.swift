import Glibc
import HTTPMessages

/// What a request asks for, by its exact path: nothing is decoded or normalised, so that no spelling of a path
/// reaches a place that another spelling is guarded from (RFC 9110 §4.2.3).
enum Route: Equatable {
    case health, readiness, classify

    private static let names: [(path: StaticString, route: Route)] = [
        ("/v1/classify", .classify), ("/healthz", .health), ("/readyz", .readiness),
    ]

    /// The route of a request, or why it has none.
    static func find(_ head: borrowing RequestHead, in bytes: Span<UInt8>) throws(ErrorReply) -> Route {
        switch head.method {
        // These two name no resource of ours, whatever their target; TRACE would echo credentials (RFC 9110 §9.3.8).
        case .connect, .trace: throw .methodNotAllowed("GET, HEAD, POST")
        case .get, .head, .post, .put, .delete, .patch, .options, .unknown: break
        }
        for (path, route) in names where matches(path, head.path, bytes) {
            try route.check(head.method)
            return route
        }
        guard head.pathIsPlain(bytes) else { throw .pathNotPlain }
        throw head.method == .unknown ? .methodNotAllowed("GET, HEAD, POST") : .notFound
    }

    private func check(_ method: HTTPMethod) throws(ErrorReply) {
        switch self {
        case .classify: if method != .post { throw .methodNotAllowed("POST") }
        case .health, .readiness: if method != .get && method != .head { throw .methodNotAllowed("GET, HEAD") }
        }
    }

    private static func matches(_ path: StaticString, _ range: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        guard range.count == path.utf8CodeUnitCount else { return false }
        return bytes.extracting(range.indices).withUnsafeBufferPointer { shown in
            memcmp(shown.baseAddress!, path.utf8Start, shown.count) == 0
        }
    }
}
