import Budgeting
import Forms
import JSON
import Registry
import Vocabulary

/// The JSON of teams and keys in the admin API and the audit log.
extension RegistryItem {
    var json: JSONValue {
        switch self {
        case .team(let team, let source): team.json(source)
        case .teamKey(let key, let source, let now): key.json(source, at: now)
        case .upstreamKey(let key, let source): key.json(source)
        }
    }
}

extension TeamRecord {
    /// The members that `TeamForm` reads, with the identifier and the source.
    func json(_ source: RegistrySource) -> JSONValue {
        .object([
            ("id", .string(id.rawValue)), ("name", .string(name)), ("account", .string(account.rawValue)),
            ("budgets", .array(budgets.map(\.json))),
            ("requests_per_second", .orNull(limits.requestsPerSecondMillionths) { .millionths($0) }),
            ("max_concurrency", .orNull(limits.concurrencyMax) { .integer($0) }),
            ("models", .orNull(limits.models) { .array($0.sorted().map { .string($0) }) }),
            ("cache_scope", .orNull(cacheScope) { .string($0.rawValue) }), ("source", .string(source.rawValue)),
        ])
    }
}

extension TeamKeyRecord {
    func json(_ source: RegistrySource, at now: Timestamp) -> JSONValue {
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

extension UpstreamKeyEntry {
    /// The members shown by the admin API, except what only the rings know.
    func json(_ source: RegistrySource) -> JSONValue {
        .object([
            ("id", .string(key.id.rawValue)), ("account", .string(key.account.rawValue)),
            ("weight", .integer(key.weight)), ("state", .string(key.operatorState.rawValue)),
            ("not_before", .orNull(key.notBefore) { .time($0) }), ("not_after", .orNull(key.notAfter) { .time($0) }),
            ("monthly_credits", .orNull(monthlyCredits) { .credits($0) }), ("source", .string(source.rawValue)),
            ("created_at", .orNull(createdAt) { .time($0) }),
        ])
    }
}

extension Budget {
    /// The members that `BudgetForm` reads.
    fileprivate var json: JSONValue {
        .object([
            ("window", .string(window.rawValue)), ("credits", .credits(limit)),
            ("alert_at", .array(alertAtMillionths.map { .millionths($0) })), ("enforce", .bool(isEnforced)),
        ])
    }
}
