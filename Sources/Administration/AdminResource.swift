import HTTPMessages

/// The routes of one pattern. Confined to the server's loop.
struct AdminResource {
    let pattern: RoutePattern
    private(set) var routes: [AdminRoute]

    init(_ route: AdminRoute) {
        pattern = RoutePattern(route.pattern)
        routes = [route]
    }

    /// Whether no token is needed. This is the same for all methods of a path.
    var isPublic: Bool { routes[0].role == nil }

    mutating func add(_ route: AdminRoute) {
        precondition(!routes.contains { $0.method == route.method }, "two routes \(route.method.name) \(route.pattern)")
        precondition((route.role == nil) == isPublic, "a path is public or it is not: \(route.pattern)")
        routes.append(route)
    }

    /// The route of a method. HEAD uses the route of GET; its content is left out of the reply (RFC 9110 §9.3.2).
    func route(_ method: HTTPMethod) -> AdminRoute? {
        let wanted = method == .head ? .get : method
        return routes.first { $0.method == wanted }
    }

    /// The value of `Allow`, RFC 9110 §10.2.1.
    var allow: String {
        routes.map { $0.method == .get ? "GET, HEAD" : "\($0.method.name)" }.joined(separator: ", ")
    }
}
