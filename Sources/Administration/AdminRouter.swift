import Forms
public import HTTPMessages

/// Finds what answers a path. Confined to the server's loop.
///
/// By its exact segments: nothing is decoded or normalised, so that no spelling of a path reaches what another
/// spelling is guarded from (RFC 9110 §4.2.3). No path belongs to two patterns.
struct AdminRouter {
    /// A path that is known.
    struct Match {
        let resource: AdminResource
        let parameters: [String]
    }

    private static let guardedPath = "/admin/v1"
    private var resources: [AdminResource] = []

    /// Traps on routes that contradict each other, and on one that needs a token where none is asked for.
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

    /// Whether a path, known or not, is answered only to those who have a token.
    static func isGuarded(_ path: String) -> Bool { path == guardedPath || path.hasPrefix(guardedPath + "/") }

    /// What is said of a path that is not known. Three methods name no resource here, whatever their target.
    static func refusal(_ method: HTTPMethod) -> AdminFault {
        switch method {
        case .connect, .trace, .unknown: .methodNotAllowed(allow: "GET, HEAD, POST, PUT, PATCH, DELETE")
        case .get, .head, .post, .put, .delete, .patch, .options: .noSuchPath
        }
    }
}

/// What answers one method on the paths of one pattern. Confined to the server's loop.
public struct AdminRoute {
    /// Answers a request by calling the closure once: at once, later, or never when nobody waits any more. It is
    /// called in the server's loop.
    public typealias Handler = (AdminRequest, @escaping (AdminReply) -> Void) -> Void

    /// `get` answers HEAD too.
    public let method: HTTPMethod
    /// `/admin/v1/teams/{team}/keys`: segments that are exact, and parameters.
    public let pattern: String
    /// The least role that may call it; nil for what needs no token.
    public let role: AdminRole?
    public let handler: Handler

    public init(_ method: HTTPMethod, _ pattern: String, role: AdminRole?, handler: @escaping Handler) {
        self.method = method
        self.pattern = pattern
        self.role = role
        self.handler = handler
    }
}

/// The paths that one pattern stands for: as many segments, the exact ones equal byte for byte.
struct RoutePattern: Equatable {
    private enum Segment: Equatable { case exact(String), parameter }

    private let segments: [Segment]

    /// Traps on what does not begin with a slash.
    init(_ text: String) {
        guard let parts = Self.split(text) else { preconditionFailure("a pattern begins with a slash: \(text)") }
        segments = parts.map { $0.hasPrefix("{") && $0.hasSuffix("}") ? .parameter : .exact(String($0)) }
    }

    /// The segments of a path; nil for what is none.
    static func split(_ path: String) -> [Substring]? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    /// What stands in the place of the parameters, in order; nil when the path is another one.
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

    /// Whether some path belongs to both.
    func overlaps(_ other: RoutePattern) -> Bool {
        segments.count == other.segments.count
            && zip(segments, other.segments).allSatisfy { one, two in
                one == two || one == .parameter || two == .parameter
            }
    }
}
