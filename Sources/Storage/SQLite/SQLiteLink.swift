import GRDB
import Vocabulary

/// A connection that GRDB lends, to an SQLite file. Confined to the thread that it was lent to.
final class SQLiteLink: StoreLink {
    let database: Database
    private lazy var begins = statement("BEGIN IMMEDIATE")
    private lazy var beginsReading = statement("BEGIN")
    private lazy var commits = statement("COMMIT")

    init(_ database: Database) { self.database = database }

    var isInTransaction: Bool { database.isInsideTransaction }

    var hasSavepoints: Bool { true }

    var isShared: Bool { false }

    var hasLedgerFloor: Bool { true }

    func write(_ balances: BalanceChanges, of node: Int64?) {}

    func write(_ flights: FlightChanges) {}

    var shared: (any SharedLink)? { nil }

    func feedHead() -> Int64 { 0 }

    func prepare(_ sql: StaticString) throws -> any PreparedStatement {
        // GRDB lends a connection that is open.
        try unsafe SQLiteStatement(sql, on: database.sqliteConnection!)
    }

    private func statement(_ sql: StaticString) -> Result<any PreparedStatement, any Error> {
        Result { try prepare(sql) }
    }

    func begin() throws { try begins.get().run() }

    func beginUnfenced() throws { try begin() }

    func beginReading() throws { try beginsReading.get().run() }

    func commit() throws { try commits.get().run() }

    func rollBack() {
        if isInTransaction { try? prepare("ROLLBACK").run() }
    }

    /// Everything was read as it was sent.
    func receive() {}

    /// Writes the number of the schema over itself.
    func touch() throws { try StoreSchema.rewriteVersion(database) }

    func size() throws -> StoreSize {
        func number(_ pragma: String) throws -> Int64 { try Int64.fetchOne(database, sql: "PRAGMA \(pragma)") ?? 0 }
        let pageBytes = try number("page_size")
        return StoreSize(
            bytes: pageBytes.saturatingMultiply(try number("page_count")),
            freeBytes: pageBytes.saturatingMultiply(try number("freelist_count"))
        )
    }
}

extension StoreConnection {
    convenience init(_ database: Database, presence: StorePresence? = nil) {
        self.init(SQLiteLink(database), presence: presence)
    }
}
