internal import PostgreSQL
import Vocabulary

extension PostgreSQLLink {
    /// How many rows one statement writes, each with seven values.
    private static let balanceRowsMax = 1_000

    /// Adds to the rows of a node, which no other one writes while it lives.
    func write(_ balances: BalanceChanges, of node: Int64?) throws {
        guard let number = node ?? fence?.seat.number else { return }
        let rows = balances.rows
        for start in stride(from: 0, to: rows.count, by: Self.balanceRowsMax) {
            let part = rows[start..<min(start + Self.balanceRowsMax, rows.count)]
            // Amounts are sent as texts: there is no limit to what they add up to.
            let values = SQLList.rows(part.count, of: 7) { column, parameter in
                column < 4 ? parameter : "CAST(\(parameter) AS NUMERIC)"
            }
            var command = PostgreSQLCommand(
                """
                INSERT INTO balances (scope, scope_id, day, node, spent, unconfirmed, reserved)
                VALUES \(values)
                ON CONFLICT (scope, scope_id, day, node) DO UPDATE SET spent = balances.spent + excluded.spent,
                    unconfirmed = balances.unconfirmed + excluded.unconfirmed,
                    reserved = balances.reserved + excluded.reserved
                """
            )
            for (key, amounts) in part {
                command.bind(key.kind)
                command.bind(SharedSQL.escaped(key.id))
                command.bind(key.day)
                command.bind(number)
                for amount in [amounts.spent, amounts.unconfirmed, amounts.reserved] { command.bind("\(amount)") }
            }
            try run(command)
        }
    }
}
