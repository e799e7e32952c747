internal import Budgeting
import Vocabulary

/// The statements on `upstream_key_uses`: when each upstream key was last used, those of the file too.
enum UpstreamKeyUseTable {
    /// The later moment holds, in whatever order they come.
    static func note(_ moment: Timestamp, of key: KeyText, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO upstream_key_uses (id, at) VALUES (?1, ?2)
            ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE upstream_key_uses.at < excluded.at
            """
        )
        statement.bind(key.text, at: 1)
        statement.bind(moment, at: 2)
        try statement.run()
    }

    static func remove(_ key: UpstreamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM upstream_key_uses WHERE id = ?1")
        statement.bind(key.rawValue, at: 1)
        try statement.run()
    }

    static func uses(on connection: StoreConnection) throws -> [UpstreamKeyID: Timestamp] {
        let statement = try connection.statement("SELECT id, at FROM upstream_key_uses")
        var uses: [UpstreamKeyID: Timestamp] = [:]
        try statement.forEachRow(about: "an upstream key's last use") { row in
            uses[UpstreamKeyID(rawValue: try row.text(at: 0))] = try row.moment(at: 1)
        }
        return uses
    }
}
