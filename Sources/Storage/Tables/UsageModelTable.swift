internal import Budgeting
import Vocabulary

/// The statements on `usage_models`: which models of a team are counted by name on a day.
///
/// Clients make these names up, so they are bounded where all of them meet: here, over all workers, keys and restarts.
enum UsageModelTable {
    /// Lets a model be counted by its name, at most 128 bytes of it, while the day has room for that. Precedes what is
    /// booked for the model; `UsageTable` counts one that is not here as one of the others.
    static func add(_ model: String, of team: TeamID, on day: BudgetDay, _ connection: StoreConnection) throws {
        if model == UsageRow.otherModels { return }
        let statement = try connection.statement(
            """
            INSERT INTO usage_models (day, team, model)
            SELECT ?1, ?2, ?3
            WHERE NOT EXISTS (SELECT model FROM usage_models WHERE day = ?1 AND team = ?2 AND model = ?3)
                AND (SELECT count(*) FROM usage_models WHERE day = ?1 AND team = ?2) < ?4
            ON CONFLICT (day, team, model) DO NOTHING
            """
        )
        statement.bind(Int64(day.number), at: 1)
        statement.bind(team.rawValue, at: 2)
        statement.bind(model, atMost: StoredText.modelBytesMax, at: 3)
        statement.bind(Int64(UsageRow.modelsMax), at: 4)
        try statement.run()
    }
}
