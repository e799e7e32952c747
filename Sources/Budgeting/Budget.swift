public import Vocabulary

/// The period a budget's limit applies to. All but `total` start on a calendar boundary.
public enum BudgetWindow: String, Sendable, CaseIterable {
    case day
    /// Starts on Monday.
    case week
    case month
    /// All time; never resets.
    case total
}

/// A limit on what a scope may spend within a window. Immutable.
public struct Budget: Sendable, Equatable {
    public let window: BudgetWindow
    public let limit: MicroCredits
    /// False for a shadow budget: it is counted and reported, and refuses nothing.
    public let isEnforced: Bool
    /// Shares of the limit, in millionths, at which an alert is raised.
    public let alertAtMillionths: [Int64]

    public init(window: BudgetWindow, limit: MicroCredits, isEnforced: Bool, alertAtMillionths: [Int64] = []) {
        self.window = window
        self.limit = limit
        self.isEnforced = isEnforced
        self.alertAtMillionths = alertAtMillionths
    }
}

/// The teams or keys that share a budget.
public enum BudgetScope: Hashable, Sendable {
    case organization
    case team(TeamID)
    /// A team's key.
    case key(TeamKeyID)
    /// One of our keys at the vendor, limited by its `monthly_credits`.
    case upstreamKey(UpstreamKeyID)
}

extension BudgetScope {
    /// The names of the kinds in the API, in alerts and in the store, in the order of lists.
    public enum Kind: String, Sendable, CaseIterable {
        case organization, team, key
        case upstreamKey = "upstream_key"
    }

    /// The kind and the identifier, which is empty for the organization.
    public var names: (kind: Kind, id: String) {
        switch self {
        case .organization: (.organization, "")
        case .team(let team): (.team, team.rawValue)
        case .key(let key): (.key, key.rawValue)
        case .upstreamKey(let key): (.upstreamKey, key.rawValue)
        }
    }

    public init(_ kind: Kind, id: String) {
        switch kind {
        case .organization: self = .organization
        case .team: self = .team(TeamID(rawValue: id))
        case .key: self = .key(TeamKeyID(rawValue: id))
        case .upstreamKey: self = .upstreamKey(UpstreamKeyID(rawValue: id))
        }
    }
}
