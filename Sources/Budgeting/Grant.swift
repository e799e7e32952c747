public import Vocabulary

/// One-off extra room in a team's budgets of one window, enforced and shadow alike, in one period of that window.
/// Immutable.
public struct Grant: Sendable, Equatable {
    /// Ascends with the time of the grants.
    public let id: Int64
    public let team: TeamID
    public let window: BudgetWindow
    /// The first day of the period; day number 0 for `total`.
    public let start: BudgetDay
    /// Above zero.
    public let credits: MicroCredits
    /// As the operator gave it; nil for the end of the period.
    public let expiresAt: Timestamp?
    /// The first instant at which it no longer counts: the end of the period, or `expiresAt` before that. Nil for
    /// never.
    public let endsAt: Timestamp?
    public let reason: String
    /// The name of the token that authorized it.
    public let actor: String
    public let createdAt: Timestamp

    public init(
        id: Int64,
        team: TeamID,
        window: BudgetWindow,
        start: BudgetDay,
        credits: MicroCredits,
        expiresAt: Timestamp?,
        endsAt: Timestamp?,
        reason: String,
        actor: String,
        createdAt: Timestamp
    ) {
        self.id = id
        self.team = team
        self.window = window
        self.start = start
        self.credits = credits
        self.expiresAt = expiresAt
        self.endsAt = endsAt
        self.reason = reason
        self.actor = actor
        self.createdAt = createdAt
    }

    /// Whether it has not ended yet.
    public func isOpen(at now: Timestamp) -> Bool { endsAt.map { now < $0 } ?? true }
}

/// What an operator grants: the part of a grant that is not decided by its time.
public struct GrantTerms: Sendable, Equatable {
    public let team: TeamID
    public let window: BudgetWindow
    public let credits: MicroCredits
    /// Nil for the end of the period.
    public let expiresAt: Timestamp?
    public let reason: String
    public let actor: String

    public init(
        team: TeamID,
        window: BudgetWindow,
        credits: MicroCredits,
        expiresAt: Timestamp?,
        reason: String,
        actor: String
    ) {
        self.team = team
        self.window = window
        self.credits = credits
        self.expiresAt = expiresAt
        self.reason = reason
        self.actor = actor
    }
}
