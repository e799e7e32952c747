import GRDB
public import Vocabulary

/// What a store's file holds, for a person who decides whether it is the right one. Immutable.
public struct StoreSurvey: Sendable, Equatable {
    /// Credits of a team, over all days.
    public struct Credits: Sendable, Equatable {
        public var spent = MicroCredits.zero
        public var unconfirmed = MicroCredits.zero

        public init(spent: MicroCredits = .zero, unconfirmed: MicroCredits = .zero) {
            self.spent = spent
            self.unconfirmed = unconfirmed
        }
    }

    public var byteCount: Int64 = 0
    public var schemaVersion = 0
    public var resultCount: Int64 = 0
    public var ledgerCount: Int64 = 0
    /// Reservations under way at the moment of the copy, which the next start makes unconfirmed.
    public var openCount: Int64 = 0
    /// When the last reservation was made.
    public var lastReservationAt: Timestamp?
    /// By the name of the team, of the sums by day.
    public var teams: [String: Credits] = [:]
    /// Team keys that are revoked, of the store and of the configuration, sorted.
    public var revokedKeys: [String] = []

    public init() {}

    public var total: Credits {
        teams.values.reduce(into: Credits()) { total, team in
            total.spent = total.spent + team.spent
            total.unconfirmed = total.unconfirmed + team.unconfirmed
        }
    }
}

extension StoreSurvey {
    /// Reads a file of this program, of this schema or an older one.
    init(of database: Database, byteCount: Int64) throws {
        self.byteCount = byteCount
        schemaVersion = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let tables = Set(try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'"))
        func count(_ sql: String) throws -> Int64 { try Int64.fetchOne(database, sql: sql) ?? 0 }
        if tables.contains("results") { resultCount = try count("SELECT count(*) FROM results") }
        if tables.contains("ledger") {
            ledgerCount = try count("SELECT count(*) FROM ledger")
            openCount = try count("SELECT count(*) FROM ledger WHERE state = 0")
            let last = "SELECT created_at FROM ledger ORDER BY id DESC LIMIT 1"
            lastReservationAt = try Int64.fetchOne(database, sql: last).map { Timestamp(microseconds: $0) }
        }
        if tables.contains("usage") {
            let sums = [StoreSums.byTeam] + (tables.contains("unbooked") ? [StoreSums.unbookedByTeam] : [])
            for row in try sums.flatMap({ try Row.fetchAll(database, sql: $0) }) {
                guard let team = String.fromDatabaseValue(row[0]) else { continue }
                let known = teams[team] ?? Credits()
                teams[team] = Credits(
                    spent: known.spent + StoreSums.amount(row, 1),
                    unconfirmed: known.unconfirmed + StoreSums.amount(row, 3)
                )
            }
        }
        if tables.contains("team_keys"), tables.contains("key_rulings") {
            revokedKeys = try String.fetchAll(
                database,
                sql: """
                    SELECT id FROM team_keys WHERE revoked_at IS NOT NULL
                    UNION SELECT id FROM key_rulings WHERE subject = 'team_key' AND verdict = 'revoked' ORDER BY 1
                    """
            )
        }
    }
}
