internal import PostgreSQL
import Vocabulary

/// What `schema_state` says of a database that a copy is written to: no gateway serves from it before the copy is
/// whole, also one of an earlier version, which finds a schema that it does not know.
///
/// The mark is committed before the first row is written, and taken away by the transaction that commits them all. So
/// it stays where a copy was cut off; the next one takes it over.
struct CopyMark {
    private static let prefix = "tollgate store copy"
    /// Added to the number of steps.
    private static let offset: Int64 = 1_000_000

    /// Unlike that of any other copy.
    let text: String

    init() { text = "\(Self.prefix) \(UInt64.random(in: 0 ... .max))" }

    /// Whether `migrating_by` is one.
    static func isOne(_ text: String?) -> Bool { text?.hasPrefix(prefix) == true }

    /// The number of steps that a marked database has been through.
    static func version(_ marked: Int64) -> Int64 { marked >= offset ? marked - offset : marked }

    static var refusal: StoreFault {
        StoreFault(
            code: .unavailable,
            detail: "a copy into this database was cut off or is under way: run tollgate store copy again, or drop the "
                + "database to begin with an empty one"
        )
    }

    /// Marks a database with so many steps, under the lock of the row.
    func set(version: Int64) -> PostgreSQLCommand {
        var command = PostgreSQLCommand(
            """
            UPDATE schema_state SET version = $1, min_reader = $1, migrating_by = $2, migrating_until = $3 WHERE id = 0
            """
        )
        command.bind(version + Self.offset)
        command.bind(text)
        command.bind(Int64.max)
        return command
    }

    /// Takes the mark away.
    func clear(version: Int64) -> PostgreSQLCommand {
        var command = PostgreSQLCommand(
            """
            UPDATE schema_state SET version = $1, min_reader = $2, migrating_by = NULL, migrating_until = NULL
            WHERE id = 0 AND migrating_by = $3
            """
        )
        command.bind(version)
        command.bind(min(version, Int64(PostgreSQLSchema.minReader)))
        command.bind(text)
        return command
    }
}

/// Transactions of a copy: one at a time, as long as they take. Confined to the thread of the copy.
struct CopySession {
    /// What one statement may take: an index, or a count of all rows.
    private static let statementMax = Duration.seconds(6 * 3_600)
    private static let connectMax = Duration.seconds(10)
    /// Pages are of some MiB, and one row may be larger.
    private static let resultBytesMax = 1_024 * 1_048_576

    let connection: PostgreSQLConnection

    init(_ address: PostgreSQLAddress) throws {
        connection = try PostgreSQLConnection(
            to: address,
            within: Self.connectMax,
            resultBytesMax: Self.resultBytesMax
        )
    }

    func query(_ command: PostgreSQLCommand) throws -> PostgreSQLRows {
        try connection.query(command, within: Self.statementMax)
    }

    func query(_ sql: String) throws -> PostgreSQLRows { try query(PostgreSQLCommand(sql)) }

    /// Begins a transaction, and locks the row without which no node joins and nobody migrates.
    ///
    /// - Parameter isolation: at REPEATABLE READ all is of the moment of the lock.
    /// - Returns: what the row says.
    /// - Throws: `inUse` when another one has the lock.
    func begin(isolation: String) throws -> SchemaRow {
        for attempt in 1... {
            connection.enqueue(PostgreSQLCommand("BEGIN ISOLATION LEVEL \(isolation)"))
            // A client that waits for the other end may be idle for as long as a count takes.
            for (name, value) in [
                ("lock_timeout", "4000"), ("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0"),
            ] {
                connection.enqueue(PostgreSQLCommand("SET LOCAL \(name) = \(value)"))
            }
            do {
                let rows = try query(
                    """
                    SELECT version, migrating_by, CASE WHEN migrating_until > \(ServerClock.now) THEN 1 ELSE 0 END
                    FROM schema_state WHERE id = 0 FOR UPDATE
                    """
                )
                return try SchemaRow(rows)
            } catch {
                rollBack()
                guard let failure = error as? PostgreSQLFailure else { throw error }
                // A node joined while the lock was waited for.
                if failure.meaning == .retry, attempt < 5 { continue }
                guard failure.meaning == .lockTimeout else { throw error }
                throw StoreFault(
                    code: .inUse,
                    detail: "another copy has the database, or a program that starts: is one under way, or are FROM "
                        + "and TO the same"
                )
            }
        }
        preconditionFailure("attempts without an end")
    }

    func commit() throws { _ = try query("COMMIT") }

    func rollBack() {
        if !connection.isLost { _ = try? query("ROLLBACK") }
    }

    /// The names of nodes whose lease is not over, for the fault that refuses them.
    func refuseLiveNodes() throws {
        let rows = try query("SELECT name FROM nodes WHERE state <> 'dead' AND lease_until >= \(ServerClock.current)")
        guard rows.count > 0 else { return }
        let names = (0..<min(rows.count, 5)).compactMap { rows.text($0, 0).flatMap(SharedSQL.unescaped) }
        throw StoreFault(
            code: .inUse,
            detail: "\(rows.count) gateways work with it, or ended less than 10 s ago without saying so: "
                + names.joined(separator: ", ")
        )
    }
}

/// The row of `schema_state`.
struct SchemaRow {
    let version: Int64
    let migratingBy: String?
    /// Whether the process that migrates is taken for alive.
    let isLeased: Bool

    init(_ rows: PostgreSQLRows) throws {
        guard rows.count == 1, let version = rows.integer(0, 0), let isLeased = rows.integer(0, 2) else {
            throw StoreFault(code: .corrupt, detail: "the table schema_state is not this program's")
        }
        self.version = version
        migratingBy = rows.text(0, 1)
        self.isLeased = isLeased == 1
    }
}
