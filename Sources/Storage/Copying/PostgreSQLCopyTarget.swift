internal import PostgreSQL
import Vocabulary

/// The database that a copy is written to, in one transaction. It bears a mark until that is committed (`CopyMark`).
/// Confined to the thread of the copy.
final class PostgreSQLCopyTarget: CopyTarget {
    private static let nameOfDead = "tollgate store copy"

    private let session: CopySession
    /// The text for a page of so many rows.
    private var insertion: (table: String, rows: Int, sql: String)?

    private init(_ session: CopySession) { self.session = session }

    /// Makes the tables, has the body fill them, and makes all of it valid at once.
    ///
    /// - Throws: `inUse` when a gateway works with it, `unavailable` when it has rows; what the body throws. Nothing of
    ///   it is there then, and the mark is gone, unless the connection was lost.
    static func make<Value>(_ address: PostgreSQLAddress, _ body: (PostgreSQLCopyTarget) throws -> Value) throws
        -> Value
    {
        let session = try CopySession(address)
        defer { session.connection.close() }
        try PostgreSQLCheck.refuse(session.connection)
        try PostgreSQLMigration(connection: session.connection, name: Self.nameOfDead).prepare()
        let mark = CopyMark()
        let version = try set(mark, on: session)
        do {
            let row = try session.begin(isolation: "READ COMMITTED")
            guard row.migratingBy == mark.text else { throw CopyMark.refusal }
            try refuseUsed(session, version: version)
            let target = PostgreSQLCopyTarget(session)
            try target.clear(version: version)
            let value = try body(target)
            guard try session.query(mark.clear(version: Int64(PostgreSQLSchema.version))).affectedCount == 1 else {
                throw CopyMark.refusal
            }
            try commit(session, mark, address)
            return value
        } catch {
            session.rollBack()
            // Gateways may have the database again as it was. A connection that was lost leaves the mark.
            if !session.connection.isLost { _ = try? session.query(mark.clear(version: version)) }
            throw error
        }
    }

    /// - Returns: the steps that the database has been through.
    private static func set(_ mark: CopyMark, on session: CopySession) throws -> Int64 {
        let row = try session.begin(isolation: "READ COMMITTED")
        do {
            let isMarked = CopyMark.isOne(row.migratingBy)
            let version = isMarked ? CopyMark.version(row.version) : row.version
            if row.isLeased, !isMarked {
                throw StoreFault(code: .inUse, detail: "\(row.migratingBy ?? "another process") migrates the database")
            }
            guard version <= Int64(PostgreSQLSchema.version), version >= 0 else {
                throw StoreFault(
                    code: .newerSchema,
                    detail: "the database has schema \(version), this program knows up to \(PostgreSQLSchema.version)"
                )
            }
            try refuseUsed(session, version: version)
            _ = try session.query(mark.set(version: version))
            try session.commit()
            return version
        } catch {
            session.rollBack()
            throw error
        }
    }

    /// Refuses a database that gateways work with, or that has something to lose.
    private static func refuseUsed(_ session: CopySession, version: Int64) throws {
        guard version > 0 else { return }
        try session.refuseLiveNodes()
        let used = try CopiedTable.names.filter { table in
            // A later step may make it.
            let isThere = try session.query("SELECT to_regclass('\(table)') IS NOT NULL").integer(0, 0) == 1
            if !isThere { return false }
            let condition = CopiedTable.condition(ofRowsIn: table)
            return try session.query("SELECT 1 WHERE EXISTS (SELECT * FROM \(table) WHERE \(condition))").count > 0
        }
        guard used.isEmpty else {
            throw StoreFault(
                code: .unavailable,
                detail: "the database has a store already, with rows in \(used.prefix(5).joined(separator: ", "))"
                    + (used.count > 5 ? " and others" : "") + ": give an empty one"
            )
        }
    }

    /// Takes the steps that are missing, and removes what an unused store has. A process that was stopped long ago
    /// loses its seat.
    private func clear(version: Int64) throws {
        for step in PostgreSQLSchema.steps.dropFirst(Int(version)) {
            for sql in PostgreSQLSchema.statements(step) { _ = try session.query(sql) }
        }
        let kept: Set = ["schema_state", "feed_head", "feed"]
        for table in CopiedTable.preset + CopiedTable.madeAnew where !kept.contains(table) {
            _ = try session.query("DELETE FROM \(table)")
        }
    }

