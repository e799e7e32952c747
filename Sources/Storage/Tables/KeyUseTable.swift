internal import Budgeting
import Vocabulary

/// The statements on `team_key_uses`: when each team's key was last used, those of the file too.
enum KeyUseTable {
    /// The later moment holds, in whatever order they come.
    static func add(_ use: TeamKeyUse, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO team_key_uses (key, at) VALUES (?1, ?2)
            ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE at < excluded.at
            """
        )
        statement.bind(use.key.rawValue, at: 1)
        statement.bind(use.at, at: 2)
        try statement.run()
    }

    static func remove(_ key: TeamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM team_key_uses WHERE key = ?1")
        statement.bind(key.rawValue, at: 1)
        try statement.run()
    }

    /// Keys that were never used are absent.
    static func uses(of keys: [TeamKeyID], on connection: StoreConnection) throws -> [TeamKeyID: Timestamp] {
        let statement = try connection.statement("SELECT at FROM team_key_uses WHERE key = ?1")
        var uses: [TeamKeyID: Timestamp] = [:]
        for key in keys {
            statement.bind(key.rawValue, at: 1)
            try statement.forEachRow(about: "a key's last use") { uses[key] = try $0.moment(at: 0) }
        }
        return uses
    }
}
