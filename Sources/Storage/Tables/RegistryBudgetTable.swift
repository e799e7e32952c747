internal import Budgeting
import Vocabulary

/// The statements on `registry_budgets`: the budgets of the teams and keys that the store has.
enum RegistryBudgetTable {
    /// Takes the place of all budgets of the scope.
    static func save(_ budgets: [Budget], of scope: BudgetScope, on connection: StoreConnection) throws {
        try remove(of: scope, on: connection)
        for (position, budget) in budgets.enumerated() {
            try add(budget, of: scope, position: Int64(position), on: connection)
        }
    }

    private static func add(
        _ budget: Budget,
        of scope: BudgetScope,
        position: Int64,
        on connection: StoreConnection
    ) throws {
        let (kind, id) = scope.columns
        let statement = try connection.statement(
            """
            INSERT INTO registry_budgets (scope, scope_id, position, budget_window, credits, is_enforced, alert_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """
        )
        statement.bind(kind, at: 1)
        statement.bind(id, at: 2)
        statement.bind(position, at: 3)
        statement.bind(budget.window.rawValue, at: 4)
        statement.bind(budget.limit, at: 5)
        statement.bind(budget.isEnforced ? 1 : 0, at: 6)
        statement.bind(text(budget.alertAtMillionths), at: 7)
        try statement.run()
    }

    static func remove(of scope: BudgetScope, on connection: StoreConnection) throws {
        let (kind, id) = scope.columns
        let statement = try connection.statement("DELETE FROM registry_budgets WHERE scope = ?1 AND scope_id = ?2")
        statement.bind(kind, at: 1)
        statement.bind(id, at: 2)
        try statement.run()
    }

    /// The budgets of each scope that has any, in the order in which they were given.
    static func budgets(on connection: StoreConnection) throws -> [BudgetScope: [Budget]] {
        let statement = try connection.statement(
            """
            SELECT scope, scope_id, budget_window, credits, is_enforced, alert_at FROM registry_budgets
            ORDER BY scope, scope_id, position
            """
        )
        var budgets: [BudgetScope: [Budget]] = [:]
        try statement.forEachRow(about: "a budget") { row in
            let scope = try row.need(BudgetScope(kind: try row.text(at: 0), id: try row.text(at: 1)))
            budgets[scope, default: []].append(try budget(row))
        }
        return budgets
    }

    private static func budget(_ row: StoreRow) throws(StoreFault) -> Budget {
        Budget(
            window: try row.word(at: 2),
            limit: try row.credits(at: 3),
            isEnforced: try row.flag(at: 4),
            alertAtMillionths: try row.need(shares(try row.text(at: 5)))
        )
    }

    /// The shares as the column has them: `800000,1000000`, and an empty text for none.
    private static func text(_ shares: [Int64]) -> String { shares.map(String.init).joined(separator: ",") }

    private static func shares(_ text: String) -> [Int64]? {
        let parts = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
        let shares = parts.compactMap { Int64($0) }
        return shares.count == parts.count ? shares : nil
    }
}
