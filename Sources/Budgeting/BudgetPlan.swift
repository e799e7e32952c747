public import Vocabulary

/// All budgets and the initial prices of estimates, from the current configuration. Immutable; replaced as a whole.
public struct BudgetPlan: Sendable, Equatable {
    /// The identifier of an existing time zone, like `Europe/Zurich`; its calendar bounds the windows.
    public var timeZone: String
    public var organization: [Budget]
    public var teams: [TeamID: [Budget]]
    public var keys: [TeamKeyID: [Budget]]
    /// `monthly_credits` of the upstream keys that have it.
    public var upstreamKeys: [UpstreamKeyID: MicroCredits]
    /// Credits per page of a model, until replies have told its price.
    public var creditsPerPage: [String: MicroCredits]
    /// The page count assumed for an unknown document; at least 1.
    public var assumedPages: Int

    public init(
        timeZone: String = "UTC",
        organization: [Budget] = [],
        teams: [TeamID: [Budget]] = [:],
        keys: [TeamKeyID: [Budget]] = [:],
        upstreamKeys: [UpstreamKeyID: MicroCredits] = [:],
        creditsPerPage: [String: MicroCredits] = [:],
        assumedPages: Int = 10
    ) {
        self.timeZone = timeZone
        self.organization = organization
        self.teams = teams
        self.keys = keys
        self.upstreamKeys = upstreamKeys
        self.creditsPerPage = creditsPerPage
        self.assumedPages = assumedPages
    }
}
