/// What the holder of an admin token may do; each role may do all that those before it may (`docs/api.md` §6).
public enum AdminRole: Int, Comparable, Sendable, CaseIterable {
    /// Reads.
    case viewer
    /// Besides, team keys, key states, cache, reservations and grants.
    case `operator`
    /// Everything.
    case admin

    /// The role of that name.
    public init?(name: String) {
        guard let role = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = role
    }

    /// As configuration, audit and replies write it.
    public var name: String {
        switch self {
        case .viewer: "viewer"
        case .operator: "operator"
        case .admin: "admin"
        }
    }

    public static func < (left: AdminRole, right: AdminRole) -> Bool { left.rawValue < right.rawValue }
}
