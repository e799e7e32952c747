import HTTPMessages

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
