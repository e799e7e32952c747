internal import Registry
import Vocabulary

/// The statements on `rotation_receipts`: what rotations answered that may be asked for again.
enum ReceiptTable {
    /// Replaces the receipt of the same key and request, and removes those that have expired.
    static func save(_ receipt: RotationReceipt, now: Timestamp, on connection: StoreConnection) throws {
        try removeExpired(at: now, on: connection)
        let statement = try connection.statement(
            """
            INSERT INTO rotation_receipts (key, request_digest, sealed_secret, until) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (key, request_digest)
            DO UPDATE SET sealed_secret = excluded.sealed_secret, until = excluded.until
            """
        )
        statement.bind(receipt.key.rawValue, at: 1)
        statement.bind(receipt.requestDigest, at: 2)
        statement.bind(receipt.until, at: 4)
        try statement.run(binding: receipt.sealedSecret, at: 3)
    }

    private static func removeExpired(at now: Timestamp, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM rotation_receipts WHERE until <= ?1")
        statement.bind(now, at: 1)
        try statement.run()
    }

    static func remove(of key: TeamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM rotation_receipts WHERE key = ?1")
        statement.bind(key.rawValue, at: 1)
        try statement.run()
    }

    /// Those that have not expired.
    static func receipts(at now: Timestamp, on connection: StoreConnection) throws -> [RotationReceipt] {
        let statement = try connection.statement(
            """
            SELECT key, request_digest, sealed_secret, until FROM rotation_receipts WHERE until > ?1
            ORDER BY key, request_digest
            """
        )
        statement.bind(now, at: 1)
        return try statement.rows(about: "the receipt of a rotation") { row in
            RotationReceipt(
                key: TeamKeyID(rawValue: try row.text(at: 0)),
                requestDigest: try row.digest(at: 1),
                sealedSecret: try row.bytes(at: 2),
                until: try row.moment(at: 3)
            )
        }
    }
}
