public import Authentication
public import Budgeting
public import Vocabulary

/// A team as described in the file or through the admin API.
public struct TeamRecord: Sendable, Equatable {
    public let id: TeamID
    /// For people; not unique.
    public var name: String
    /// The vendor account that the team's documents belong to.
    public var account: AccountID
    public var budgets: [Budget]
    public var limits: TeamLimits
    /// Nil for the file's default, `FileRegistry.cacheScope`.
    public var cacheScope: CacheScope?

    public init(
        id: TeamID,
        name: String,
        account: AccountID,
        budgets: [Budget] = [],
        limits: TeamLimits = TeamLimits(),
        cacheScope: CacheScope? = nil
    ) {
        self.id = id
        self.name = name
        self.account = account
        self.budgets = budgets
        self.limits = limits
        self.cacheScope = cacheScope
    }
}

/// The scope within which a team shares results.
public enum CacheScope: String, Sendable, CaseIterable {
    case organization
    case team
}
