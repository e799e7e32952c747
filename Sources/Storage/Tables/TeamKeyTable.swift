internal import Budgeting
internal import Registry
import Vocabulary

/// The statements on `team_keys`: the keys of teams that the store has.
enum TeamKeyTable {
    /// How long a revoked key is still shown.
    static let revokedRetention = Duration.seconds(90 * 86_400)

    /// Takes the place of what was known of the key.
    static func save(_ key: TeamKeyRecord, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO team_keys (id, team, public_id, name, secret_digest, not_after, created_at, rotated_at,
                revoked_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (id) DO UPDATE SET team = excluded.team, public_id = excluded.public_id, name = excluded.name,
                secret_digest = excluded.secret_digest, not_after = excluded.not_after,
                created_at = excluded.created_at, rotated_at = excluded.rotated_at, revoked_at = excluded.revoked_at
            """
        )
        statement.bind(key.id.rawValue, at: 1)
        statement.bind(key.team.rawValue, at: 2)
        statement.bind(key.publicID, at: 3)
        statement.bind(key.name, at: 4)
        statement.bind(key.secretDigest, at: 5)
        statement.bind(key.notAfter, at: 6)
        statement.bind(key.createdAt, at: 7)
        statement.bind(key.rotatedAt, at: 8)
        statement.bind(key.revokedAt, at: 9)
        try statement.run()
        try RetiringSecretTable.save(key.retiring, of: key.id, on: connection)
        try RegistryBudgetTable.save(key.budgets, of: .key(key.id), on: connection)
    }

    static func removeAll(of team: TeamID, on connection: StoreConnection) throws {
        let statement = try connection.statement("SELECT id FROM team_keys WHERE team = ?1")
        statement.bind(team.rawValue, at: 1)
        try removeEach(of: statement, on: connection)
    }

    /// Removes the keys that were revoked before the moment.
    static func removeRevoked(before cutoff: Timestamp, on connection: StoreConnection) throws {
        let statement = try connection.statement("SELECT id FROM team_keys WHERE revoked_at < ?1")
        statement.bind(cutoff, at: 1)
        try removeEach(of: statement, on: connection)
    }

    private static func removeEach(of statement: any PreparedStatement, on connection: StoreConnection) throws {
        // Read to the end first: a table that changes under a statement may give rows twice or not at all.
        for key in try statement.rows(about: "a team's key", { TeamKeyID(rawValue: try $0.text(at: 0)) }) {
            try remove(key, on: connection)
        }
    }

    /// Removes the key and all that the store has of it but what it spent.
    private static func remove(_ key: TeamKeyID, on connection: StoreConnection) throws {
        try RetiringSecretTable.remove(of: key, on: connection)
        try RegistryBudgetTable.remove(of: .key(key), on: connection)
        try ReceiptTable.remove(of: key, on: connection)
        try KeyUseTable.remove(key, on: connection)
        let statement = try connection.statement("DELETE FROM team_keys WHERE id = ?1")
        statement.bind(key.rawValue, at: 1)
        try statement.run()
    }

    /// - Parameter budgets: of all scopes.
    static func keys(budgets: [BudgetScope: [Budget]], on connection: StoreConnection) throws -> [TeamKeyRecord] {
        let statement = try connection.statement(
            """
            SELECT id, team, public_id, name, secret_digest, not_after, created_at, rotated_at, revoked_at
            FROM team_keys ORDER BY id
            """
        )
        let retiring = try RetiringSecretTable.secrets(on: connection)
        return try statement.rows(about: "a team's key") { row in
            let id = TeamKeyID(rawValue: try row.text(at: 0))
            return TeamKeyRecord(
                id: id,
                team: TeamID(rawValue: try row.text(at: 1)),
                publicID: try row.ifAny(row.text, at: 2),
                name: try row.text(at: 3),
                secretDigest: try row.digest(at: 4),
                retiring: retiring[id] ?? [],
                notAfter: try row.ifAny(row.moment, at: 5),
                budgets: budgets[.key(id)] ?? [],
                createdAt: try row.ifAny(row.moment, at: 6),
                rotatedAt: try row.ifAny(row.moment, at: 7),
                revokedAt: try row.ifAny(row.moment, at: 8)
            )
        }
    }
}
