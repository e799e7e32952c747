public import Vocabulary

/// The stretch of time that a budget's limit holds for. Each but `total` starts on a calendar bound.
public enum BudgetWindow: String, Sendable, CaseIterable {
    case day
    /// From Monday.
    case week
    case month
    /// All of time: it never starts again.
    case total
}

/// A limit on what a scope may spend within a window. Immutable.
public struct Budget: Sendable, Equatable {
    public let window: BudgetWindow
    public let limit: MicroCredits
    /// False for a shadow budget: it is counted and reported, and refuses nothing.
    public let isEnforced: Bool
    /// Shares of the limit, in millionths, at which somebody wants to be told.
    public let alertAtMillionths: [Int64]

    public init(window: BudgetWindow, limit: MicroCredits, isEnforced: Bool, alertAtMillionths: [Int64] = []) {
        self.window = window
        self.limit = limit
        self.isEnforced = isEnforced
        self.alertAtMillionths = alertAtMillionths
    }
}

/// Who shares a budget.
public enum BudgetScope: Hashable, Sendable {
    case organization
    case team(TeamID)
    /// A team's key.
    case key(TeamKeyID)
    /// A key of ours at the vendor, by its `monthly_credits`.
    case upstreamKey(UpstreamKeyID)
}
