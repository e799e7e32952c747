internal import Budgeting
import Vocabulary

/// The statements on `usage`: the roll-ups that reports and balances are made from.
///
/// Sums end at the greatest number there is: SQLite makes a sum beyond it a floating-point number, which `min` then
/// takes for the greater one.
enum UsageTable {
    /// Adds how a reservation ended to its day.
    static func book(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        let reservation = ending.reservation
        let (spent, unconfirmed) = ending.amounts
        if spent == .zero, unconfirmed == .zero { return }
        let ask = reservation.ask
        let model = try UsageModelTable.name(of: ask.model, of: ask.team, on: reservation.day, connection)
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, spent, unconfirmed)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
                spent = min(spent + excluded.spent, 9223372036854775807),
                unconfirmed = min(unconfirmed + excluded.unconfirmed, 9223372036854775807)
            """
        )
        statement.bind(Int64(reservation.day.number), at: 1)
        statement.bind(ask.team.rawValue, at: 2)
        statement.bind(ask.key.rawValue, at: 3)
        statement.bind(model, at: 4)
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
        let model = try UsageModelTable.name(of: ask.model, of: ask.team, on: reservation.day, connection)
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, spent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
                spent = min(spent + excluded.spent, 9223372036854775807),
                unconfirmed = max(unconfirmed - ?7, 0)
            """
        )
        statement.bind(Int64(reservation.day.number), at: 1)
        statement.bind(ask.team.rawValue, at: 2)
        statement.bind(ask.key.rawValue, at: 3)
        statement.bind(model, at: 4)
        statement.bind(ask.upstreamKey.rawValue, at: 5)
        statement.bind(resolution.credits, at: 6)
        statement.bind(reservation.estimate, at: 7)
        try statement.run()
    }

    /// Adds counts of requests; these belong to no upstream key.
    static func add(_ row: UsageRow, on connection: StoreConnection) throws {
        let model = try UsageModelTable.name(of: row.model, of: row.team, on: row.day, connection)
        let statement = try connection.statement(
            """
            INSERT INTO usage (day, team, key, model, upstream_key, saved, hits, collapsed, misses, denied)
            VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (day, team, key, model, upstream_key) DO UPDATE SET
                saved = min(saved + excluded.saved, 9223372036854775807),
                hits = min(hits + excluded.hits, 9223372036854775807),
                collapsed = min(collapsed + excluded.collapsed, 9223372036854775807),
                misses = min(misses + excluded.misses, 9223372036854775807),
                denied = min(denied + excluded.denied, 9223372036854775807)
            """
        )
        statement.bind(Int64(row.day.number), at: 1)
        statement.bind(row.team.rawValue, at: 2)
        statement.bind(row.key.rawValue, at: 3)
        statement.bind(model, at: 4)
        statement.bind(row.counts.saved, at: 5)
        statement.bind(row.counts.hits, at: 6)
        statement.bind(row.counts.collapsed, at: 7)
        statement.bind(row.counts.misses, at: 8)
        statement.bind(row.counts.denied, at: 9)
        try statement.run()
    }

    /// What was spent and what may have been, by day, team's key and upstream key; over all models.
    static func rows(on connection: StoreConnection) throws -> [LedgerOpening.Row] {
        // Added up here, since SQLite's sum fails where it overflows. In the order of the primary key, so that the rows
        // that belong together follow one another.
        let statement = try connection.statement(
            """
            SELECT day, team, key, upstream_key, spent, unconfirmed FROM usage WHERE spent <> 0 OR unconfirmed <> 0
            ORDER BY day, team, key
            """
        )
        defer { statement.reset() }
        var rows: [LedgerOpening.Row] = []
        var groupStart = 0
        while try statement.step() {
            let row = try row(statement)
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

    private static func row(_ statement: PreparedStatement) throws -> LedgerOpening.Row {
        guard let number = statement.integer(at: 0), let day = Int32(exactly: number),
            let team = statement.text(at: 1), let key = statement.text(at: 2), let upstreamKey = statement.text(at: 3),
            let spent = statement.integer(at: 4), let unconfirmed = statement.integer(at: 5)
        else {
            throw StoreFault(code: .corrupt, detail: "a row of the roll-ups is damaged in the store")
        }
        return LedgerOpening.Row(
            day: BudgetDay(number: day),
            team: TeamID(rawValue: team),
            key: TeamKeyID(rawValue: key),
            upstreamKey: UpstreamKeyID(rawValue: upstreamKey),
            spent: MicroCredits(micros: spent),
            unconfirmed: MicroCredits(micros: unconfirmed)
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
