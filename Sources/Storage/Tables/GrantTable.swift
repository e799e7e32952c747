internal import Budgeting
import Vocabulary

/// The statements on `grants`: one-off extra room in teams' budgets.
enum GrantTable {
    /// Adds the grant, unless too many of the team have not ended; removes the oldest that have ended.
    static func add(_ grant: Grant, on connection: StoreConnection) throws -> GrantAnswer {
        guard try openCount(of: grant.team, at: grant.createdAt, on: connection) < GrantLimits.open else {
            return .full
        }
        let statement = try connection.statement(
            """
            INSERT INTO grants (id, team, budget_window, start, credits, expires_at, ends_at, reason, actor, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """
        )
        statement.bind(grant.id, at: 1)
        statement.bind(grant.team.rawValue, at: 2)
        statement.bind(grant.window.rawValue, at: 3)
        statement.bind(Int64(grant.start.number), at: 4)
        statement.bind(grant.credits, at: 5)
        statement.bind(grant.expiresAt, at: 6)
        statement.bind(grant.endsAt, at: 7)
        statement.bind(grant.reason, at: 8)
        statement.bind(grant.actor, at: 9)
        statement.bind(grant.createdAt, at: 10)
        try statement.run()
        try removeEnded(of: grant.team, at: grant.createdAt, on: connection)
        return .done
    }

    private static func openCount(of team: TeamID, at now: Timestamp, on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement(
            "SELECT count(*) FROM grants WHERE team = ?1 AND (ends_at IS NULL OR ends_at > ?2)"
        )
        statement.bind(team.rawValue, at: 1)
        statement.bind(now, at: 2)
        return try statement.rows(about: "the number of grants") { try $0.integer(at: 0) }.first ?? 0
    }

    private static func removeEnded(of team: TeamID, at now: Timestamp, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            DELETE FROM grants WHERE team = ?1 AND ends_at <= ?2 AND id <=
                (SELECT id FROM grants WHERE team = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?3)
            """
        )
        statement.bind(team.rawValue, at: 1)
        statement.bind(now, at: 2)
        statement.bind(Int64(GrantLimits.kept), at: 3)
        try statement.run()
    }

    /// Removes the grant; false when there is none.
    static func remove(_ id: Int64, of team: TeamID, on connection: StoreConnection) throws -> Bool {
        let statement = try connection.statement("DELETE FROM grants WHERE id = ?1 AND team = ?2")
        statement.bind(id, at: 1)
        statement.bind(team.rawValue, at: 2)
        return try statement.runCounting() == 1
    }

    static func grant(_ id: Int64, of team: TeamID, on connection: StoreConnection) throws -> Grant? {
        let statement = try connection.statement(
            """
            SELECT id, team, budget_window, start, credits, expires_at, ends_at, reason, actor, created_at FROM grants
            WHERE id = ?1 AND team = ?2
            """
        )
        statement.bind(id, at: 1)
        statement.bind(team.rawValue, at: 2)
        return try statement.rows(about: "a grant", read).first
    }

    /// The grants of a team, newest first.
    ///
    /// - Parameter id: only those with a lesser identifier; nil from the newest on.
    static func page(
        of team: TeamID,
        before id: Int64?,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> [Grant] {
        let statement = try connection.statement(
            """
            SELECT id, team, budget_window, start, credits, expires_at, ends_at, reason, actor, created_at FROM grants
            WHERE team = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3
            """
        )
        statement.bind(team.rawValue, at: 1)
        statement.bind(id ?? .max, at: 2)
        statement.bind(Int64(max(0, count)), at: 3)  // a negative one would be no limit, or an error
        return try statement.rows(about: "a grant", read)
    }

    /// The grants of all teams that have not ended before a moment.
    static func open(after moment: Timestamp, on connection: StoreConnection) throws -> [Grant] {
        let statement = try connection.statement(
            """
            SELECT id, team, budget_window, start, credits, expires_at, ends_at, reason, actor, created_at FROM grants
            WHERE ends_at IS NULL OR ends_at > ?1 ORDER BY id
            """
        )
        statement.bind(moment, at: 1)
        return try statement.rows(about: "a grant", read)
    }

    /// The greatest identifier; 0 when there is none.
    static func last(on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement("SELECT coalesce(max(id), 0) FROM grants")
        return try statement.rows(about: "the newest grant") { try $0.integer(at: 0) }.first ?? 0
    }

    private static func read(_ row: StoreRow) throws -> Grant {
        Grant(
            id: try row.integer(at: 0),
            team: TeamID(rawValue: try row.text(at: 1)),
            window: try row.word(at: 2),
            start: BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 3)))),
            credits: try row.credits(at: 4),
            expiresAt: try row.ifAny(row.moment, at: 5),
            endsAt: try row.ifAny(row.moment, at: 6),
            reason: try row.text(at: 7),
            actor: try row.text(at: 8),
            createdAt: try row.moment(at: 9)
        )
    }
}
