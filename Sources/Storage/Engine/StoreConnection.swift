import GRDB

/// One connection with the statements prepared on it.
///
/// Confined to the thread that GRDB lent the connection to, and let go before that ends.
final class StoreConnection {
    let database: Database
    /// By the address of the literal, few enough to be looked through. A literal of the same text elsewhere is at worst
    /// prepared a second time.
    private var statements: [(address: UInt, statement: PreparedStatement)] = []

    init(_ database: Database) { self.database = database }

    /// The statement of this text, prepared when it is asked for the first time. A statement runs once at a time.
    func statement(_ sql: StaticString) throws -> PreparedStatement {
        let address = unsafe UInt(bitPattern: sql.utf8Start)
        for entry in statements where entry.address == address { return entry.statement }
        // GRDB lends a connection that is open.
        let statement = try unsafe PreparedStatement(sql, on: database.sqliteConnection!)
        statements.append((address, statement))
        return statement
    }

    func run(_ sql: StaticString) throws { try statement(sql).run() }

    /// How many rows the last INSERT, UPDATE or DELETE changed.
    var changesCount: Int { database.changesCount }

    /// The row number that the last INSERT gave.
    var lastInsertedRow: Int64 { database.lastInsertedRowID }

    var isInTransaction: Bool { database.isInsideTransaction }

    func begin() throws { try run("BEGIN IMMEDIATE") }

    /// Begins a transaction that only reads: all that it reads is of one moment.
    func beginReading() throws { try run("BEGIN") }

    func commit() throws { try run("COMMIT") }

    /// Ends a transaction if one is open. An error does not matter: SQLite has rolled back, or will when it opens.
    func rollBack() {
        if isInTransaction { try? run("ROLLBACK") }
    }

    /// A transaction of its own: all that the body did, or nothing when it throws.
    func inTransaction<Value>(_ body: (StoreConnection) throws -> Value) throws -> Value {
        try begin()
        do {
            let value = try body(self)
            try commit()
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Undoes what the body did when it throws, and nothing else of the transaction.
    func inSavepoint<Value>(_ body: () throws -> Value) throws -> Value {
        try run("SAVEPOINT operation")
        do {
            let value = try body()
            try run("RELEASE operation")
            return value
        } catch {
            // Some errors end the whole transaction, and the savepoint with it.
            if isInTransaction {
                try run("ROLLBACK TO operation")
                try run("RELEASE operation")
            }
            throw error
        }
    }
}
