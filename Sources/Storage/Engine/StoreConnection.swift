import Vocabulary

/// One connection with the statements prepared on it.
///
/// Confined to the thread that has the link, and let go before that ends.
final class StoreConnection {
    let link: any StoreLink
    /// By the address of the literal, few enough to be looked through. A literal of the same text elsewhere is at worst
    /// prepared a second time.
    private var statements: [(address: UInt, statement: any PreparedStatement)] = []
    /// Of the transaction under way, or of the savepoint in it.
    private var gathered = GatheredChanges()
    /// What was read for the operations of the transaction under way.
    var shared = SharedReading()

    init(_ link: any StoreLink) { self.link = link }

    /// The statement of this text, prepared when it is asked for the first time. A statement runs once at a time.
    func statement(_ sql: StaticString) throws -> any PreparedStatement {
        let address = unsafe UInt(bitPattern: sql.utf8Start)
        for entry in statements where entry.address == address { return entry.statement }
        let statement = try link.prepare(sql)
        statements.append((address, statement))
        return statement
    }

    func run(_ sql: StaticString) throws { try statement(sql).run() }

    var isInTransaction: Bool { link.isInTransaction }

    /// Begins a transaction that may write.
    func begin() throws {
        gathered = GatheredChanges()
        try link.begin()
    }

    /// Adds to what is written right before the COMMIT. In a transaction that may write.
    func gather(_ add: (inout GatheredChanges) -> Void) { add(&gathered) }

    /// Whether the balances of budgets are kept in the store, since other nodes spend from them too.
    var keepsBalances: Bool { link.keepsBalances }

    /// Begins a transaction that only reads: all that it reads is of one moment.
    func beginReading() throws { try link.beginReading() }

    /// What was done is durable when it returns.
    func commit() throws {
        try gathered.write(on: self)
        gathered = GatheredChanges()
        try link.commit()
    }

    /// Ends a transaction if one is open. An error does not matter: the database has rolled back, or will.
    func rollBack() {
        gathered = GatheredChanges()
        link.rollBack()
    }

    /// Changes something that means nothing, so that it is known whether the store can be written. In a transaction.
    func touch() throws { try link.touch() }

    /// What the store takes on its disk.
    func size() throws -> StoreSize { try link.size() }

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

    /// Undoes what the body did when it throws, and nothing else of the transaction. Where the link has no savepoints the
    /// whole transaction must be given up instead, as those who began it do for whatever is thrown.
    func inSavepoint<Value>(_ body: () throws -> Value) throws -> Value {
        guard link.hasSavepoints else { return try body() }
        try run("SAVEPOINT operation")
        let before = gathered
        gathered = GatheredChanges()
        do {
            let value = try body()
            try run("RELEASE operation")
            let own = gathered
            gathered = before
            gathered.add(own)
            return value
        } catch {
            gathered = before
            // Some errors end the whole transaction, and the savepoint with it.
            if isInTransaction {
                try run("ROLLBACK TO operation")
                try run("RELEASE operation")
            }
            throw error
        }
    }
}

/// What a connection is to one kind of database. Confined like the connection.
protocol StoreLink: AnyObject {
    var isInTransaction: Bool { get }
    var hasSavepoints: Bool { get }
    /// Whether the store has balances of budgets, of several nodes.
    var keepsBalances: Bool { get }

    func prepare(_ sql: StaticString) throws -> any PreparedStatement
    func begin() throws
    func beginReading() throws
    func commit() throws
    func rollBack()

    func touch() throws
    func size() throws -> StoreSize

    /// Adds to the balances of this node. Where they are kept.
    func write(_ balances: BalanceChanges) throws

    /// Writes what became of flights. Where several nodes share the store.
    func write(_ flights: FlightChanges) throws
}

/// What a store takes on its disk.
struct StoreSize {
    let bytes: Int64
    /// Of these, what is kept for rows to come. 0 where the database does not tell.
    let freeBytes: Int64
}
