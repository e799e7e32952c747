/// What the holder of an admin token may do. Each role includes the roles before it (`docs/api.md` §6).
public enum AdminRole: Int, Comparable, Sendable, CaseIterable {
    /// May read.
    case viewer
    /// May also change team keys, key states, cache, reservations and grants.
    case `operator`
    /// May do everything.
    case admin

    /// The role with that name.
    public init?(name: String) {
        guard let role = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = role
    }

    /// The name in configuration, audit log and replies.
    public var name: String {
        switch self {
        case .viewer: "viewer"
        case .operator: "operator"
        case .admin: "admin"
        }
    }

    public static func < (left: AdminRole, right: AdminRole) -> Bool { left.rawValue < right.rawValue }
}
