internal import Budgeting
internal import Reporting
import Vocabulary

/// The statements on `usage`: the roll-ups that reports and balances are made from.
///
/// Sums end at the greatest number there is: beyond it SQLite goes on with a floating-point number, and PostgreSQL
/// fails.
///
/// A model has its name in a row when `UsageModelTable` has room for it, else that of all others.
enum UsageTable {
    struct Key: Comparable {
        let day: BudgetDay
        let team: KeyText
        let key: KeyText
        let model: KeyText
        /// Empty for counts of requests.
        let upstreamKey: KeyText

        static func < (left: Key, right: Key) -> Bool {
            (left.day, left.team, left.key, left.model, left.upstreamKey)
                < (right.day, right.team, right.key, right.model, right.upstreamKey)
        }
    }

    /// Adds to a row, whose model has a name already.
    static func add(_ counts: SpendCounts, to key: Key, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, spent, unconfirmed, saved, hits, collapsed, misses, denied)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
                spent = CASE WHEN excluded.spent > 9223372036854775807 - usage.spent
                    THEN 9223372036854775807 ELSE usage.spent + excluded.spent END,
                unconfirmed = CASE WHEN excluded.unconfirmed > 9223372036854775807 - usage.unconfirmed
                    THEN 9223372036854775807 ELSE usage.unconfirmed + excluded.unconfirmed END,
                saved = CASE WHEN excluded.saved > 9223372036854775807 - usage.saved
                    THEN 9223372036854775807 ELSE usage.saved + excluded.saved END,
                hits = CASE WHEN excluded.hits > 9223372036854775807 - usage.hits
                    THEN 9223372036854775807 ELSE usage.hits + excluded.hits END,
                collapsed = CASE WHEN excluded.collapsed > 9223372036854775807 - usage.collapsed
                    THEN 9223372036854775807 ELSE usage.collapsed + excluded.collapsed END,
                misses = CASE WHEN excluded.misses > 9223372036854775807 - usage.misses
                    THEN 9223372036854775807 ELSE usage.misses + excluded.misses END,
                denied = CASE WHEN excluded.denied > 9223372036854775807 - usage.denied
                    THEN 9223372036854775807 ELSE usage.denied + excluded.denied END
            """
        )
        statement.bind(Int64(key.day.number), at: 1)
        statement.bind(key.team.text, at: 2)
        statement.bind(key.key.text, at: 3)
        statement.bind(key.model.text, at: 4)
        statement.bind(key.upstreamKey.text, at: 5)
        statement.bind(counts.spent, at: 6)
        statement.bind(counts.unconfirmed, at: 7)
        statement.bind(counts.saved, at: 8)
        statement.bind(counts.hits, at: 9)
        statement.bind(counts.collapsed, at: 10)
        statement.bind(counts.misses, at: 11)
        statement.bind(counts.denied, at: 12)
        try statement.run()
    }

    /// Moves the amounts of a reservation that is resolved, on its own day.
    static func book(_ resolution: Resolution, on connection: StoreConnection) throws {
        let reservation = resolution.reservation
        let ask = reservation.ask
        var key = Key(
            day: reservation.day,
            team: ask.team,
            key: ask.key,
            model: ask.model,
            upstreamKey: KeyText(ask.upstreamKey.rawValue)
        )
        // It has a name already if the estimate was booked under it.
        let models = try ModelPlaces(for: [key.modelKey], connection)
        try connection.receive()
        if !models.take(key.modelKey) { key = key.ofOtherModels }
        try models.save(on: connection)
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, spent)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
                spent = CASE WHEN excluded.spent > 9223372036854775807 - usage.spent
                    THEN 9223372036854775807 ELSE usage.spent + excluded.spent END,
                unconfirmed = CASE WHEN usage.unconfirmed > ?7 THEN usage.unconfirmed - ?7 ELSE 0 END
            """
        )
        statement.bind(Int64(key.day.number), at: 1)
        statement.bind(key.team.text, at: 2)
        statement.bind(key.key.text, at: 3)
        statement.bind(key.model.text, at: 4)
        statement.bind(key.upstreamKey.text, at: 5)
        statement.bind(resolution.credits, at: 6)
        statement.bind(reservation.estimate, at: 7)
        try statement.run()
    }

    /// What was spent and what may have been, by day, team's key and upstream key; over all models.
    static func rows(on connection: StoreConnection) throws -> [LedgerOpening.Row] {
        // Added up here, since a sum in SQL fails where it overflows. In the order of the primary key, so that the rows
        // that belong together follow one another.
        let statement = try connection.statement(
            """
            SELECT day, team, key, upstream_key, spent, unconfirmed FROM usage WHERE spent <> 0 OR unconfirmed <> 0
            ORDER BY day, team, key
            """
        )
        var rows: [LedgerOpening.Row] = []
        var groupStart = 0
        try statement.forEachRow(about: "the roll-ups") { found in
            let row = try row(found)
            if let last = rows.last, last.day != row.day || last.team != row.team || last.key != row.key {
                groupStart = rows.count
            }
            if let index = rows[groupStart...].firstIndex(where: { $0.upstreamKey == row.upstreamKey }) {
                rows[index].spent = rows[index].spent.saturatingAdd(row.spent)
                rows[index].unconfirmed = rows[index].unconfirmed.saturatingAdd(row.unconfirmed)
            } else {
                rows.append(row)
            }
        }
        return rows
    }

    private static func row(_ row: StoreRow) throws(StoreFault) -> LedgerOpening.Row {
        LedgerOpening.Row(
            day: BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 0)))),
            team: TeamID(rawValue: try row.text(at: 1)),
            key: TeamKeyID(rawValue: try row.text(at: 2)),
            upstreamKey: UpstreamKeyID(rawValue: try row.text(at: 3)),
            spent: try row.credits(at: 4),
            unconfirmed: try row.credits(at: 5)
        )
    }
}

extension UsageTable.Key {
    /// - Parameter model: is cut.
    init(day: BudgetDay, team: TeamID, key: TeamKeyID, model: String, upstreamKey: KeyText) {
        self.init(
            day: day,
            team: KeyText(team.rawValue),
            key: KeyText(key.rawValue),
            model: KeyText(StoredText.cut(model, atMost: StoredText.modelBytesMax)),
            upstreamKey: upstreamKey
        )
    }

    var modelKey: UsageModelTable.Key { UsageModelTable.Key(day: day, team: team, model: model) }

    var ofOtherModels: Self {
        Self(day: day, team: team, key: key, model: KeyText(UsageRow.otherModels), upstreamKey: upstreamKey)
    }
}

extension ReservationEnding {
    /// What it adds to the sums of its day.
    var amounts: (spent: MicroCredits, unconfirmed: MicroCredits) {
        switch outcome {
        case .settled(let credits): (credits, .zero)
        case .released: (.zero, .zero)
        case .unconfirmed: (.zero, reservation.estimate)
        }
    }
}
