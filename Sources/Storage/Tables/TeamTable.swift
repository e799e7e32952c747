internal import Authentication
internal import Budgeting
internal import Registry
import Vocabulary

/// The statements on `teams` and `team_models`: the teams that the store has.
enum TeamTable {
    /// Takes the place of what was known of the team.
    static func save(_ team: TeamRecord, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO teams (id, name, account, requests_per_second, concurrency_max, limits_models, cache_scope)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, account = excluded.account,
                requests_per_second = excluded.requests_per_second, concurrency_max = excluded.concurrency_max,
                limits_models = excluded.limits_models, cache_scope = excluded.cache_scope
            """
        )
        let limits = team.limits
        statement.bind(team.id.rawValue, at: 1)
        statement.bind(team.name, at: 2)
        statement.bind(team.account.rawValue, at: 3)
        statement.bind(limits.requestsPerSecondMillionths, at: 4)
        statement.bind(limits.concurrencyMax.map(Int64.init), at: 5)
        statement.bind(limits.models == nil ? 0 : 1, at: 6)
        statement.bind(team.cacheScope?.rawValue, at: 7)
        try statement.run()
        try saveModels(limits.models ?? [], of: team.id, on: connection)
        try RegistryBudgetTable.save(team.budgets, of: .team(team.id), on: connection)
    }

    private static func saveModels(_ models: Set<String>, of team: TeamID, on connection: StoreConnection) throws {
        try removeModels(of: team, on: connection)
        let statement = try connection.statement("INSERT INTO team_models (team, model) VALUES (?1, ?2)")
        for model in models {
            statement.bind(team.rawValue, at: 1)
            statement.bind(model, at: 2)
            try statement.run()
        }
    }

    private static func removeModels(of team: TeamID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM team_models WHERE team = ?1")
        statement.bind(team.rawValue, at: 1)
        try statement.run()
    }

    /// Removes the team and all that the store has of it but what it spent.
    static func remove(_ team: TeamID, on connection: StoreConnection) throws {
        try TeamKeyTable.removeAll(of: team, on: connection)
        try RegistryBudgetTable.remove(of: .team(team), on: connection)
        try removeModels(of: team, on: connection)
        let statement = try connection.statement("DELETE FROM teams WHERE id = ?1")
        statement.bind(team.rawValue, at: 1)
        try statement.run()
    }

    /// - Parameter budgets: of all scopes.
    static func teams(budgets: [BudgetScope: [Budget]], on connection: StoreConnection) throws -> [TeamRecord] {
        let statement = try connection.statement(
            """
            SELECT id, name, account, requests_per_second, concurrency_max, limits_models, cache_scope FROM teams
            ORDER BY id
            """
        )
        let models = try models(on: connection)
        return try statement.rows(about: "a team") { row in
            let id = TeamID(rawValue: try row.text(at: 0))
            return TeamRecord(
                id: id,
                name: try row.text(at: 1),
                account: AccountID(rawValue: try row.text(at: 2)),
                budgets: budgets[.team(id)] ?? [],
                limits: TeamLimits(
                    requestsPerSecondMillionths: try row.ifAny(row.count, at: 3),
                    concurrencyMax: try row.ifAny(row.count, at: 4).map(Int.init),
                    models: try row.flag(at: 5) ? models[id] ?? [] : nil
                ),
                cacheScope: try row.ifAny(row.word, at: 6)
            )
        }
    }

    private static func models(on connection: StoreConnection) throws -> [TeamID: Set<String>] {
        let statement = try connection.statement("SELECT team, model FROM team_models ORDER BY team")
        var models: [TeamID: Set<String>] = [:]
        try statement.forEachRow(about: "a team's model") { row in
            models[TeamID(rawValue: try row.text(at: 0)), default: []].insert(try row.text(at: 1))
        }
        return models
    }
}
