internal import Budgeting
internal import Reporting
import Vocabulary

/// What a transaction adds to roll-ups and counts. Equal keys are added up here, and end at the greatest number as they
/// do in the tables.
struct SumChanges {
    private var usage = KeyedList<UsageTable.Key, SpendCounts>()
    private var accounts = KeyedList<UsageAccountTable.Key, SpendCounts>()
    private var documents = DocumentChanges()
    private var quarters = KeyedList<Int64, SpendCounts>()
    private var refusals = KeyedList<ShadowRefusalTable.Key, Int64>()
    /// The latest moment of each key.
    private var uses = KeyedList<KeyText, Timestamp>()
    private var upstreamUses = KeyedList<KeyText, Timestamp>()

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
        usage.change(key, or: counts) { $0.add(counts) }
        accounts.change(UsageAccountTable.Key(account: ask.account, day: day), or: counts) { $0.add(counts) }
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
            let counts = SpendCounts(row.counts)
            usage.change(key, or: counts) { $0.add(counts) }
        }
        if !report.rows.isEmpty {
            var sum = SpendCounts()
            for row in report.rows { sum.add(SpendCounts(row.counts)) }
            quarters.change(UsageQuarterTable.quarter(of: report.at), or: sum) { $0.add(sum) }
        }
        documents.add(report.rows, report.documents)
        for row in report.refusals {
            refusals.change(ShadowRefusalTable.Key(row), or: row.count) { $0 = $0.saturatingAdd(row.count) }
        }
        for use in report.uses { Self.note(use.at, of: use.key.rawValue, in: &uses) }
        for use in report.upstreamUses { Self.note(use.at, of: use.key.rawValue, in: &upstreamUses) }
    }

    private static func note(_ moment: Timestamp, of key: String, in uses: inout KeyedList<KeyText, Timestamp>) {
        uses.change(KeyText(key), or: moment) { $0 = max($0, moment) }
    }

    // MARK: Writing

    /// In the order of tables in which all transactions write them, each table in the order of its key.
    func write(_ places: SumPlaces, on connection: StoreConnection) throws {
        let usage = places.named(usage)
        try places.models.save(on: connection)
        for (key, counts) in usage.entries {
            try UsageTable.add(counts, to: key, on: connection)
        }
        for (key, counts) in accounts.entries {
            try UsageAccountTable.add(counts, to: key, on: connection)
        }
        try UsageDocumentTable.add(documents, places.documents, on: connection)
        for (quarter, counts) in quarters.entries {
            try UsageQuarterTable.add(counts, to: quarter, on: connection)
        }
        if let latest = quarters.entries.last?.key { try UsageQuarterTable.removeOld(before: latest, on: connection) }
        for (key, count) in refusals.entries {
            try ShadowRefusalTable.add(count, to: key, on: connection)
        }
        for (key, moment) in uses.entries {
            try KeyUseTable.note(moment, of: key, on: connection)
        }
        for (key, moment) in upstreamUses.entries {
            try UpstreamKeyUseTable.note(moment, of: key, on: connection)
        }
    }

    fileprivate var models: [UsageModelTable.Key] {
        var models = KeyedList<UsageModelTable.Key, Void>()
        for (key, _) in usage.entries { models.set((), for: key.modelKey) }
        return models.entries.map(\.key)
    }

    fileprivate var documentsByDay: [(key: BudgetDay, value: DocumentChanges.Day)] { documents.days }
}

/// Under which names sums are counted: asked for before they are written. Confined to the writer's thread.
final class SumPlaces {
    let models: ModelPlaces
    let documents: KeyedList<BudgetDay, DocumentPlaces>

    /// Sends the look-ups.
    init(for sums: SumChanges, _ connection: StoreConnection) throws {
        models = try ModelPlaces(for: sums.models, connection)
        var documents = KeyedList<BudgetDay, DocumentPlaces>()
        for (day, parts) in sums.documentsByDay {
            documents.set(try DocumentPlaces(for: parts.named.entries.map(\.key), on: day, connection), for: day)
        }
        self.documents = documents
    }

    /// The sums with the names under which models are counted; those that have none are added up.
    fileprivate func named(
        _ usage: KeyedList<UsageTable.Key, SpendCounts>
    ) -> KeyedList<UsageTable.Key, SpendCounts> {
        var named = KeyedList<UsageTable.Key, SpendCounts>()
        for (key, counts) in usage.entries {
            let key = models.take(key.modelKey) ? key : key.ofOtherModels
            named.change(key, or: counts) { $0.add(counts) }
        }
        return named
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
