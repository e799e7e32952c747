internal import Budgeting
internal import Reporting
import Vocabulary

/// What a transaction adds to roll-ups and counts. Equal keys are added up here, and end at the greatest number as they
/// do in the tables.
struct SumChanges {
    private var usage: [UsageTable.Key: SpendCounts] = [:]
    private var accounts: [UsageAccountTable.Key: SpendCounts] = [:]
    private var documents = DocumentChanges()
    private var quarters: [Int64: SpendCounts] = [:]
    private var refusals: [ShadowRefusalTable.Key: Int64] = [:]
    /// The latest moment of each key.
    private var uses: [KeyText: Timestamp] = [:]
    private var upstreamUses: [KeyText: Timestamp] = [:]

    var isEmpty: Bool {
        usage.isEmpty && accounts.isEmpty && documents.isEmpty && quarters.isEmpty && refusals.isEmpty
            && uses.isEmpty && upstreamUses.isEmpty
    }

    // MARK: Adding

    /// Adds how a reservation ended to its day.
    mutating func add(_ ending: ReservationEnding) {
        var counts = SpendCounts()
        (counts.spent, counts.unconfirmed) = ending.amounts
        if counts == SpendCounts() { return }
        let (day, ask) = (ending.reservation.day, ending.reservation.ask)
        let key = UsageTable.Key(
            day: day,
            team: ask.team,
            key: ask.key,
            model: ask.model,
            upstreamKey: KeyText(ask.upstreamKey.rawValue)
        )
        usage[key, default: SpendCounts()].add(counts)
        accounts[UsageAccountTable.Key(account: ask.account, day: day), default: SpendCounts()].add(counts)
        documents.add(counts, about: PackedDocument(ask.documentID), on: day)
    }

    /// Adds counts of requests, and when keys were used.
    mutating func add(_ report: UsageReport) {
        for row in report.rows {
            // These belong to no upstream key.
            let key = UsageTable.Key(
                day: row.day,
                team: row.team,
                key: row.key,
                model: row.model,
                upstreamKey: KeyText("")
            )
            usage[key, default: SpendCounts()].add(SpendCounts(row.counts))
        }
        if !report.rows.isEmpty {
            var sum = SpendCounts()
            for row in report.rows { sum.add(SpendCounts(row.counts)) }
            quarters[UsageQuarterTable.quarter(of: report.at), default: SpendCounts()].add(sum)
        }
        documents.add(report.rows, report.documents)
        for row in report.refusals {
            let key = ShadowRefusalTable.Key(row)
            refusals[key] = (refusals[key] ?? 0).saturatingAdd(row.count)
        }
        for use in report.uses { Self.note(use.at, of: use.key.rawValue, in: &uses) }
        for use in report.upstreamUses { Self.note(use.at, of: use.key.rawValue, in: &upstreamUses) }
    }

    private static func note(_ moment: Timestamp, of key: String, in uses: inout [KeyText: Timestamp]) {
        let key = KeyText(key)
        uses[key] = max(uses[key] ?? moment, moment)
    }

    // MARK: Writing

    /// In the order of tables in which all transactions write them, each table in the order of its key.
    func write(_ places: SumPlaces, on connection: StoreConnection) throws {
        let usage = places.named(usage)
        try places.models.save(on: connection)
        for (key, counts) in usage.sorted(by: { $0.key < $1.key }) {
            try UsageTable.add(counts, to: key, on: connection)
        }
        for (key, counts) in accounts.sorted(by: { $0.key < $1.key }) {
            try UsageAccountTable.add(counts, to: key, on: connection)
        }
        try UsageDocumentTable.add(documents, places.documents, on: connection)
        for (quarter, counts) in quarters.sorted(by: { $0.key < $1.key }) {
            try UsageQuarterTable.add(counts, to: quarter, on: connection)
        }
        if let latest = quarters.keys.max() { try UsageQuarterTable.removeOld(before: latest, on: connection) }
        for (key, count) in refusals.sorted(by: { $0.key < $1.key }) {
            try ShadowRefusalTable.add(count, to: key, on: connection)
        }
        for (key, moment) in uses.sorted(by: { $0.key < $1.key }) {
            try KeyUseTable.note(moment, of: key, on: connection)
        }
        for (key, moment) in upstreamUses.sorted(by: { $0.key < $1.key }) {
            try UpstreamKeyUseTable.note(moment, of: key, on: connection)
        }
    }

    fileprivate var models: [UsageModelTable.Key] { Set(usage.keys.map(\.modelKey)).sorted() }

    fileprivate var documentsByDay: [(day: BudgetDay, parts: DocumentChanges.Day)] { documents.days }
}

/// Under which names sums are counted: asked for before they are written. Confined to the writer's thread.
final class SumPlaces {
    let models: ModelPlaces
    let documents: [BudgetDay: DocumentPlaces]

    /// Sends the look-ups.
    init(for sums: SumChanges, _ connection: StoreConnection) throws {
        models = try ModelPlaces(for: sums.models, connection)
        documents = try sums.documentsByDay.reduce(into: [:]) { places, day in
            places[day.day] = try DocumentPlaces(for: day.parts.named, on: day.day, connection)
        }
    }

    /// The sums with the names under which models are counted; those that have none are added up.
    fileprivate func named(_ usage: [UsageTable.Key: SpendCounts]) -> [UsageTable.Key: SpendCounts] {
        var unnamed: Set<UsageModelTable.Key> = []
        // In order, so that nodes which take the last place do not depend on chance.
        for model in Set(usage.keys.map(\.modelKey)).sorted() where !models.take(model) { unnamed.insert(model) }
        if unnamed.isEmpty { return usage }
        return usage.reduce(into: [:]) { named, entry in
            let key = unnamed.contains(entry.key.modelKey) ? entry.key.ofOtherModels : entry.key
            named[key, default: SpendCounts()].add(entry.value)
        }
    }
}

extension SpendCounts {
    /// Counts without spend, whose sums end at the greatest number from here on.
    init(_ counts: UsageCounts) {
        self.init()
        saved = counts.saved
        (hits, collapsed, misses, denied) = (counts.hits, counts.collapsed, counts.misses, counts.denied)
    }
}
