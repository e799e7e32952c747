import EventLoops
internal import PostgreSQL
import Vocabulary

/// The database that a copy is read from. What dead nodes have left of changes at the vendor is ended before, as the
/// next start there would do; else nothing is changed. Confined to the thread of the copy.
final class PostgreSQLCopySource: CopySource {
    private let session: CopySession

    private init(_ session: CopySession) { self.session = session }

    /// Keeps others from joining for as long as the body takes.
    static func open<Value>(
        _ address: PostgreSQLAddress,
        as node: NodeDescription,
        _ body: (PostgreSQLCopySource) throws -> Value
    ) throws -> Value {
        let session = try CopySession(address)
        defer { session.connection.close() }
        try PostgreSQLCheck.refuse(session.connection)
        guard try session.query("SELECT to_regclass('schema_state') IS NOT NULL").integer(0, 0) == 1 else {
            throw StoreFault(code: .unavailable, detail: "there is no store in \(address)")
        }
        try begin(session)
        try session.refuseLiveNodes()
        let isSettled = try isSettled(session)
        session.rollBack()
        if !isSettled { try settle(address, as: node) }
        try begin(session)
        defer { session.rollBack() }
        try session.refuseLiveNodes()
        guard try Self.isSettled(session) else {
            throw StoreFault(code: .inUse, detail: "a gateway has joined \(address) meanwhile")
        }
        return try body(PostgreSQLCopySource(session))
    }

    private static func begin(_ session: CopySession) throws {
        let row = try session.begin(isolation: "REPEATABLE READ")
        if CopyMark.isOne(row.migratingBy) { throw CopyMark.refusal }
        let known = Int64(PostgreSQLSchema.version)
        if row.version == known { return }
        session.rollBack()
        guard row.version > known else {
            throw StoreFault(
                code: .olderSchema,
                detail: "the database has schema \(row.version), this program needs \(known): type tollgate migrate "
                    + "--config FILE"
            )
        }
        throw StoreFault(
            code: .newerSchema,
            detail: "the database has schema \(row.version), this program copies \(known): use the program that "
                + "wrote it or a newer one"
        )
    }

    /// Whether no node can go on with the database, and none has left changes.
    private static func isSettled(_ session: CopySession) throws -> Bool {
        try session.query(
            """
            SELECT 1 WHERE EXISTS (SELECT number FROM nodes WHERE state <> 'dead')
                OR EXISTS (SELECT node FROM document_changes) OR EXISTS (SELECT node FROM classifier_changes)
            """
        ).count == 0
    }

    /// Declares nodes dead whose lease is over, so that one that was only stopped writes nothing any more, and ends
    /// what they changed. As a node, like a gateway that starts.
    private static func settle(_ address: PostgreSQLAddress, as node: NodeDescription) throws {
        let connection = try CopySession(address).connection
        let (seat, joinedAt) = try NodeJoining(connection: connection, node: node).take()
        let standing = NodeStanding(joinedAt: joinedAt)
        let link = PostgreSQLLink(
            connection,
            to: SharedAddress(address),
            fence: NodeFence(seat, joinedAt: joinedAt, standing: standing)
        )
        defer { link.leave(hasServed: false) }
        let tables = StoreConnection(link)
        let sweep = NodeSweep(
            link: link,
            connection: tables,
            number: seat.number,
            standing: standing,
            purges: PurgeBoard()
        )
        while let overdue = try sweep.look().survey.overdue { _ = try sweep.declareDead(overdue) }
        let rows = try link.query(
            PostgreSQLCommand(
                "SELECT node FROM document_changes UNION SELECT node FROM classifier_changes ORDER BY node"
            )
        )
        for number in (0..<rows.count).compactMap({ rows.integer($0, 0) }) {
            // Purges that are not finished go on at the target.
            _ = try tables.inTransaction { try $0.endChanges(ofNode: number, at: SystemClock.wall()) }
        }
    }

    // MARK: Rows

    func forEachPage(of table: CopiedTable, _ body: ([[CopiedValue]]) throws -> Void) throws {
        var last: [CopiedValue]?
        while true {
            var command = PostgreSQLCommand(Self.page(of: table, isFirst: last == nil))
            for value in last ?? [] { command.bind(value) }
            let rows = try session.query(command)
            if rows.count == 0 { return }
            let page = try (0..<rows.count).map { row in
                try table.columns.enumerated().map { try Self.value(rows, row, $0, $1, table) }
            }
            try body(page)
            last = table.key.map { page[page.count - 1][$0] }
        }
    }

