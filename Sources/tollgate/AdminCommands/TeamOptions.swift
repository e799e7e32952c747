import ArgumentParser

/// The values that can be set for a team.
struct TeamOptions: ParsableArguments {
    @Option(help: "What people call it.") var name: String?

    @Option(help: "The vendor account that its documents belong to.") var account: String?

    @Option(
        name: .customLong("budget"),
        help: ArgumentHelp(
            "A limit of credits for day, week, month or total; may be given several times.",
            discussion: "month=10000 refuses what goes beyond it; month=10000:shadow only counts; "
                + "month=10000:alert=0.8,1 tells when these shares of it are spent.",
            valueName: "window=credits[:shadow][:alert=shares]"
        )
    )
    var budgets: [BudgetArgument] = []

    @Option(help: ArgumentHelp("Requests per second, decimals allowed.", valueName: "number"))
    var requestsPerSecond: DecimalArgument?

    @Option(help: ArgumentHelp("Requests under way at once.", valueName: "count")) var maxConcurrency: Int?

    @Option(
        name: .customLong("model"),
        help: ArgumentHelp("A model that it may use; may be given several times.", valueName: "name")
    )
    var models: [String] = []

    @Option(help: "Whether it shares cached results with the organization or only within the team.")
    var cacheScope: CacheScopeArgument?

    func write(to members: inout MemberList) {
        members.set("name", name)
        members.set("account", account)
        members.set("budgets", budgets.map(\.value))
        members.set("requests_per_second", requestsPerSecond?.value)
        members.set("max_concurrency", maxConcurrency.map { .number(String($0)) })
        members.set("models", models.map { .string($0) })
        members.set("cache_scope", cacheScope?.rawValue)
    }
}

/// The values that can be removed from a team.
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

    /// Refuses a value that is both set and removed.
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
