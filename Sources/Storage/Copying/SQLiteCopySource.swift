import GRDB
import Vocabulary

/// The file that a copy is read from. Nothing of it is changed but that what a crash left unbooked is booked. Confined
/// to the thread of the copy.
final class SQLiteCopySource: CopySource {
    private let database: Database

    private init(_ database: Database) { self.database = database }

    /// Locks the file for as long as the body takes.
    static func open<Value>(_ path: String, _ body: (SQLiteCopySource) throws -> Value) throws -> Value {
        let path = try StoreFile.resolve(path)
        let lock = try StoreLock(path: path)
        defer { withExtendedLifetime(lock) {} }
        try UnfinishedStore.refuse(path)
        guard DiskPlace.byteCount(of: path) > 0 else {
            throw StoreFault(code: .unavailable, detail: "there is no store at \(path)")
        }
        try StoreFile.prepare(path)
        let queue = try SQLiteEngine.writingConnection(path: path, busyTimeout: SQLiteEngine.busyTimeout)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction { database in
            try StoreSchema.check(database)
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            guard version == StoreSchema.version else {
                throw StoreFault(
                    code: .olderSchema,
                    detail: "\(path) has schema \(version), this program needs \(StoreSchema.version): type "
                        + "tollgate migrate --config FILE"
                )
            }
            try UnbookedEndings.bookLeft(on: StoreConnection(database))
            try database.execute(sql: "PRAGMA query_only = 1; PRAGMA cell_size_check = ON; BEGIN")
            defer { try? database.execute(sql: "ROLLBACK") }
            return try body(SQLiteCopySource(database))
        }
    }

    func forEachPage(of table: CopiedTable, _ body: ([[CopiedValue]]) throws -> Void) throws {
        let statement = try SQLiteStatement(
            text: "SELECT \(table.columnList) FROM \(table.name) ORDER BY \(table.keyList)",
            on: database
        )
        defer { statement.reset() }
        var (page, byteCount): ([[CopiedValue]], Int) = ([], 0)
        while try statement.step() {
            let row = try table.columns.enumerated().map { index, column in
                try Self.value(statement, Int32(index), column, table)
            }
            page.append(row)
            byteCount += row.reduce(0) { $0 + $1.byteCount }
            guard page.count >= CopyPage.rowsMax || byteCount >= CopyPage.bytesMax else { continue }
            try body(page)
            (page, byteCount) = ([], 0)
        }
        if !page.isEmpty { try body(page) }
    }

    private static func value(
        _ statement: SQLiteStatement,
        _ index: Int32,
        _ column: CopiedTable.Column,
        _ table: CopiedTable
    ) throws -> CopiedValue {
        if statement.isNull(at: index) { return .null }
        let value: CopiedValue? =
            switch column.kind {
            case .integer: statement.integer(at: index).map(CopiedValue.integer)
            case .text: statement.soundText(at: index).map(CopiedValue.text)
            case .bytes: statement.bytes(at: index).map(CopiedValue.bytes)
            }
        guard let value else { throw table.damage(at: column) }
        return value
    }

    func tally(of table: CopiedTable) throws -> CopyTally { try Self.tally(of: table, in: database) }

    /// Sums are made of two halves of 32 bits, neither of which can overflow. Each group is a scan: to group all of
    /// them SQLite would sort a copy of the rows.
    static func tally(of table: CopiedTable, in database: Database) throws -> CopyTally {
        let figures = table.columns.map { column in
            let name = column.name
            let halves =
                switch column.kind {
                case .integer: ["\(name) >> 32", "\(name) & 4294967295"]
                case .text: ["0", "length(CAST(\(name) AS BLOB))"]
                case .bytes: ["0", "length(\(name))"]
                }
            return "count(\(name)), " + halves.map { "coalesce(sum(\($0)), 0)" }.joined(separator: ", ")
        }
        let query = "SELECT count(*), \(figures.joined(separator: ", ")) FROM \(table.name)"
        var tally = CopyTally()
        for group in table.groups {
            let condition = table.groups.count > 1 ? " WHERE \(table.group) = \(group)" : ""
            let numbers = try numbers(query + condition, count: 1 + 3 * table.columns.count, of: table, in: database)
            if numbers[0] == 0 { continue }
            let places = table.columns.indices.map { 1 + 3 * $0 }
            tally.groups[group] = CopyTally.Figures(
                rows: numbers[0],
                counts: places.map { numbers[$0] },
                sums: places.map { Int128(numbers[$0 + 1]) << 32 + Int128(numbers[$0 + 2]) }
            )
        }
        return tally
    }

    /// The one row of a query.
    private static func numbers(
        _ sql: String,
        count: Int,
        of table: CopiedTable,
        in database: Database
    ) throws -> [Int64] {
        let statement = try SQLiteStatement(text: sql, on: database)
        defer { statement.reset() }
        let isThere = try statement.step()
        let numbers = isThere ? (0..<Int32(count)).compactMap { statement.integer(at: $0) } : []
        guard numbers.count == count else {
            throw StoreFault(code: .corrupt, detail: "table \(table.name) cannot be counted")
        }
        return numbers
    }
}
