internal import Budgeting
internal import Reporting
import Vocabulary

extension UsageTable {
    /// What requests came to on these days, one item for each name.
    ///
    /// The counts are added up here, since SQLite's sum fails where it overflows. The rows of a report are read in the
    /// order of the primary key, so those of one name often follow one another.
    static func items(
        by grouping: SpendGrouping,
        over days: Range<BudgetDay>,
        on connection: StoreConnection
    ) throws -> [SpendReport.Item] {
        let statement: any PreparedStatement
        switch grouping {
        case .team:
            statement = try connection.statement(
                """
                SELECT spent, unconfirmed, saved, hits, collapsed, misses, denied, team FROM usage
                WHERE day >= ?1 AND day < ?2
                """
            )
        case .key:
            statement = try connection.statement(
                """
                SELECT spent, unconfirmed, saved, hits, collapsed, misses, denied, key FROM usage
                WHERE day >= ?1 AND day < ?2
                """
            )
        case .model:
            statement = try connection.statement(
                """
                SELECT spent, unconfirmed, saved, hits, collapsed, misses, denied, model FROM usage
                WHERE day >= ?1 AND day < ?2
                """
            )
        case .upstreamKey:
            statement = try connection.statement(
                """
                SELECT spent, unconfirmed, saved, hits, collapsed, misses, denied, upstream_key FROM usage
                WHERE day >= ?1 AND day < ?2
                """
            )
        case .document: return try documents(over: days, on: connection)
        case .day: return try byDay(days, on: connection)
        }
        bind(days, to: statement)
        var sums: [String: SpendCounts] = [:]
        var last = (name: "", counts: SpendCounts())
        try statement.forEachRow(about: "the roll-ups") { row in
            let name = try row.text(at: 7)
            if name != last.name {
                sums[last.name, default: SpendCounts()].add(last.counts)
                last = (name, SpendCounts())
            }
            last.counts.add(try row.spendCounts(from: 0))
        }
        sums[last.name, default: SpendCounts()].add(last.counts)
        // Only an upstream key has no name; the empty sum that the loop began with is no item.
        return sums.lazy.filter { !$0.key.isEmpty || $0.value != SpendCounts() }
            .map { SpendReport.Item(name: $0.key.isEmpty ? nil : $0.key, counts: $0.value) }
    }

    private static func bind(_ days: Range<BudgetDay>, to statement: any PreparedStatement) {
        statement.bind(Int64(days.lowerBound.number), at: 1)
        statement.bind(Int64(days.upperBound.number), at: 2)
    }

    private static func byDay(_ days: Range<BudgetDay>, on connection: StoreConnection) throws -> [SpendReport.Item] {
        let statement = try connection.statement(
            """
            SELECT spent, unconfirmed, saved, hits, collapsed, misses, denied, day FROM usage
            WHERE day >= ?1 AND day < ?2 ORDER BY day
            """
        )
        bind(days, to: statement)
        var items: [SpendReport.Item] = []
        var last: Int64?
        try statement.forEachRow(about: "the roll-ups") { row in
            let number = try row.integer(at: 7)
            if number != last {
                last = number
                let day = BudgetDay(number: try row.need(Int32(exactly: number)))
                items.append(SpendReport.Item(name: day.text, counts: SpendCounts()))
            }
            items[items.count - 1].counts.add(try row.spendCounts(from: 0))
        }
        return items
    }

    private static func documents(
        over days: Range<BudgetDay>,
        on connection: StoreConnection
    ) throws -> [SpendReport.Item] {
        let statement = try connection.statement(
            """
            SELECT document, spent, unconfirmed, saved, hits, collapsed, misses, denied FROM usage_documents
            WHERE day >= ?1 AND day < ?2
            """
        )
        bind(days, to: statement)
        var sums = DocumentSums()
        try statement.forEachRow(about: "the roll-ups by document") { row in
            sums.add(try row.spendCounts(from: 1), about: try row.document(at: 0))
        }
        return sums.items(atMost: SpendReport.documentsMax)
    }
}
