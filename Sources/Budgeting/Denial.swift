public import Vocabulary

/// Why a reservation was refused: the budget that it does not fit into, with its balance at that time.
///
/// When several budgets refuse, it is the one whose window ends last, since a retry before that cannot succeed: a
/// `total` before all others, and among equals the organization's before the team's before the key's. A budget whose
/// limit and grants are below the estimate comes before budgets that are only exhausted. The limit of an upstream key
/// is named only when no other budget refuses, so that another upstream key can help.
public struct Denial: Sendable, Equatable {
    public let scope: BudgetScope
    public let window: BudgetWindow
    public let limit: MicroCredits
    /// The sum of the grants in force, beside `limit`.
    public let granted: MicroCredits
    public let spent: MicroCredits
    public let unconfirmed: MicroCredits
    public let reserved: MicroCredits
    /// The amount the request would have reserved.
    public let estimate: MicroCredits
    /// When the next window starts; nil for `total`, which never ends.
    public let resetsAt: Timestamp?

    /// Whether the estimate exceeds the limit and the grants even of an empty window.
    public var neverFits: Bool { estimate > limit + granted }

    /// Whether it also applies to requests of this key of the team to the same vendor account: they share the budget.
    public func concerns(team: TeamID, key: TeamKeyID) -> Bool {
        switch scope {
        case .organization, .upstreamKey: true
        case .team(let refused): team == refused
        case .key(let refused): key == refused
        }
    }

    public init(
        scope: BudgetScope,
        window: BudgetWindow,
        limit: MicroCredits,
        granted: MicroCredits = .zero,
        spent: MicroCredits,
        unconfirmed: MicroCredits,
        reserved: MicroCredits,
        estimate: MicroCredits,
        resetsAt: Timestamp?
    ) {
        self.scope = scope
        self.window = window
        self.limit = limit
        self.granted = granted
        self.spent = spent
        self.unconfirmed = unconfirmed
        self.reserved = reserved
        self.estimate = estimate
        self.resetsAt = resetsAt
    }
}
