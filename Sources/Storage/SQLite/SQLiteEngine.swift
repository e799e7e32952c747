internal import Budgeting
import EventLoops
import GRDB
internal import Reporting
import Vocabulary

/// The engine of one node: an SQLite file in WAL mode.
///
/// Guarded; callable from any thread. One thread with one connection does all writing (`StoreWriter`), two threads with
/// connections that can only read answer `find`, and another one lists what the admin side and
/// teams ask for, so that a long list holds no look-up up. An answer that says success is durable: `synchronous=FULL`,
/// so each commit ends with an fsync of the log.
///
/// What holds, and what ensures it:
/// - S1: one process uses the file (`StoreLock`).
/// - S2: one connection writes and checkpoints (`StoreWriter`); the readers and the one that copies (`StoreCopier`) are
///   closed before it, so that none of them is the last one, which would checkpoint.
/// - S3: after an error of fsync nothing more is acknowledged, and `onFatal` is called, once.
/// - S4: a file that is damaged, newer or another program's is refused and left as it is (`StoreSchema`).
/// - S5: no reservation of an earlier process is open: those that were became unconfirmed before the first answer.
/// - S6: nothing is acknowledged as durable while the file is away from its path (`StorePlace`).
final class SQLiteEngine: StoreEngine {
    static let lookUpReaders = 2
    /// How long a lock that another program holds is waited for.
    static let busyTimeout = Duration.seconds(5)
    private static let queueMax = 10_000

    let writer: StoreWriter
    let recoveredCount: Int
    let isShared = false
    let presence: StorePresence?
    private let place: StorePlace
    private let lookUps: StoreReaders
    private let listings: StoreReaders
    private let copier: StoreCopier
    private let lock: Guarded<StoreLock?>  // held until the store is closed

    private init(
        writer: StoreWriter,
        place: StorePlace,
        presence: StorePresence,
        lookUps: StoreReaders,
        listings: StoreReaders,
        copier: StoreCopier,
        recoveredCount: Int,
        lock: StoreLock
    ) {
        self.writer = writer
        self.place = place
        self.presence = presence
        self.recoveredCount = recoveredCount
        self.lookUps = lookUps
        self.listings = listings
        self.copier = copier
        self.lock = Guarded(lock)
    }

