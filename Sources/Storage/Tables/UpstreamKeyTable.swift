import Vocabulary

/// The statements on `upstream_key_states`: which keys at the vendor cool or are not accepted.
enum UpstreamKeyTable {
    /// Takes the place of what was known of the key; an active one needs no row.
    static func save(_ record: UpstreamKeyRecord, on connection: StoreConnection) throws {
        let (state, until, reason): (String, Timestamp?, QuarantineReason?)
        switch record.state {
        case .active: return try remove(record.id, on: connection)
        case .cooling(let end): (state, until, reason) = ("cooling", end, nil)
        case .quarantined(let why): (state, until, reason) = ("quarantined", nil, why)
        }
        let statement = try connection.statement(
            """
            INSERT INTO upstream_key_states (id, secret_digest, state, until, reason) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (id) DO UPDATE SET secret_digest = excluded.secret_digest, state = excluded.state,
                until = excluded.until, reason = excluded.reason
            """
        )
        statement.bind(record.id.rawValue, at: 1)
        statement.bind(record.secretDigest, at: 2)
        statement.bind(state, at: 3)
        statement.bind(until, at: 4)
        statement.bind(reason?.rawValue, at: 5)
        try statement.run()
    }

    /// Forgets what was known of the key.
    static func remove(_ id: UpstreamKeyID, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM upstream_key_states WHERE id = ?1")
        statement.bind(id.rawValue, at: 1)
        try statement.run()
    }

    static func records(on connection: StoreConnection) throws -> [UpstreamKeyRecord] {
        let statement = try connection.statement(
            "SELECT id, secret_digest, state, until, reason FROM upstream_key_states ORDER BY id"
        )
        return try statement.rows(about: "an upstream key's state", read)
    }

    /// What is known of one key; nil when it is active.
    static func record(of id: UpstreamKeyID, on connection: StoreConnection) throws -> UpstreamKeyRecord? {
        let statement = try connection.statement(
            "SELECT id, secret_digest, state, until, reason FROM upstream_key_states WHERE id = ?1"
        )
        statement.bind(id.rawValue, at: 1)
        return try statement.rows(about: "an upstream key's state", read).first
    }

    private static func read(_ row: StoreRow) throws -> UpstreamKeyRecord {
        UpstreamKeyRecord(
            id: UpstreamKeyID(rawValue: try row.text(at: 0)),
            secretDigest: try row.digest(at: 1),
            state: try state(row)
        )
    }

    private static func state(_ row: StoreRow) throws(StoreFault) -> UpstreamKeyRecord.State {
        switch try row.text(at: 2) {
        case "cooling": .cooling(until: try row.moment(at: 3))
        case "quarantined": .quarantined(try row.word(at: 4))
        default: throw row.fault
        }
    }
}
