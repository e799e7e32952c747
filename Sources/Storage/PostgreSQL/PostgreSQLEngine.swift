internal import Budgeting
import EventLoops
internal import PostgreSQL
internal import Reporting
import Vocabulary

/// The engine of a database that other programs may reach as well: PostgreSQL, or what speaks its language.
///
/// Guarded; callable from any thread. The threads are those of `SQLiteEngine`, each with a connection of its own, which
/// is made anew when it was lost. An answer that says success is committed; whether that outlives a failover is up to
/// the server's `synchronous_commit` and its standbys.
///
/// What holds, and what ensures it:
/// - P1: no process begins anything whose seat was given up for dead (`NodeFence`). One that finds its seat lost calls
///   `onLost`, and from then on ends what it had begun (`LateEnding`), and nothing else.
/// - P2: nothing is answered before its COMMIT is known to be done, or known not to be (`NodeBeats`).
/// - P3: what a process leaves open is ended once its lease is over, by a node that lives or starts (`NodeSweep`).
final class PostgreSQLEngine: StoreEngine {
    private static let queueMax = 10_000
    private static let lookUpReaders = 2
    private static let connectMax = Duration.seconds(10)

    let writer: StoreWriter
    let recoveredCount: Int
    let node: Int
    let isShared = true
    let presence: StorePresence? = nil
    private let flights: FlightWatch
    private let budgetNews: BudgetNews
    let changeEnds: ChangeEnds?
    private let news: StoreNews
    private let address: SharedAddress
    private let lookUps: StoreReaders
    private let listings: StoreReaders
    private let isClosed = Guarded(false)

    private init(
        writer: StoreWriter,
        node: Int,
        recoveredCount: Int,
        database: PostgreSQLWritable,
        lookUps: StoreReaders,
        listings: StoreReaders
    ) {
        address = database.address
        flights = database.flights
        budgetNews = database.budgetNews
        news = database.news
        changeEnds = database.changeEnds
        self.writer = writer
        self.node = node
        self.recoveredCount = recoveredCount
        self.lookUps = lookUps
        self.listings = listings
    }

    /// Connects, brings the schema up to date, takes a seat, and ends what dead nodes left. Blocks.
    static func open(
        _ address: PostgreSQLAddress,
        as node: NodeDescription,
        migrates: Bool,
        onNews: @escaping @Sendable (NodeNews) -> Void,
        onLost: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> PostgreSQLEngine {
        do {
            let connection = try PostgreSQLConnection(to: address, within: connectMax)
            try connection.askForKeepalives(within: connectMax)
            try PostgreSQLCheck.refuse(connection)
            try PostgreSQLMigration(connection: connection, name: node.name).bringUp(migrates: migrates)
            let (seat, joinedAt) = try NodeJoining(connection: connection, node: node).take()
            let standing = NodeStanding(joinedAt: joinedAt)
            let fence = NodeFence(seat, joinedAt: joinedAt, standing: standing)
            let shared = SharedAddress(address)
            // Before anything else is read: what is read later has all that the feed has told so far.
            let feedHead = try connection.query(
                PostgreSQLCommand("SELECT seq FROM feed_head"),
                within: connectMax
            ).needInteger(about: "the head of the feed")
            let link = PostgreSQLLink(connection, to: shared, fence: fence)
            do {
                let tables = StoreConnection(link)
                let purges = PurgeBoard()
                let sweep = NodeSweep(
                    link: link,
                    connection: tables,
                    number: seat.number,
                    standing: standing,
                    purges: purges
                )
                let (recoveredCount, isAlone) = try NodeSweepDuty.sweepAll(sweep, onNews: onNews)
                try tables.inTransaction { tables in
                    try Store.forget(tables, at: SystemClock.wall())
                    // Of several nodes each ends its own changes.
                    if isAlone { try ClassifierTable.recover(at: SystemClock.wall(), on: tables) }
                }
                let unfinished = try PurgeTable.open(on: tables)
                link.close()
                for open in unfinished where !purges.progress.contains(where: { $0.id == open.id }) {
                    purges.add(open.progress, then: nil)
                }
                return try start(
                    PostgreSQLWritable(
                        address: shared,
                        seat: fence.present,
                        joinedAt: fence.confirmedAt,
                        feedHead: feedHead,
                        standing: standing,
                        purges: purges,
                        onNews: onNews,
                        onLost: onLost
                    ),
                    recoveredCount
                )
            } catch {
                // Nobody need wait for the lease.
                link.leave(hasServed: false)
                throw error
            }
        } catch {
            let fault = StoreFault(thrown: error)
            throw StoreFault(code: fault.code, detail: "cannot open \(address): \(fault.detail)")
        }
    }

    private static func start(
        _ database: PostgreSQLWritable,
        _ recoveredCount: Int
    ) throws -> PostgreSQLEngine {
        let writer = StoreWriter(
            database: database,
            purges: database.purges,
            standing: database.standing,
            queueMax: queueMax,
            // No fsync is this process's own.
            onFatal: { _ in }
        )
        var readers: [StoreReaders] = []
        do {
            for (name, count) in [("store-read", lookUpReaders), ("store-list", 1)] {
                let isBackground = name == "store-list"
                readers.append(
                    try StoreReaders(name: name, isBackground: isBackground, count: count, queueMax: queueMax) { _ in
                        PostgreSQLReadable(address: database.address, bounds: isBackground ? .ofLists : .ofRequests)
                    }
                )
            }
            try writer.start()
        } catch {
            for group in readers { group.close() }
            writer.stop()
            throw error
        }
        let lookUps = readers[0]
        database.flights.begin(read: { lookUps.submit($0) }, wake: { [weak writer] in writer?.wake() })
        return PostgreSQLEngine(
            writer: writer,
            node: Int(database.seat.number),
            recoveredCount: recoveredCount,
            database: database,
            lookUps: lookUps,
            listings: readers[1]
        )
    }

    func follow(_ flight: ReservationID, then: @escaping @Sendable (Result<LandingAnswer, StoreFault>) -> Void) {
        flights.follow(flight, then: then)
    }

    func tellBudgets(to gate: BudgetGate) {
        budgetNews.tell(gate)
        writer.wake()
    }

    func balances(on connection: StoreConnection) throws -> StoredBalances? {
        guard let link = connection.link as? PostgreSQLLink else { preconditionFailure("a connection to a file") }
        // The days that a book has rows for, and more.
        let first = SystemClock.wall().microseconds / 86_400_000_000 - 500
        return try BudgetNews.all(number: Int64(node), since: first, on: link)
    }

    func replace(_ target: StoreTarget) {
        if case .postgreSQL(let new) = target.kind { address.replace(new) }
    }

    func hear(_ sink: @escaping @Sendable (StoreEvent) -> Void) {
        news.hear(sink)
        writer.wake()
    }

    func lookUp(_ operation: ReadOperation) { lookUps.submit(operation) }

    func list(_ operation: ReadOperation) { listings.submit(operation) }

    func copyAll(then: @escaping @Sendable (Result<any StoreCopy, BackupFault>) -> Void) {
        then(.failure(.elsewhere("the store is in PostgreSQL: copy it with pg_dump, as docs/operations.md shows")))
    }

    func stop() {
        flights.close()
        lookUps.stop()
        listings.stop()
        writer.stop()
    }

    func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        flights.close()
        for readers in [lookUps, listings] { readers.close() }
        writer.close()
    }
}
