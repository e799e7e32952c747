internal import Budgeting
import Vocabulary

/// The statements on `team_key_uses`: when each team's key was last used, those of the file too.
enum KeyUseTable {
    /// The later moment holds, in whatever order they come.
    static func note(_ moment: Timestamp, of key: KeyText, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO team_key_uses (key, at) VALUES (?1, ?2)
            ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE team_key_uses.at < excluded.at
            """
        )
        statement.bind(key.text, at: 1)
        statement.bind(moment, at: 2)
        try statement.run()
    }

    static func remove(_ key: TeamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM team_key_uses WHERE key = ?1")
        statement.bind(key.rawValue, at: 1)
        try statement.run()
    }

    /// Keys that were never used are absent.
    static func uses(of keys: [TeamKeyID], on connection: StoreConnection) throws -> [TeamKeyID: Timestamp] {
        let statement = try connection.statement(
            """
            SELECT key, at FROM team_key_uses WHERE key IN (
                ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)
            """
        )
        var uses: [TeamKeyID: Timestamp] = [:]
        for start in stride(from: 0, to: keys.count, by: StoreConnection.listMax) {
            let asked = keys[start..<min(start + StoreConnection.listMax, keys.count)]
            statement.bindList(asked, from: 1) { statement.bind($0.rawValue, at: $1) }
            try statement.forEachRow(about: "a key's last use") { row in
                uses[TeamKeyID(rawValue: try row.text(at: 0))] = try row.moment(at: 1)
            }
        }
        return uses
    }
}
