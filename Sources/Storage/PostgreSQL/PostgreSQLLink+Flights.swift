internal import Budgeting
internal import PostgreSQL
import Vocabulary

extension PostgreSQLLink {
    /// For how long a landing is left for those who follow its flight.
    static let landingMicroseconds: Int64 = 60_000_000
    /// How many rows one statement writes, each with a handful of values.
    private static let flightRowsMax = 1_000

    func write(_ flights: FlightChanges) throws {
        for (id, claim) in flights.begun { try run(insertion(id, claim)) }
        try onEach(flights.followed.map(\.rawValue).sorted()) { ids in
            "UPDATE flights SET is_awaited = 1 WHERE id IN (\(ids))"
        }
        for (id, landing) in flights.landings {
            var command = PostgreSQLCommand(
                """
                INSERT INTO landings (flight, outcome, body, expires_at) VALUES ($1, $2, $3, \(ServerClock.now) + $4)
                ON CONFLICT DO NOTHING
                """
            )
            command.bind(id.rawValue)
            command.bind(SharedSQL.escaped(landing.outcome))
            command.bind(landing.body)
            command.bind(Self.landingMicroseconds)
            try run(command)
        }
        try onEach(flights.ended.map(\.rawValue).sorted()) { "DELETE FROM flights WHERE id IN (\($0))" }
        for start in stride(from: 0, to: flights.unclaimed.count, by: Self.flightRowsMax) {
            let part = flights.unclaimed[start..<min(start + Self.flightRowsMax, flights.unclaimed.count)]
            let rows = SQLList.rows(part.count, of: 2)
            var command = PostgreSQLCommand("DELETE FROM claims WHERE (key, flight) IN (\(rows))")
            for (key, flight) in part {
                command.bind(key.digest.bytes)
                command.bind(flight.rawValue)
            }
            try run(command)
        }
    }

    private func insertion(_ id: ReservationID, _ claim: QuestionClaim) -> PostgreSQLCommand {
        var command = PostgreSQLCommand(
            """
            INSERT INTO flights (id, key, node, account, document_id, team, classifier, is_storable, is_awaited)
            VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0)
            """
        )
        command.bind(id.rawValue)
        command.bind(claim.key.digest.bytes)
        command.bind(node)
        command.bind(SharedSQL.escaped(claim.account.rawValue))
        command.bind(SharedSQL.escaped(claim.documentID))
        command.bind(SharedSQL.escaped(claim.team.rawValue))
        command.bind(claim.classifier.map(SharedSQL.escaped))
        return command
    }

    private func onEach(_ ids: [Int64], _ text: (String) -> String) throws {
        for start in stride(from: 0, to: ids.count, by: Self.flightRowsMax) {
            let part = ids[start..<min(start + Self.flightRowsMax, ids.count)]
            var command = PostgreSQLCommand(text(SQLList.values(part.count)))
            for id in part { command.bind(id) }
            try run(command)
        }
    }
}
