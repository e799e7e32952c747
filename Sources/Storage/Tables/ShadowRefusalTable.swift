internal import Budgeting

/// The statement on `shadow_refusals`: how often budgets that enforce nothing would have refused.
enum ShadowRefusalTable {
    static func add(_ refusals: ShadowRefusals, on connection: StoreConnection) throws {
        let (kind, id) = refusals.scope.columns
        let statement = try connection.statement(
            """
            INSERT INTO shadow_refusals (scope, scope_id, budget_window, start, count) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (scope, scope_id, budget_window, start)
            DO UPDATE SET count = min(count + excluded.count, 9223372036854775807)
            """
        )
        statement.bind(kind, at: 1)
        statement.bind(id, at: 2)
        statement.bind(refusals.window.rawValue, at: 3)
        statement.bind(Int64(refusals.start.number), at: 4)
        statement.bind(refusals.count, at: 5)
        try statement.run()
    }
}