    /// After a connection that was lost here, the mark tells what became of the transaction.
    private static func commit(_ session: CopySession, _ mark: CopyMark, _ address: PostgreSQLAddress) throws {
        do {
            try session.commit()
        } catch {
            guard session.connection.isLost, let other = try? CopySession(address) else { throw error }
            defer { other.connection.close() }
            let row = try other.begin(isolation: "READ COMMITTED")
            other.rollBack()
            if row.migratingBy == mark.text { throw error }
        }
    }

    // MARK: Rows

    func insert(_ rows: [[CopiedValue]], into table: CopiedTable) throws {
        var command = PostgreSQLCommand(inserting(rows.count, into: table))
        for row in rows {
            for (value, column) in zip(row, table.columns) { command.bind(value, as: column.kind) }
        }
        _ = try session.query(command)
    }

    private func inserting(_ count: Int, into table: CopiedTable) -> String {
        if let insertion, insertion.table == table.name, insertion.rows == count { return insertion.sql }
        let rows = SQLList.rows(count, of: table.columns.count)
        let sql = "INSERT INTO \(table.name) (\(table.columnList)) VALUES \(rows)"
        insertion = (table.name, count, sql)
        return sql
    }

    func tally(of table: CopiedTable) throws -> CopyTally {
        try PostgreSQLCopySource.tally(of: table, on: session)
    }

    // MARK: What follows from the rows

    /// Works balances out, and leaves a dead node for each number that has open reservations, so that the first start
    /// ends them as after a crash.
    func derive(from tallies: [String: CopyTally]) throws {
        for sql in PostgreSQLSchema.statements(PostgreSQLSchema.openingBalances) { _ = try session.query(sql) }
        var command = PostgreSQLCommand(
            """
            INSERT INTO nodes (number, incarnation, beat, state, name, address, version, config_digest, lease_until, started_at)
            SELECT DISTINCT (id / 4096) % 1024, CAST(1 AS BIGINT), CAST(0 AS BIGINT), 'dead', $1, '', '', $2,
                \(ServerClock.now), \(ServerClock.now) FROM ledger WHERE state = 0
            """
        )
        command.bind(Self.nameOfDead)
        command.bind([UInt8](repeating: 0, count: 32))
        _ = try session.query(command)
        try checkBalances(tallies)
    }

    private func checkBalances(_ tallies: [String: CopyTally]) throws {
        let tables = try CopiedTable.all()
        func sum(_ table: String, _ column: String, of groups: [Int64]? = nil) -> Int128 {
            guard let place = tables.first(where: { $0.name == table })?.place(of: column), let tally = tallies[table]
            else { preconditionFailure("there is no column \(table).\(column)") }
            return tally.groups.reduce(0) { sum, group in
                groups?.contains(group.key) != false ? sum + group.value.sums[place] : sum
            }
        }
        let rows = try session.query(
            """
            SELECT scope, CAST(sum(spent) AS TEXT), CAST(sum(unconfirmed) AS TEXT), CAST(sum(reserved) AS TEXT)
            FROM balances GROUP BY scope
            """
        )
        var found: [String: [Int128]] = [:]
        for row in 0..<rows.count {
            found[rows.text(row, 0) ?? ""] = (1...3).map { rows.text(row, $0).flatMap { Int128($0) } ?? -1 }
        }
        for scope in ["organization", "team", "key", "upstream_key"] {
            let groups: [Int64]? = scope == "upstream_key" ? [1] : nil
            let expected = [
                sum("usage", "spent", of: groups), sum("usage", "unconfirmed", of: groups),
                sum("ledger", "estimate", of: [0]),
            ]
            let balances = found[scope] ?? [0, 0, 0]
            for (name, (one, other)) in zip(["spent", "unconfirmed", "reserved"], zip(expected, balances))
            where one != other {
                throw StoreFault(
                    code: .corrupt,
                    detail: "usage and open reservations come to \(one) micro-credits \(name), table balances to "
                        + "\(other) in scope \(scope); the copy was given up"
                )
            }
        }
    }
}
