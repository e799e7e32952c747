public import Vocabulary

/// All budgets and what estimates start from, as the configuration of the moment has them. Immutable; replaced whole.
public struct BudgetPlan: Sendable, Equatable {
    /// The identifier of a time zone that exists, like `Europe/Zurich`; its calendar bounds the windows.
    public var timeZone: String
    public var organization: [Budget]
    public var teams: [TeamID: [Budget]]
    public var keys: [TeamKeyID: [Budget]]
    /// `monthly_credits` of the vendor's keys that have it.
    public var upstreamKeys: [UpstreamKeyID: MicroCredits]
    /// Credits per page of a model before a reply has told.
    public var creditsPerPage: [String: MicroCredits]
    /// The pages of a document that nothing is known of; at least 1.
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
