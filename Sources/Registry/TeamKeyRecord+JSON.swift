import Forms
public import Keying
public import Vocabulary

/// A team's key as the admin API shows it.
extension TeamKeyRecord {
    /// What a key is good for at a moment.
    public enum State: String, Sendable {
        case active
        case expired
        case revoked
    }

    public func state(at now: Timestamp) -> State {
        if revokedAt != nil { return .revoked }
        if let notAfter, now >= notAfter { return .expired }
        return .active
    }

    public func json(_ source: RegistrySource, at now: Timestamp) -> JSONValue {
        .object([
            ("id", .string(id.rawValue)), ("team", .string(team.rawValue)), ("name", .string(name)),
            ("state", .string(state(at: now).rawValue)), ("source", .string(source.rawValue)),
            ("public_id", .orNull(publicID) { .string($0) }), ("not_after", .orNull(notAfter) { .time($0) }),
            ("budgets", .array(budgets.map(\.json))), ("created_at", .orNull(createdAt) { .time($0) }),
            ("rotated_at", .orNull(rotatedAt) { .time($0) }), ("revoked_at", .orNull(revokedAt) { .time($0) }),
            ("previous_valid_until", .orNull(retiring.map(\.until).filter { $0 > now }.max()) { .time($0) }),
        ])
    }
}
