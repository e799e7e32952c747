import ArgumentParser

/// What can be taken off a team.
struct TeamRemovals: ParsableArguments {
    @Flag(name: .customLong("no-budgets"), help: "Take all budgets of its own off.") var noBudgets = false
    @Flag(name: .customLong("no-requests-per-second"), help: "Take the limit of the rate off.") var noRate = false
    @Flag(name: .customLong("no-max-concurrency"), help: "Take the limit of requests at once off.")
    var noMaxConcurrency = false
    @Flag(name: .customLong("no-models"), help: "Let it use every model.") var noModels = false
    @Flag(name: .customLong("no-cache-scope"), help: "Go by the scope that the cache has.") var noCacheScope = false

    func write(to members: inout MemberList) {
        members.clear("budgets", if: noBudgets, with: .array([]))
        members.clear("requests_per_second", if: noRate)
        members.clear("max_concurrency", if: noMaxConcurrency)
        members.clear("models", if: noModels)
        members.clear("cache_scope", if: noCacheScope)
    }

    /// Nothing is set and taken off at once.
    func validate(beside team: TeamOptions) throws {
        let clashes = [
            ("budget", noBudgets && !team.budgets.isEmpty),
            ("requests-per-second", noRate && team.requestsPerSecond != nil),
            ("max-concurrency", noMaxConcurrency && team.maxConcurrency != nil),
            ("model", noModels && !team.models.isEmpty),
            ("cache-scope", noCacheScope && team.cacheScope != nil),
        ]
        for (name, isClash) in clashes where isClash {
            throw ValidationError("--\(name) is given together with the option that takes it off")
        }
    }
}
