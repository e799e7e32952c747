internal import Budgeting
import Vocabulary

/// The statements on `usage_models`: which models of a team are counted by name on a day.
///
/// Clients make these names up, so they are bounded where all of them meet: here, over all workers, keys and restarts.
enum UsageModelTable {
    /// What a model is counted as: by its name, at most 128 bytes of it, while the day has room for that; else as one
    /// of the others.
    static func name(
        of model: String,
        of team: TeamID,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws -> String {
        let name = StoredText.cut(model, atMost: StoredText.modelBytesMax)
        if name == UsageRow.otherModels { return name }
        if try has(name, of: team, on: day, connection) { return name }
        guard try count(of: team, on: day, connection) < UsageRow.modelsMax else { return UsageRow.otherModels }
        let statement = try connection.statement("INSERT INTO usage_models (day, team, model) VALUES (?1, ?2, ?3)")
        statement.bind(Int64(day.number), at: 1)
        statement.bind(team.rawValue, at: 2)
        statement.bind(name, at: 3)
        try statement.run()
        return name
    }

    private static func has(
        _ name: String,
        of team: TeamID,
        on day: BudgetDay,
        _ connection: StoreConnection
    ) throws -> Bool {
        let statement = try connection.statement(
            "SELECT 1 FROM usage_models WHERE day = ?1 AND team = ?2 AND model = ?3"
        )
        defer { statement.reset() }
        statement.bind(Int64(day.number), at: 1)
        statement.bind(team.rawValue, at: 2)
        statement.bind(name, at: 3)
        return try statement.step()
    }

    private static func count(of team: TeamID, on day: BudgetDay, _ connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement("SELECT count(*) FROM usage_models WHERE day = ?1 AND team = ?2")
        defer { statement.reset() }
        statement.bind(Int64(day.number), at: 1)
        statement.bind(team.rawValue, at: 2)
        guard try statement.step(), let count = statement.integer(at: 0) else {
            throw StoreFault(code: .corrupt, detail: "the models of the roll-ups are damaged in the store")
        }
        return count
    }
}
