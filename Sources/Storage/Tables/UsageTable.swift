internal import Budgeting
import Vocabulary

/// The statements on `usage`: the roll-ups that reports and balances are made from.
///
/// Sums end at the greatest number there is: beyond it SQLite goes on with a floating-point number, and PostgreSQL fails.
///
/// A model has its name in a row when `UsageModelTable` has room for it, else that of all others. The statements decide
/// that by themselves, so that nothing is read for it.
enum UsageTable {
    /// Adds how a reservation ended to its day.
    static func book(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        let reservation = ending.reservation
        let (spent, unconfirmed) = ending.amounts
        if spent == .zero, unconfirmed == .zero { return }
        let ask = reservation.ask
        try UsageModelTable.add(ask.model, of: ask.team, on: reservation.day, connection)
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, spent, unconfirmed)
            VALUES (?1, ?2, ?3, CASE WHEN EXISTS (SELECT model FROM usage_models WHERE day = ?1 AND team = ?2 AND model = ?4)
                THEN ?4 ELSE '(other)' END, ?5, ?6, ?7)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
                spent = CASE WHEN excluded.spent > 9223372036854775807 - usage.spent
                    THEN 9223372036854775807 ELSE usage.spent + excluded.spent END,
                unconfirmed = CASE WHEN excluded.unconfirmed > 9223372036854775807 - usage.unconfirmed
                    THEN 9223372036854775807 ELSE usage.unconfirmed + excluded.unconfirmed END
            """
        )
        statement.bind(Int64(reservation.day.number), at: 1)
        statement.bind(ask.team.rawValue, at: 2)
        statement.bind(ask.key.rawValue, at: 3)
        statement.bind(ask.model, atMost: StoredText.modelBytesMax, at: 4)
        statement.bind(ask.upstreamKey.rawValue, at: 5)
        statement.bind(spent, at: 6)
        statement.bind(unconfirmed, at: 7)
        try statement.run()
    }

    /// Moves the amounts of a reservation that is resolved, on its own day. The day has a name for its model already: the
    /// estimate was booked under it.
    static func book(_ resolution: Resolution, on connection: StoreConnection) throws {
        let reservation = resolution.reservation
        let ask = reservation.ask
        try UsageModelTable.add(ask.model, of: ask.team, on: reservation.day, connection)
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, spent)
            VALUES (?1, ?2, ?3, CASE WHEN EXISTS (SELECT model FROM usage_models WHERE day = ?1 AND team = ?2 AND model = ?4)
                THEN ?4 ELSE '(other)' END, ?5, ?6)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
                spent = CASE WHEN excluded.spent > 9223372036854775807 - usage.spent
                    THEN 9223372036854775807 ELSE usage.spent + excluded.spent END,
                unconfirmed = CASE WHEN usage.unconfirmed > ?7 THEN usage.unconfirmed - ?7 ELSE 0 END
            """
        )
        statement.bind(Int64(reservation.day.number), at: 1)
        statement.bind(ask.team.rawValue, at: 2)
        statement.bind(ask.key.rawValue, at: 3)
        statement.bind(ask.model, atMost: StoredText.modelBytesMax, at: 4)
        statement.bind(ask.upstreamKey.rawValue, at: 5)
        statement.bind(resolution.credits, at: 6)
        statement.bind(reservation.estimate, at: 7)
        try statement.run()
    }

    /// Adds counts of requests; these belong to no upstream key.
    static func add(_ row: UsageRow, on connection: StoreConnection) throws {
        try UsageModelTable.add(row.model, of: row.team, on: row.day, connection)
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, saved, hits, collapsed, misses, denied)
            VALUES (?1, ?2, ?3, CASE WHEN EXISTS (SELECT model FROM usage_models WHERE day = ?1 AND team = ?2 AND model = ?4)
                THEN ?4 ELSE '(other)' END, '', ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
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
        statement.bind(Int64(row.day.number), at: 1)
        statement.bind(row.team.rawValue, at: 2)
        statement.bind(row.key.rawValue, at: 3)
        statement.bind(row.model, atMost: StoredText.modelBytesMax, at: 4)
        statement.bind(row.counts.saved, at: 5)
        statement.bind(row.counts.hits, at: 6)
        statement.bind(row.counts.collapsed, at: 7)
        statement.bind(row.counts.misses, at: 8)
        statement.bind(row.counts.denied, at: 9)
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
