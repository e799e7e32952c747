public import Vocabulary

/// What requests of one kind came to beside what was spent: a row to add to the roll-ups of its day.
public struct UsageRow: Sendable, Equatable {
    /// How many models of a team are counted by name on one day, over all workers and keys: more than any vendor has.
    /// Clients make these names up, and each has rows that are kept.
    public static let modelsMax = 64
    /// What further models are counted as, and all requests that were neither forwarded nor served.
    public static let otherModels = "(other)"

    public var day: BudgetDay
    public var team: TeamID
    public var key: TeamKeyID
    /// As the request named it, or `otherModels`.
    public var model: String
    public var counts: UsageCounts

    public init(day: BudgetDay, team: TeamID, key: TeamKeyID, model: String, counts: UsageCounts) {
        self.day = day
        self.team = team
        self.key = key
        self.model = model
        self.counts = counts
    }
}

/// Requests by what became of them. Each request is one of hit, collapsed, miss and denied.
public struct UsageCounts: Sendable, Equatable {
    public var hits: Int64 = 0
    public var collapsed: Int64 = 0
    public var misses: Int64 = 0
    /// Refused for a budget, a rate, a concurrency or a model.
    public var denied: Int64 = 0
    /// What the vendor would have charged for hits and collapsed requests.
    public var saved = MicroCredits.zero

    public init() {}

    public var requests: Int64 { hits + collapsed + misses + denied }

    public mutating func add(_ other: UsageCounts) {
        hits += other.hits
        collapsed += other.collapsed
        misses += other.misses
        denied += other.denied
        saved = saved.saturatingAdd(other.saved)
    }
}

/// How often a shadow budget would have refused, to add to what its window has already.
public struct ShadowRefusals: Sendable, Equatable {
    public var scope: BudgetScope
    public var window: BudgetWindow
    /// The first day of the window; of `total` the number is 0.
    public var start: BudgetDay
    public var count: Int64

    public init(scope: BudgetScope, window: BudgetWindow, start: BudgetDay, count: Int64) {
        self.scope = scope
        self.window = window
        self.start = start
        self.count = count
    }
}

/// That a team's key was shown, to the second.
public struct TeamKeyUse: Sendable, Equatable {
    public let key: TeamKeyID
    public let at: Timestamp

    public init(key: TeamKeyID, at: Timestamp) {
        self.key = key
        self.at = at
    }
}
