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
        defer { statement.reset() }
        var records: [UpstreamKeyRecord] = []
        while try statement.step() {
            guard let id = statement.text(at: 0), let digest = statement.digest(at: 1), let state = state(statement)
            else {
                throw StoreFault(code: .corrupt, detail: "the state of an upstream key is damaged in the store")
            }
            records.append(UpstreamKeyRecord(id: UpstreamKeyID(rawValue: id), secretDigest: digest, state: state))
        }
        return records
    }

    private static func state(_ statement: PreparedStatement) -> UpstreamKeyRecord.State? {
        switch statement.text(at: 2) {
        case "cooling": statement.integer(at: 3).map { .cooling(until: Timestamp(microseconds: $0)) }
        case "quarantined": statement.text(at: 4).flatMap(QuarantineReason.init(rawValue:)).map { .quarantined($0) }
        default: nil
        }
    }
}
