internal import Budgeting
import EventLoops
internal import PostgreSQL
import Vocabulary

/// Tells the gateway's memory once a second what other nodes have booked, so that what is shown of budgets has it. What is
/// admitted does not rest on it: an admission reads the balances under their locks.
///
/// On the writer's thread, since what is older must not replace what an admission has read.
final class BalanceNews: NodeDuty, Sendable {
    private static let interval = Duration.seconds(1)

    private let state = Guarded<(gate: BudgetGate?, dueAt: MonotonicInstant)>((nil, .distantFuture))

    func tell(_ gate: BudgetGate) { state.withLock { $0 = (gate, SystemClock.sinceBoot()) } }

    var dueAt: MonotonicInstant { state.withLock { $0.dueAt } }

    func perform(on connection: StoreConnection) throws {
        let gate = state.withLock { state in
            state.dueAt = SystemClock.sinceBoot() + Self.interval
            return state.gate
        }
        guard let gate, let link = connection.link as? PostgreSQLLink else { return }
        // Yesterday's reservations end today; older ones are seen by the next admission of their scope.
        let first = gate.today(at: SystemClock.wall()).number - 1
        try connection.begin()
        let rows = try link.query(
            Self.command("node <> $1 AND day >= $2", "day", [link.node, Int64(first)])
        )
        try connection.commit()
        gate.replaceElsewhere(on: try SharedBatch.balances(rows))
    }

    /// All that there is, as a process starts: apart from the last days in one sum.
    static func all(number: Int64, since first: Int64, on link: PostgreSQLLink) throws -> StoredBalances {
        let day = "CASE WHEN day < $2 THEN $2 - 1 ELSE day END"
        return StoredBalances(
            own: try SharedBatch.balances(try link.query(command("node = $1", day, [number, first]))),
            elsewhere: try SharedBatch.balances(try link.query(command("node <> $1", day, [number, first])))
        )
    }

    private static func command(_ condition: String, _ day: String, _ values: [Int64]) -> PostgreSQLCommand {
        var command = PostgreSQLCommand(
            """
            SELECT scope, scope_id, \(day) AS kept, CAST(sum(spent) AS TEXT), CAST(sum(unconfirmed) AS TEXT),
                CAST(sum(reserved) AS TEXT) FROM balances WHERE \(condition) GROUP BY scope, scope_id, kept
            """
        )
        for value in values { command.bind(value) }
        return command
    }
}
