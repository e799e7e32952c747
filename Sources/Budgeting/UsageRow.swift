public import Vocabulary

/// The counts of requests of one kind, without their spend: a row to add to the roll-ups of its day.
public struct UsageRow: Sendable, Equatable {
    /// The maximum number of models of a team counted by name on one day, over all workers and keys: more than any
    /// vendor has. Clients choose these names freely, and each takes rows in the store.
    public static let modelsMax = 64
    /// Counts further models, and all requests that were neither forwarded nor served.
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

/// The counts of requests about one document, to add to the roll-ups of its day. They are part of what the `UsageRow`s
/// of the same report count.
public struct DocumentUsage: Sendable, Equatable {
    /// The maximum number of documents that one key's counts between two reports are kept of. The rest is counted for
    /// no document.
    public static let documentsMax = 1_000

    public var day: BudgetDay
    public var documentID: String
    public var counts: UsageCounts

    public init(day: BudgetDay, documentID: String, counts: UsageCounts) {
        self.day = day
        self.documentID = documentID
        self.counts = counts
    }
}

/// Requests by outcome. Each request is one of hit, collapsed, miss and denied.
public struct UsageCounts: Sendable, Equatable {
    public var hits: Int64 = 0
    public var collapsed: Int64 = 0
    public var misses: Int64 = 0
    /// Refused by a budget, a rate limit, a concurrency limit or the list of models.
    public var denied: Int64 = 0
    /// The amount the vendor would have charged for hits and collapsed requests.
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

/// The number of refusals of a shadow budget, to add to the count of its window.
public struct ShadowRefusals: Sendable, Equatable {
    public var scope: BudgetScope
    public var window: BudgetWindow
    /// The first day of the window; day number 0 for `total`.
    public var start: BudgetDay
    public var count: Int64

    public init(scope: BudgetScope, window: BudgetWindow, start: BudgetDay, count: Int64) {
        self.scope = scope
        self.window = window
        self.start = start
        self.count = count
    }
}

/// The time at which a request last went out with an upstream key.
public struct UpstreamKeyUse: Sendable, Equatable {
    public let key: UpstreamKeyID
    public let at: Timestamp

    public init(key: UpstreamKeyID, at: Timestamp) {
        self.key = key
        self.at = at
    }
}

/// The time at which a client presented a team's key, to the second.
public struct TeamKeyUse: Sendable, Equatable {
    public let key: TeamKeyID
    public let at: Timestamp

    public init(key: TeamKeyID, at: Timestamp) {
        self.key = key
        self.at = at
    }
}
