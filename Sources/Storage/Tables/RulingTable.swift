internal import Registry
import Vocabulary

/// The statements on `key_rulings`: what operators decided about keys.
enum RulingTable {
    /// Takes the place of what was decided about the key before.
    static func save(_ ruling: KeyRuling, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO key_rulings (subject, id, secret_digest, verdict, at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (subject, id) DO UPDATE SET secret_digest = excluded.secret_digest,
                verdict = excluded.verdict, at = excluded.at
            """
        )
        let (kind, id) = ruling.subject.columns
        statement.bind(kind, at: 1)
        statement.bind(id, at: 2)
        statement.bind(ruling.secretDigest, at: 3)
        statement.bind(ruling.verdict.rawValue, at: 4)
        statement.bind(ruling.at, at: 5)
        try statement.run()
    }

    static func remove(_ subject: KeyRuling.Subject, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM key_rulings WHERE subject = ?1 AND id = ?2")
        let (kind, id) = subject.columns
        statement.bind(kind, at: 1)
        statement.bind(id, at: 2)
        try statement.run()
    }

    static func rulings(on connection: StoreConnection) throws -> [KeyRuling] {
        let statement = try connection.statement(
            "SELECT subject, id, secret_digest, verdict, at FROM key_rulings ORDER BY subject, id"
        )
        return try statement.rows(about: "a ruling") { row in
            KeyRuling(
                subject: try row.need(KeyRuling.Subject(kind: try row.text(at: 0), id: try row.text(at: 1))),
                secretDigest: try row.digest(at: 2),
                verdict: try row.word(at: 3),
                at: try row.moment(at: 4)
            )
        }
    }
}

/// A key as two columns of the table: `subject` and `id`.
extension KeyRuling.Subject {
    fileprivate var columns: (kind: String, id: String) {
        switch self {
        case .teamKey(let key): ("team_key", key.rawValue)
        case .upstreamKey(let key): ("upstream_key", key.rawValue)
        }
    }

    /// Nil for a kind that no version has written.
    fileprivate init?(kind: String, id: String) {
        switch kind {
        case "team_key": self = .teamKey(TeamKeyID(rawValue: id))
        case "upstream_key": self = .upstreamKey(UpstreamKeyID(rawValue: id))
        default: return nil
        }
    }
}
