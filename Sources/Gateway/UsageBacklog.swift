import Authentication
import Budgeting
import Vocabulary

/// A worker's counts that are not in the store yet, one entry per row. Pure.
///
/// Counts that the store could not take stay, and later counts are added to them.
struct UsageBacklog {
    /// The maximum number of rows, of refusals and of keys. Beyond it, while the store fails, new ones are lost.
    static let rowsMax = 50_000

    private struct Row: Hashable {
        let day: BudgetDay
        let team: TeamID
        let key: TeamKeyID
        let model: String
    }

    private struct DocumentRow: Hashable {
        let day: BudgetDay
        let documentID: String
    }

    private var counts: [Row: UsageCounts] = [:]
    private var documentCounts: [DocumentRow: UsageCounts] = [:]
    private(set) var refusals: [ShadowRefusals] = []
    /// When keys were last used, to the second: the first request since the last report, since the others do not record
    /// it.
    private var usedAt: [TeamKeyID: Timestamp] = [:]

    private var upstreamUsedAt: [UpstreamKeyID: Timestamp] = [:]

    var isEmpty: Bool { counts.isEmpty && refusals.isEmpty && usedAt.isEmpty && upstreamUsedAt.isEmpty }

    var rows: [UsageRow] {
        counts.map { UsageRow(day: $0.day, team: $0.team, key: $0.key, model: $0.model, counts: $1) }
    }

    var documents: [DocumentUsage] {
        documentCounts.map { DocumentUsage(day: $0.day, documentID: $0.documentID, counts: $1) }
    }

    var uses: [TeamKeyUse] { usedAt.map { TeamKeyUse(key: $0, at: $1) } }

    var upstreamUses: [UpstreamKeyUse] { upstreamUsedAt.map { UpstreamKeyUse(key: $0, at: $1) } }

    /// All of it, to be stored.
    func report(at now: Timestamp) -> UsageReport {
        var report = UsageReport(at: now)
        report.rows = rows
        report.documents = documents
        report.refusals = refusals
        report.uses = uses
        report.upstreamUses = upstreamUses
        return report
    }

    /// Adds the counts of a tally, and empties the tally.
    ///
    /// - Parameter moment: of the first of these counts.
    mutating func take(_ tally: UsageTally, day: BudgetDay, usedAt moment: Timestamp) {
        if usedAt.count < Self.rowsMax || usedAt[tally.key] != nil { usedAt[tally.key] = moment }
        for row in tally.takeDocuments(day: day) {
            let key = DocumentRow(day: row.day, documentID: row.documentID)
            guard documentCounts.count < Self.rowsMax || documentCounts[key] != nil else { continue }
            documentCounts[key, default: UsageCounts()].add(row.counts)
        }
        for row in tally.take(day: day) {
            let key = Row(day: row.day, team: row.team, key: row.key, model: row.model)
            guard counts.count < Self.rowsMax || counts[key] != nil else { continue }
            counts[key, default: UsageCounts()].add(row.counts)
        }
    }

    mutating func add(_ others: [ShadowRefusals]) {
        refusals += others.prefix(max(0, Self.rowsMax - refusals.count))
    }

    /// Adds when upstream keys were last used; there are no more keys than the gate has had.
    mutating func add(upstream uses: [UpstreamKeyID: Timestamp]) {
        for (key, moment) in uses where upstreamUsedAt.count < Self.rowsMax || upstreamUsedAt[key] != nil {
            upstreamUsedAt[key] = moment
        }
    }

    /// The store has taken everything.
    mutating func removeAll() { self = UsageBacklog() }
}
