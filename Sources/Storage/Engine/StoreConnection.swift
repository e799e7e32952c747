import EventLoops
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
    var known = KnownRows()
    let unbooked = UnbookedEndings()
    /// Told of results and pages before they are written; nil where nobody asks for them.
    let presence: StorePresence?

    init(_ link: any StoreLink, presence: StorePresence? = nil) {
        self.link = link
        self.presence = presence
    }

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
        shared = SharedReading()
        unbooked.begin()
        presence?.noteBegin()
        try link.begin()
    }

    /// Begins a transaction that may write and proves nothing of this process: for what one node does for a dead one,
    /// whose balances it changes.
    func beginSweep(of number: Int64) throws {
        gathered = GatheredChanges()
        shared = SharedReading()
        gathered.node = number
        try link.beginUnfenced()
    }

    /// Adds to what is written right before the COMMIT. In a transaction that may write.
    func gather(_ add: (inout GatheredChanges) -> Void) { add(&gathered) }

    /// Writes what was gathered. What it throws may be the fault of any operation that has gathered something: the
    /// transaction must be given up, or the savepoint of that operation.
    ///
    /// - Parameter waits: whether bookings may wait for those of later transactions; else all are written, also those
    ///   that have waited.
    func writeGathered(waits: Bool = false) throws {
        if waits && gathered.isEmptyButForFeed { return }
        let changes = gathered
        gathered = GatheredChanges()
        (gathered.node, gathered.feed) = (changes.node, changes.feed)
        try changes.write(on: self, waits: waits)
    }

    /// Waits for what was sent, and has it read. Does not wait if nothing was.
    func receive() throws { try link.receive() }

    /// Whether other processes write to the store.
    var isShared: Bool { link.isShared }

    /// Whether what is reserved in the ledger is found behind its floor; else an index has it.
    var hasLedgerFloor: Bool { link.hasLedgerFloor }

    /// Begins a transaction that only reads: all that it reads is of one moment.
    func beginReading() throws { try link.beginReading() }

    /// What was done is durable when it returns.
    ///
    /// - Parameter waits: as of `writeGathered`.
    func commit(waits: Bool = false) throws {
        try writeGathered(waits: waits)
        try gathered.feed.write(on: self)
        gathered = GatheredChanges()
        try link.commit()
        unbooked.noteCommit(at: SystemClock.sinceBoot())
    }

    /// Ends a transaction if one is open. An error does not matter: the database has rolled back, or will.
    func rollBack() {
        gathered = GatheredChanges()
        known = KnownRows()
        unbooked.begin()
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

    /// Undoes what the body did, and what it gathered, when either fails, and nothing else of the transaction. Where
    /// the link has no savepoints the whole transaction must be given up instead, as those who began it do for whatever
    /// is thrown.
    func inSavepoint<Value>(_ body: () throws -> Value) throws -> Value {
        guard link.hasSavepoints else { return try body() }
        try writeGathered()
        try run("SAVEPOINT operation")
        do {
            let value = try body()
            try writeGathered()
            try run("RELEASE operation")
            return value
        } catch {
            gathered = GatheredChanges()
            known = KnownRows()
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
    /// Whether other processes write to the store.
    var isShared: Bool { get }
    /// Whether the store has the table `ledger_floor`.
    var hasLedgerFloor: Bool { get }

    func prepare(_ sql: StaticString) throws -> any PreparedStatement
    func begin() throws
    /// Begins a transaction of a writer without the proof that the process lives, where nodes have to prove that.
    func beginUnfenced() throws
    func beginReading() throws
    func commit() throws
    func rollBack()

    /// Waits for what was sent.
    func receive() throws

    func touch() throws
    func size() throws -> StoreSize

    /// Adds to the balances of a node, nil for this one. Where they are kept.
    func write(_ balances: BalanceChanges, of node: Int64?) throws

    /// Writes what became of flights. Where several nodes share the store.
    func write(_ flights: FlightChanges) throws

    /// What a writer can do where several nodes share the database; nil elsewhere.
    var shared: (any SharedLink)? { get }

    /// The greatest number of the feed, whose changes are all in what the transaction reads; 0 for a file.
    func feedHead() throws -> Int64
}

/// What a store takes on its disk.
struct StoreSize {
    let bytes: Int64
    /// Of these, what is kept for rows to come. 0 where the database does not tell.
    let freeBytes: Int64
}
