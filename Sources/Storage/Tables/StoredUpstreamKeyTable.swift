internal import Registry
import Vocabulary

/// The statements on `upstream_keys`: the keys at the vendor that the store has, with their sealed secrets.
enum StoredUpstreamKeyTable {
    /// Takes the place of what was known of the key.
    static func save(_ key: StoredUpstreamKey, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO upstream_keys (id, account, weight, not_before, not_after, monthly_credits, sealed_secret,
                secret_digest, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (id) DO UPDATE SET account = excluded.account, weight = excluded.weight,
                not_before = excluded.not_before, not_after = excluded.not_after,
                monthly_credits = excluded.monthly_credits, sealed_secret = excluded.sealed_secret,
                secret_digest = excluded.secret_digest, created_at = excluded.created_at
            """
        )
        statement.bind(key.id.rawValue, at: 1)
        statement.bind(key.account.rawValue, at: 2)
        statement.bind(Int64(key.weight), at: 3)
        statement.bind(key.notBefore, at: 4)
        statement.bind(key.notAfter, at: 5)
        statement.bind(key.monthlyCredits, at: 6)
        statement.bind(key.secretDigest, at: 8)
        statement.bind(key.createdAt, at: 9)
        try statement.run(binding: key.sealedSecret, at: 7)
    }

    static func remove(_ id: UpstreamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM upstream_keys WHERE id = ?1")
        statement.bind(id.rawValue, at: 1)
        try statement.run()
    }

    static func keys(on connection: StoreConnection) throws -> [StoredUpstreamKey] {
        let statement = try connection.statement(
            """
            SELECT id, account, weight, not_before, not_after, monthly_credits, sealed_secret, secret_digest, created_at
            FROM upstream_keys ORDER BY id
            """
        )
        return try statement.rows(about: "an upstream key") { row in
            StoredUpstreamKey(
                id: UpstreamKeyID(rawValue: try row.text(at: 0)),
                account: AccountID(rawValue: try row.text(at: 1)),
                weight: Int(try row.count(at: 2)),
                notBefore: try row.ifAny(row.moment, at: 3),
                notAfter: try row.ifAny(row.moment, at: 4),
                monthlyCredits: try row.ifAny(row.credits, at: 5),
                sealedSecret: try row.bytes(at: 6),
                secretDigest: try row.digest(at: 7),
                createdAt: try row.moment(at: 8)
            )
        }
    }
}
