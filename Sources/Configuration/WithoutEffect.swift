import Budgeting

/// Members that are validated and have no effect yet. A row goes when its function comes.
enum WithoutEffect {
    private static let prefixes = [
        "listen.drain_delay", "admin.hosts", "admin.tls", "cache.classifier_ttl", "store.password",
        "store.migrate", "store.stale_for", "alerts",
    ]

    /// A line for each member that is set, in order of their paths.
    static func lines(setPaths: Set<String>, _ configuration: GatewayConfiguration) -> [String] {
        var paths = prefixes.filter { setPaths.contains($0) }
        paths += alerts("budgets.organization", configuration.budgets.organization)
        for (index, team) in configuration.teams.enumerated() {
            paths += alerts("teams[\(index)].budgets", team.record.budgets)
            for (number, key) in team.keys.enumerated() {
                paths += alerts("teams[\(index)].keys[\(number)].budgets", key.budgets)
            }
        }
        return paths.map { "\($0): has no effect yet" }
    }

    private static func alerts(_ path: String, _ budgets: [Budget]) -> [String] {
        budgets.indices.filter { !budgets[$0].alertAtMillionths.isEmpty }.map { "\(path)[\($0)].alert_at" }
    }
}