    /// Opens the file, or makes it when there is none in an existing folder; see `Store.open`.
    static func open(
        path: String,
        busyTimeout: Duration = busyTimeout,
        migrates: Bool,
        onPlace: @escaping @Sendable (StoreFault?) -> Void,
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> SQLiteEngine {
        let path = try StoreFile.resolve(path)
        let lock = try StoreLock(path: path)
        try StoreRestore.refuseUnfinished(path)
        StoreCopier.removeLeftovers(of: path)
        try StoreFile.prepare(path)
        do {
            let (database, recoveredCount, unfinished) = try openWriter(
                path: path,
                busyTimeout: busyTimeout,
                migrates: migrates
            )
            try StoreFile.syncFolder(of: path)
            let place = try StorePlace(path: path, onChange: onPlace)
            let purges = PurgeBoard()
            for open in unfinished { purges.add(open.progress, then: nil) }
            let presence = StorePresence()
            let writer = StoreWriter(
                database: SQLiteWritable(queue: database, place: place, presence: presence),
                purges: purges,
                standing: NodeStanding(),
                queueMax: queueMax,
                onFatal: onFatal
            )
            var readers: [StoreReaders] = []
            do {
                for (name, count) in [("store-read", lookUpReaders), ("store-list", 1)] {
                    readers.append(
                        try StoreReaders(
                            name: name,
                            isBackground: name == "store-list",
                            count: count,
                            queueMax: queueMax
                        ) { try SQLiteReadable(path: path, busyTimeout: busyTimeout, name: $0) }
                    )
                }
                try writer.start()
                try place.start()
            } catch {
                for group in readers { group.close() }
                writer.stop()
                throw error
            }
            presence.fill { [listings = readers[1]] in listings.submit($0) }
            return SQLiteEngine(
                writer: writer,
                place: place,
                presence: presence,
                lookUps: readers[0],
                listings: readers[1],
                copier: StoreCopier(path: path, busyTimeout: busyTimeout),
                recoveredCount: recoveredCount,
                lock: lock
            )
        } catch {
            let fault = StoreFault(thrown: error)
            throw StoreFault(code: fault.code, detail: "cannot open \(path): \(fault.detail)")
        }
    }

    /// The writer's connection, how many reservations were made unconfirmed on it, and the purges that go on.
    private static func openWriter(
        path: String,
        busyTimeout: Duration,
        migrates: Bool
    ) throws -> (DatabaseQueue, Int, [PurgeTable.Open]) {
        let queue = try writingConnection(path: path, busyTimeout: busyTimeout)
        return try queue.writeWithoutTransaction { database in
            try StoreSchema.check(database)
            if !migrates { try StoreSchema.refuseOlder(database) }
            try setUp(database)
            try StoreSchema.migrate(database)
            try StoreSchema.probe(database)
            let connection = StoreConnection(database)
            try UnbookedEndings.bookLeft(on: connection)
            let recoveredCount = try Store.recover(connection, at: SystemClock.wall())
            return (queue, recoveredCount, try PurgeTable.open(on: connection))
        }
    }

    /// A connection that can write; nothing is read yet.
    static func writingConnection(path: String, busyTimeout: Duration) throws -> DatabaseQueue {
        SQLiteLibrary.setUp()
        var configuration = Configuration()
        configuration.busyMode = .timeout(Double(busyTimeout.wholeNanoseconds) / 1e9)
        configuration.label = "store writer"
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Finds out whether the file can be written, and sets how.
    static func setUp(_ database: Database) throws {
        // Fails on a file that cannot be written, before anything is.
        try database.inTransaction(.immediate) { .rollback }
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            let detail = "SQLite cannot use a write-ahead log here (\(mode ?? "no answer")): is it a network folder?"
            throw StoreFault(code: .unavailable, detail: detail)
        }
        // The limit cuts a log back that grew while a checkpoint was held up.
        try database.execute(
            sql: """
                PRAGMA synchronous = FULL;
                PRAGMA wal_autocheckpoint = 0;
                PRAGMA journal_size_limit = 67108864;
                PRAGMA cache_size = -8192;
                PRAGMA temp_store = MEMORY;
                """
        )
    }

    var node: Int { 0 }

    func hear(_ sink: @escaping @Sendable (StoreEvent) -> Void) {}

    var changeEnds: ChangeEnds? { nil }

    func replace(_ target: StoreTarget) {}

    func lookUp(_ operation: ReadOperation) { lookUps.submit(operation) }

    func list(_ operation: ReadOperation) { writer.whenBooked { [listings] in listings.submit(operation) } }

    func follow(_ flight: ReservationID, then: @escaping @Sendable (Result<LandingAnswer, StoreFault>) -> Void) {
        preconditionFailure("a flight of another node, in a file of one process")
    }

    func tellBudgets(to gate: BudgetGate) {}

    func balances(on connection: StoreConnection) -> StoredBalances? { nil }

    func copyAll(then: @escaping @Sendable (Result<any StoreCopy, BackupFault>) -> Void) {
        writer.whenBooked { [copier] in copier.begin(then) }
    }

    func stop() {
        copier.stop()
        lookUps.stop()
        listings.stop()
        writer.stop()
        place.stop()
    }

    func close() {
        guard let held = lock.withLock({ $0.take() }) else { return }
        // Until the connections are closed the lock is held: another process must not find them open.
        defer { withExtendedLifetime(held) {} }
        copier.close()
        for readers in [lookUps, listings] { readers.close() }
        writer.close()
        place.close()
    }
}
