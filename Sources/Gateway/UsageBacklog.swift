import Authentication
import Budgeting
import Vocabulary

/// A worker's counts that are not in the store yet, each row once. Pure.
///
/// What the store could not take stays, and later counts are added to it.
struct UsageBacklog {
    /// Of rows, refusals and keys each; beyond it, while the store takes none, the newest are lost.
    static let rowsMax = 50_000

    private struct Row: Hashable {
        let day: BudgetDay
        let team: TeamID
        let key: TeamKeyID
        let model: String
    }

    private var counts: [Row: UsageCounts] = [:]
    private(set) var refusals: [ShadowRefusals] = []
    /// When keys were last used: the moment at which that was noticed, since no request looks at a clock for it.
    private var usedAt: [TeamKeyID: Timestamp] = [:]

    var isEmpty: Bool { counts.isEmpty && refusals.isEmpty && usedAt.isEmpty }

    var rows: [UsageRow] {
        counts.map { UsageRow(day: $0.day, team: $0.team, key: $0.key, model: $0.model, counts: $1) }
    }

    var uses: [TeamKeyUse] { usedAt.map { TeamKeyUse(key: $0, at: $1) } }

    /// Adds what a tally has counted, and empties it.
    mutating func take(_ tally: UsageTally, day: BudgetDay, at now: Timestamp) {
        if usedAt.count < Self.rowsMax || usedAt[tally.key] != nil { usedAt[tally.key] = now }
        for row in tally.take(day: day) {
            let key = Row(day: row.day, team: row.team, key: row.key, model: row.model)
            guard counts.count < Self.rowsMax || counts[key] != nil else { continue }
            counts[key, default: UsageCounts()].add(row.counts)
        }
    }

    mutating func add(_ others: [ShadowRefusals]) {
        refusals += others.prefix(max(0, Self.rowsMax - refusals.count))
    }

    /// The store has taken all there was.
    mutating func removeAll() { self = UsageBacklog() }
}
