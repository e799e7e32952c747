public import HTTPMessages

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
