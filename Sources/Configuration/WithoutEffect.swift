/// Members that are validated and have no effect yet. A row goes when its function comes.
enum WithoutEffect {
    private static let prefixes = [
        "admin", "passthrough", "budgets", "alerts", "upstream.credits_per_page", "upstream.assumed_pages",
        "cache.classifier_ttl",
    ]
    private static let keyMembers = ["weight", "not_before", "not_after", "monthly_credits"]
    private static let teamMembers = ["budgets", "requests_per_second", "max_concurrency", "models"]

    /// A line for each member that is set, in order of their paths.
    static func lines(setPaths: Set<String>, _ configuration: GatewayConfiguration) -> [String] {
        var paths = prefixes.filter { setPaths.contains($0) }
        for index in configuration.upstream.keys.indices {
            let path = "upstream.keys[\(index)]"
            if index > 0 {
                paths.append(path)
            } else {
                paths += keyMembers.map { "\(path).\($0)" }.filter { setPaths.contains($0) }
            }
        }
        for (index, team) in configuration.teams.enumerated() {
            paths += teamMembers.map { "teams[\(index)].\($0)" }.filter { setPaths.contains($0) }
            paths += team.keys.indices.map { "teams[\(index)].keys[\($0)].budgets" }.filter { setPaths.contains($0) }
        }
        if configuration.sqlitePath == nil { paths.append("store.url") }
        return paths.map { "\($0): has no effect yet" }
    }
}
