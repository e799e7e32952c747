internal import Budgeting
internal import Reporting
import Vocabulary

extension LedgerTable {
    /// The next rows of a replay: a range of the primary key, up to the asked number of rows.
    static func rows(_ part: ReplayPart, on connection: StoreConnection) throws -> ReplayRows {
        let statement =
            part.isNewestFirst
            ? try connection.statement(
                """
                SELECT id, team, cache_key, state, estimate, credits, created_at, ended_at FROM ledger
                WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3
                """
            )
            : try connection.statement(
                """
                SELECT id, team, cache_key, state, estimate, credits, created_at, ended_at FROM ledger
                WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3
                """
            )
        statement.bind(part.ids.lowerBound.rawValue, at: 1)
        statement.bind(part.ids.upperBound.rawValue, at: 2)
        statement.bind(Int64(part.count), at: 3)
        var found = ReplayRows()
        try statement.forEachRow(about: "a reservation") { row in
            found.count += 1
            found.last = ReservationID(rawValue: try row.integer(at: 0))
            let isOfTeam = try row.text(at: 1) == part.team.rawValue
            if isOfTeam || part.includesOthers { found.rows.append(try replayRow(row, isOfTeam: isOfTeam)) }
        }
        return found
    }

    private static func replayRow(_ row: StoreRow, isOfTeam: Bool) throws -> ReplayRow {
        let ending: ReplayRow.Ending =
            switch try row.need(State(rawValue: try row.integer(at: 3))) {
            case .reserved: .open
            case .settled: .settled(try row.credits(at: 5))
            case .released: .released
            case .unconfirmed: .unconfirmed
            case .resolved: .resolved(try row.credits(at: 5))
            }
        return ReplayRow(
            isOfTeam: isOfTeam,
            cacheKey: CacheKey(try row.digest(at: 2)),
            estimate: try row.credits(at: 4),
            createdAt: try row.moment(at: 6),
            ending: ending,
            endedAt: try row.ifAny(row.moment, at: 7)
        )
    }
}

extension UsageTable {
    /// What the team had spent before a day. Steps from one day that has rows to the next, so that the time it takes
    /// depends on their number, whatever the days are.
    static func used(by team: TeamID, before end: BudgetDay, on connection: StoreConnection) throws -> TeamUse {
        let statement = try connection.statement(
            """
            WITH RECURSIVE days (number) AS (
                SELECT min(day) FROM usage
                UNION ALL
                SELECT (SELECT min(day) FROM usage WHERE day > number) FROM days WHERE number < ?2
            )
            SELECT usage.day, spent, unconfirmed FROM days JOIN usage ON usage.day = number AND team = ?1
            WHERE number < ?2 AND (spent > 0 OR unconfirmed > 0)
            """
        )
        statement.bind(team.rawValue, at: 1)
        statement.bind(Int64(end.number), at: 2)
        var used = TeamUse(before: end)
        try statement.forEachRow(about: "the roll-ups") { row in
            let day = BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 0))))
            used.add(spent: try row.credits(at: 1), unconfirmed: try row.credits(at: 2), on: day)
        }
        return used
    }
}
