internal import Budgeting
import EventLoops
internal import PostgreSQL
import Vocabulary

/// Tells the gateway's memory what other nodes have booked, once a second, and what their replies taught and their
/// shadow budgets counted, every five. What is shown of budgets has it, and estimates agree. What is admitted does not
/// rest on it: an admission reads the balances under their locks.
///
/// Guarded: whom to tell, and when. It tells on the writer's thread, since what is older must not replace what an
/// admission has read.
final class BudgetNews: NodeDuty, Sendable {
    private static let interval = Duration.seconds(1)
    /// Lessons and counts are read at every so many turns.
    private static let turnsOfCounts = 5
    /// Scopes whose shadow budgets one turn looks at.
    private static let scopesMax = 256

    private struct State {
        var gate: BudgetGate?
        var dueAt = MonotonicInstant.distantFuture
        var turn = 0
        /// Of the first scope whose shadow budgets are looked at next.
        var position = 0
    }

    private let state = Guarded(State())

    func tell(_ gate: BudgetGate) { state.withLock { $0 = State(gate: gate, dueAt: SystemClock.sinceBoot()) } }

    var dueAt: MonotonicInstant { state.withLock { $0.dueAt } }

    func perform(on connection: StoreConnection) throws {
        let (gate, isTurnOfCounts, position) = state.withLock { state in
            state.dueAt = SystemClock.sinceBoot() + Self.interval
            defer { state.turn = (state.turn + 1) % Self.turnsOfCounts }
            return (state.gate, state.turn == 0, state.position)
        }
        guard let gate, let link = connection.link as? PostgreSQLLink else { return }
        let now = SystemClock.wall()
        // Yesterday's reservations end today; older ones are seen by the next admission of their scope.
        let first = gate.today(at: now).number - 1
        try connection.begin()
        let balances = try link.query(
            Self.command("node <> $1 AND day >= $2", "day", [link.node, Int64(first)])
        )
        var rates: [String: [PaidReply]] = [:]
        var refusals: [ShadowRefusals] = []
        if isTurnOfCounts {
            rates = try LessonTable.rates(on: connection)
            let shadows = gate.shadowWindows(from: position, atMost: Self.scopesMax, at: now)
            refusals = try Self.refusals(in: shadows.windows, on: link)
            state.withLock { $0.position = shadows.next ?? 0 }
        }
        try connection.commit()
        gate.replaceElsewhere(on: try SharedBatch.balances(balances))
        gate.learn(rates)
        gate.replaceShadowRefusals(refusals)
    }

    /// What is stored of these windows. One round trip.
    private static func refusals(in windows: [ShadowWindow], on link: PostgreSQLLink) throws -> [ShadowRefusals] {
        if windows.isEmpty { return [] }
        let commands = windows.map { window in
            var command = PostgreSQLCommand(
                """
                SELECT count FROM shadow_refusals
                WHERE scope = $1 AND scope_id = $2 AND budget_window = $3 AND start = $4
                """
            )
            let (kind, id) = window.scope.columns
            command.bind(kind)
            command.bind(SharedSQL.escaped(id))
            command.bind(window.window.rawValue)
            command.bind(Int64(window.start.number))
            return command
        }
        return zip(windows, try link.query(commands)).compactMap { window, rows in
            guard rows.count > 0, let count = rows.integer(0, 0) else { return nil }
            return ShadowRefusals(scope: window.scope, window: window.window, start: window.start, count: count)
        }
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
