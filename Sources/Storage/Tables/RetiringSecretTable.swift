internal import Registry
import Vocabulary

/// The statements on `retiring_secrets`: secrets of teams' keys that were replaced and are still good.
enum RetiringSecretTable {
    typealias Secret = TeamKeyRecord.RetiringSecret

    /// Takes the place of all that the key had.
    static func save(_ secrets: [Secret], of key: TeamKeyID, on connection: StoreConnection) throws {
        try remove(of: key, on: connection)
        let statement = try connection.statement(
            "INSERT INTO retiring_secrets (key, position, secret_digest, until) VALUES (?1, ?2, ?3, ?4)"
        )
        for (position, secret) in secrets.enumerated() {
            statement.bind(key.rawValue, at: 1)
            statement.bind(Int64(position), at: 2)
            statement.bind(secret.digest, at: 3)
            statement.bind(secret.until, at: 4)
            try statement.run()
        }
    }

    static func remove(of key: TeamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM retiring_secrets WHERE key = ?1")
        statement.bind(key.rawValue, at: 1)
        try statement.run()
    }

    /// Those of each key that has any, in the order in which they were given.
    static func secrets(on connection: StoreConnection) throws -> [TeamKeyID: [Secret]] {
        let statement = try connection.statement(
            "SELECT key, secret_digest, until FROM retiring_secrets ORDER BY key, position"
        )
        var secrets: [TeamKeyID: [Secret]] = [:]
        try statement.forEachRow(about: "a retiring secret") { row in
            let secret = Secret(digest: try row.digest(at: 1), until: try row.moment(at: 2))
            secrets[TeamKeyID(rawValue: try row.text(at: 0)), default: []].append(secret)
        }
        return secrets
    }
}
