internal import Budgeting
import Vocabulary

/// The statements on `shadow_refusals`: how often budgets that enforce nothing would have refused.
enum ShadowRefusalTable {
    struct Key: Comparable {
        let kind: KeyText
        let id: KeyText
        let window: KeyText
        let start: BudgetDay

        init(_ refusals: ShadowRefusals) {
            let (kind, id) = refusals.scope.columns
            self.kind = KeyText(kind)
            self.id = KeyText(id)
            window = KeyText(refusals.window.rawValue)
            start = refusals.start
        }

        static func < (left: Key, right: Key) -> Bool {
            (left.kind, left.id, left.window, left.start) < (right.kind, right.id, right.window, right.start)
        }
    }

    static func add(_ count: Int64, to key: Key, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO shadow_refusals (scope, scope_id, budget_window, start, count) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (scope, scope_id, budget_window, start)
            DO UPDATE SET count = CASE WHEN excluded.count > 9223372036854775807 - shadow_refusals.count
                THEN 9223372036854775807 ELSE shadow_refusals.count + excluded.count END
            """
        )
        statement.bind(key.kind.text, at: 1)
        statement.bind(key.id.text, at: 2)
        statement.bind(key.window.text, at: 3)
        statement.bind(Int64(key.start.number), at: 4)
        statement.bind(count, at: 5)
        try statement.run()
    }

    /// The latest window of each scope and kind of window.
    static func latest(on connection: StoreConnection) throws -> [ShadowRefusals] {
        // In the order of the primary key, so that the last row of those that belong together is the latest.
        let statement = try connection.statement(
            """
            SELECT scope, scope_id, budget_window, start, count FROM shadow_refusals
            ORDER BY scope, scope_id, budget_window, start
            """
        )
        var rows: [ShadowRefusals] = []
        try statement.forEachRow(about: "the refusals of a shadow budget") { row in
            let next = ShadowRefusals(
                scope: try row.need(BudgetScope(kind: try row.text(at: 0), id: try row.text(at: 1))),
                window: try row.word(at: 2),
                start: BudgetDay(number: try row.need(Int32(exactly: try row.integer(at: 3)))),
                count: try row.integer(at: 4)
            )
            if let last = rows.last, last.scope == next.scope, last.window == next.window { rows.removeLast() }
            rows.append(next)
        }
        return rows
    }
}
