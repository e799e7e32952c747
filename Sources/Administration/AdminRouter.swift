import Forms
public import HTTPMessages

/// Finds the resource of a path. Confined to the server's loop.
///
/// Segments are compared exactly. Nothing is decoded or normalised, so no alternative spelling of a path bypasses the
/// guard on it (RFC 9110 §4.2.3). No path matches two patterns.
struct AdminRouter {
    /// A known path.
    struct Match {
        let resource: AdminResource
        let parameters: [String]
    }

    private static let guardedPath = "/admin/v1"
    private(set) var resources: [AdminResource] = []

    /// Traps on routes that contradict each other, and on a route that needs a token outside the guarded paths.
    init(_ routes: [AdminRoute]) {
        for route in routes {
            precondition(route.role == nil || Self.isGuarded(route.pattern), "\(route.pattern) is not guarded")
            let pattern = RoutePattern(route.pattern)
            if let index = resources.firstIndex(where: { $0.pattern == pattern }) {
                resources[index].add(route)
            } else {
                precondition(!resources.contains { $0.pattern.overlaps(pattern) }, "\(route.pattern) is ambiguous")
                resources.append(AdminResource(route))
            }
        }
    }

    func find(_ path: String) -> Match? {
        guard let segments = RoutePattern.split(path) else { return nil }
        for resource in resources {
            if let parameters = resource.pattern.parameters(segments) {
                return Match(resource: resource, parameters: parameters)
            }
        }
        return nil
    }

    /// Whether a path, known or not, is answered only to clients with a token.
    static func isGuarded(_ path: String) -> Bool { path == guardedPath || path.hasPrefix(guardedPath + "/") }

    /// The answer to an unknown path. Three methods never name a resource here, whatever their target.
    static func refusal(_ method: HTTPMethod) -> AdminFault {
        switch method {
        case .connect, .trace, .unknown: .methodNotAllowed(allow: "GET, HEAD, POST, PUT, PATCH, DELETE")
        case .get, .head, .post, .put, .delete, .patch, .options: .noSuchPath
        }
    }
}

/// The handler of one method on the paths of one pattern. Confined to the server's loop.
public struct AdminRoute {
    /// Answers a request by calling the closure at most once: immediately, later, or never when no client waits any
    /// more. Runs in the server's loop, where the closure must be called too.
    public typealias Handler = (AdminRequest, @escaping (AdminReply) -> Void) -> Void

    /// `get` answers HEAD too.
    public let method: HTTPMethod
    /// Exact segments and parameters: `/admin/v1/teams/{team}/keys`.
    public let pattern: String
    /// The lowest role that may call it; nil when no token is needed.
    public let role: AdminRole?
    public let handler: Handler

    public init(_ method: HTTPMethod, _ pattern: String, role: AdminRole?, handler: @escaping Handler) {
        self.method = method
        self.pattern = pattern
        self.role = role
        self.handler = handler
    }
}

/// The paths that one pattern matches: the same number of segments, the exact ones equal byte for byte.
struct RoutePattern: Equatable {
    private enum Segment: Equatable { case exact(String), parameter }

    private let segments: [Segment]

    /// Traps on a pattern that does not begin with a slash.
    init(_ text: String) {
        guard let parts = Self.split(text) else { preconditionFailure("a pattern begins with a slash: \(text)") }
        segments = parts.map { $0.hasPrefix("{") && $0.hasSuffix("}") ? .parameter : .exact(String($0)) }
    }

    /// The segments of a path; nil when `path` is not one.
    static func split(_ path: String) -> [Substring]? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    /// The values of the parameters, in order; nil when the path does not match.
    func parameters(_ path: [Substring]) -> [String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String] = []
        for (segment, shown) in zip(segments, path) {
            switch segment {
            case .exact(let text): if !text.utf8.elementsEqual(shown.utf8) { return nil }
            case .parameter:
                guard Identifier.isSound(String(shown)) else { return nil }
                parameters.append(String(shown))
            }
        }
        return parameters
    }

    /// Whether some path matches both patterns.
    func overlaps(_ other: RoutePattern) -> Bool {
        segments.count == other.segments.count
            && zip(segments, other.segments).allSatisfy { one, two in
                one == two || one == .parameter || two == .parameter
            }
    }
}
