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
        statement.bind(ruling.subject.rawValue, at: 1)
        statement.bind(ruling.id.rawValue, at: 2)
        statement.bind(ruling.secretDigest, at: 3)
        statement.bind(ruling.verdict.rawValue, at: 4)
        statement.bind(ruling.at, at: 5)
        try statement.run()
    }

    static func remove(_ subject: KeyRuling.Subject, _ id: KeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM key_rulings WHERE subject = ?1 AND id = ?2")
        statement.bind(subject.rawValue, at: 1)
        statement.bind(id.rawValue, at: 2)
        try statement.run()
    }

    static func rulings(on connection: StoreConnection) throws -> [KeyRuling] {
        let statement = try connection.statement(
            "SELECT subject, id, secret_digest, verdict, at FROM key_rulings ORDER BY subject, id"
        )
        return try statement.rows(about: "a ruling") { row in
            KeyRuling(
                subject: try row.word(at: 0),
                id: KeyID(rawValue: try row.text(at: 1)),
                secretDigest: try row.digest(at: 2),
                verdict: try row.word(at: 3),
                at: try row.moment(at: 4)
            )
        }
    }
}
