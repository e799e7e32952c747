internal import Caching
internal import PostgreSQL
import Vocabulary

/// Purges, which concern what other nodes have under way; docs/nodes.md §3, "Purge".
extension PostgreSQLLink {
    /// Identifiers in the text of one statement.
    private static let flightsMax = 1_000

    func endStorability(of target: PurgeTarget) throws {
        var looking = PostgreSQLCommand("SELECT id FROM flights \(Self.condition(target)) ORDER BY id FOR UPDATE")
        switch target {
        case .document(let id): looking.bind(SharedSQL.escaped(id))
        case .team(let team): looking.bind(SharedSQL.escaped(team.rawValue))
        case .key(let key): looking.bind(key.digest.bytes)
        case .classifier(let key):
            looking.bind(SharedSQL.escaped(key.account.rawValue))
            looking.bind(SharedSQL.escaped(key.classifierID))
        case .all: break
        }
        let rows = try query(looking)
        let ids = (0..<rows.count).compactMap { rows.integer($0, 0) }
        for start in stride(from: 0, to: ids.count, by: Self.flightsMax) {
            // Numbers alone: compatible engines have no arrays that could be bound.
            let list = ids[start..<min(start + Self.flightsMax, ids.count)].map(String.init).joined(separator: ", ")
            try run(PostgreSQLCommand("UPDATE flights SET is_storable = 0 WHERE id IN (\(list))"))
            try run(PostgreSQLCommand("DELETE FROM claims WHERE flight IN (\(list))"))
        }
    }

    private static func condition(_ target: PurgeTarget) -> String {
        switch target {
        case .document: "WHERE document_id = $1"
        case .team: "WHERE team = $1"
        case .key: "WHERE key = $1"
        case .classifier: "WHERE account = $1 AND classifier = $2"
        case .all: ""
        }
    }

    func lockPurge(_ id: Int64) throws -> Int64? {
        var command = PostgreSQLCommand("SELECT removed FROM purges WHERE id = $1 AND ended_at IS NULL FOR UPDATE")
        command.bind(id)
        let rows = try query(command)
        return rows.count == 0 ? nil : try rows.needInteger(about: "a purge")
    }

    func lockPurges() throws {
        try run(PostgreSQLCommand("SELECT id FROM purges WHERE ended_at IS NULL ORDER BY id FOR UPDATE"))
    }

    func leftPurges(olderThan age: Duration) throws -> [Int64] {
        var command = PostgreSQLCommand(
            """
            SELECT id FROM purges WHERE ended_at IS NULL AND at < \(ServerClock.now) - $1 AND \(Self.isFirst("$2"))
            ORDER BY id
            """
        )
        command.bind(age.wholeNanoseconds / 1_000)
        command.bind(node)
        let rows = try query(command)
        return (0..<rows.count).compactMap { rows.integer($0, 0) }
    }
}