    /// Rows behind a key, as many as have `CopyPage.bytesMax` bytes together.
    private static func page(of table: CopiedTable, isFirst: Bool) -> String {
        let weights = table.columns.filter { $0.kind != .integer }.map { "coalesce(octet_length(\($0.name)), 0)" }
        let weight = weights.isEmpty ? "0" : weights.joined(separator: " + ")
        let start = isFirst ? "" : "WHERE (\(table.keyList)) > (\(SQLList.values(table.key.count)))"
        return """
            SELECT \(table.columnList) FROM (
                SELECT page.*, sum(copy_bytes) OVER (ORDER BY \(table.keyList)) - copy_bytes AS copy_bytes_before FROM (
                    SELECT \(table.columnList), \(weight) AS copy_bytes FROM \(table.name) \(start)
                    ORDER BY \(table.keyList) LIMIT \(CopyPage.rowsMax)
                ) AS page
            ) AS sized WHERE copy_bytes_before < \(CopyPage.bytesMax) ORDER BY \(table.keyList)
            """
    }

    private static func value(
        _ rows: PostgreSQLRows,
        _ row: Int,
        _ index: Int,
        _ column: CopiedTable.Column,
        _ table: CopiedTable
    ) throws -> CopiedValue {
        if rows.isNull(row, index) { return .null }
        let value: CopiedValue? =
            switch column.kind {
            case .integer: rows.integer(row, index).map(CopiedValue.integer)
            case .text: rows.text(row, index).flatMap(SharedSQL.unescaped).map(CopiedValue.text)
            case .bytes: rows.bytes(row, index).map(CopiedValue.bytes)
            }
        guard let value else { throw table.damage(at: column) }
        return value
    }

    // MARK: Counting

    func tally(of table: CopiedTable) throws -> CopyTally { try Self.tally(of: table, on: session) }

    /// Sums of BIGINT are NUMERIC. What stands for U+0000 and U+10FFFF in texts is counted as what it stands for.
    static func tally(of table: CopiedTable, on session: CopySession) throws -> CopyTally {
        let figures = table.columns.map { column in
            let name = column.name
            let measure =
                switch column.kind {
                case .integer: name
                case .text:
                    """
                    CASE WHEN strpos(\(name), chr(1114111)) = 0 THEN octet_length(\(name)) ELSE octet_length(replace(
                        replace(\(name), chr(1114111) || '0', '0'), chr(1114111) || '1', '1111')) END
                    """
                case .bytes: "octet_length(\(name))"
                }
            return "count(\(name)), CAST(coalesce(sum(\(measure)), 0) AS TEXT)"
        }
        let rows = try session.query(
            """
            SELECT CAST(\(table.group) AS BIGINT) AS part, count(*), \(figures.joined(separator: ", ")) FROM \(table.name)
            GROUP BY part
            """
        )
        var tally = CopyTally()
        for row in 0..<rows.count {
            let places = table.columns.indices.map { 2 + 2 * $0 }
            let counts = places.compactMap { rows.integer(row, $0) }
            let sums = places.compactMap { rows.text(row, $0 + 1).flatMap { Int128($0) } }
            guard let group = rows.integer(row, 0), let count = rows.integer(row, 1), counts.count == places.count,
                sums.count == places.count
            else { throw StoreFault(code: .corrupt, detail: "table \(table.name) cannot be counted") }
            tally.groups[group] = CopyTally.Figures(rows: count, counts: counts, sums: sums)
        }
        return tally
    }
}

extension PostgreSQLCommand {
    /// Of a value that is no NULL of an unknown type: keys are never NULL.
    mutating func bind(_ value: CopiedValue, as kind: CopiedTable.Kind? = nil) {
        switch value {
        case .integer(let integer): bind(integer)
        case .text(let text): bind(SharedSQL.escaped(text))
        case .bytes(let bytes): bind(bytes)
        case .null:
            switch kind {
            case .integer, nil: bind(nil as Int64?)
            case .text: bind(nil as String?)
            case .bytes: bind(nil as [UInt8]?)
            }
        }
    }
}
