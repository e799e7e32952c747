public import Budgeting
public import Caching
import EventLoops
import GRDB
public import UpstreamKeys
public import Vocabulary

/// The store of one node: an SQLite file in WAL mode.
///
/// Guarded; callable from any thread. One thread with one connection does all writing (`StoreWriter`), two threads with
/// connections that can only read answer `find`, and another one lists what the admin side and
/// teams ask for, so that a long list holds no look-up up. Every answer comes on one of these threads, or on the caller's when
/// the call is refused at once. An answer that says success is durable: `synchronous=FULL`, so each commit ends with an
/// fsync of the log.
///
/// What holds, and what ensures it:
/// - S1: one process uses the file (`StoreLock`).
/// - S2: one connection writes and checkpoints (`StoreWriter`); the readers and the one that copies (`StoreCopier`) are
///   closed before it, so that none of them is the last one, which would checkpoint.
/// - S3: after an error of fsync nothing more is acknowledged, and `onFatal` is called, once.
/// - S4: a file that is damaged, newer or another program's is refused and left as it is (`StoreSchema`).
/// - S5: no reservation of an earlier process is open: those that were became unconfirmed before the first answer.
/// - S6: nothing is acknowledged as durable while the file is away from its path (`StorePlace`).
public final class SQLiteStore: Ledger, ResultStore, KeyStates {
    static let lookUpReaders = 2
    /// How long a lock that another program holds is waited for.
    static let busyTimeout = Duration.seconds(5)
    private static let queueMax = 10_000

    let writer: StoreWriter
    private let place: StorePlace
    private let checks = SharedCheck()
    private let lookUps: StoreReaders
    private let listings: StoreReaders
    let copier: StoreCopier
    private let recoveredCount: Int
    private let lock: Guarded<StoreLock?>  // held until the store is closed

    private init(
        writer: StoreWriter,
        place: StorePlace,
        lookUps: StoreReaders,
        listings: StoreReaders,
        copier: StoreCopier,
        recoveredCount: Int,
        lock: StoreLock
    ) {
        self.writer = writer
        self.place = place
        self.recoveredCount = recoveredCount
        self.lookUps = lookUps
        self.listings = listings
        self.copier = copier
        self.lock = Guarded(lock)
    }

    /// The threads end by themselves; `close` is what waits for them.
    deinit {
        copier.stop()
        lookUps.stop()
        listings.stop()
        writer.stop()
        place.stop()
    }

    /// Opens the file, or makes it when there is none in an existing folder. Blocks for some milliseconds.
    ///
    /// Reservations that a crash left open become unconfirmed (`opening` says how many), and team keys revoked long ago
    /// are forgotten.
    ///
    /// - Parameters:
    ///   - path: of the file; beside it lie `-wal`, `-shm` and `.lock`.
    ///   - migrates: whether a file of an older schema is brought up to date; else it is refused.
    ///   - onPlace: called on a thread of the store's when the file was moved or deleted, with the fault, and when the same
    ///     file is back, with nil.
    ///   - onFatal: called on the writer's thread when an fsync failed: the program must end with an error, since
    ///     what the disk holds is no longer known.
    /// - Throws: `inUse`, `readOnly`, `corrupt`, `newerSchema`, `olderSchema`, `full`, else `unavailable`; nothing is
    ///   changed then.
    public static func open(
        path: String,
        migrates: Bool = true,
        onPlace: @escaping @Sendable (StoreFault?) -> Void = { _ in },
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> SQLiteStore {
        try open(path: path, busyTimeout: busyTimeout, migrates: migrates, onPlace: onPlace, onFatal: onFatal)
    }

    /// Finds out whether a store could be opened or made there, as far as that can be seen without opening it.
    ///
    /// - Throws: what prevents it.
    public static func checkPlace(path: String) throws(StoreFault) {
        try StoreFile.checkPlace(try StoreFile.resolve(path))
    }

    static func open(
        path: String,
        busyTimeout: Duration,
        migrates: Bool = true,
        onPlace: @escaping @Sendable (StoreFault?) -> Void = { _ in },
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> SQLiteStore {
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
            let writer = StoreWriter(
                database: database,
                place: place,
                purges: purges,
                queueMax: queueMax,
                onFatal: onFatal
            )
            var readers: [StoreReaders] = []
            do {
                for (name, count) in [("store-read", lookUpReaders), ("store-list", 1)] {
                    readers.append(
                        try StoreReaders(
                            path: path,
                            busyTimeout: busyTimeout,
                            name: name,
                            isBackground: name == "store-list",
                            count: count,
                            queueMax: queueMax
                        )
                    )
                }
                try writer.start()
                try place.start()
            } catch {
                for group in readers { try group.close() }
                writer.stop()
                throw error
            }
            let store = SQLiteStore(
                writer: writer,
                place: place,
                lookUps: readers[0],
                listings: readers[1],
                copier: StoreCopier(path: path, busyTimeout: busyTimeout),
                recoveredCount: recoveredCount,
                lock: lock
            )
            for open in unfinished { store.countRemaining(of: open.id) }
            return store
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
            let recoveredCount = try recover(connection, at: SystemClock.wall())
            return (queue, recoveredCount, try PurgeTable.open(on: connection))
        }
    }

    /// A connection that can write; nothing is read yet.
    static func writingConnection(path: String, busyTimeout: Duration) throws -> DatabaseQueue {
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

    private static func recover(_ connection: StoreConnection, at now: Timestamp) throws -> Int {
        try connection.inTransaction { connection in
            let count = try LedgerTable.recover(at: now, on: connection)
            try TeamKeyTable.removeRevoked(before: now + (.zero - TeamKeyTable.revokedRetention), on: connection)
            try ClassifierTable.recover(at: now, on: connection)
            return count
        }
    }

    /// What is known of credits as the program starts: to be asked for before the first reservation. Blocks; reads the
    /// roll-ups, not the ledger, and so takes some milliseconds for a year of them.
    public func opening() throws(StoreFault) -> LedgerOpening {
        let recoveredCount = recoveredCount
        return try readAndWait { connection in
            var opening = LedgerOpening()
            opening.rows = try UsageTable.rows(on: connection)
            opening.rates = try LessonTable.rates(on: connection)
            opening.lastReservation = try LedgerTable.last(on: connection)
            // Some days more, so that a clock that was ahead at the start and is set right finds all that are in force.
            let earlier = SystemClock.wall() + .seconds(-32 * 86_400)
            opening.grants = try GrantTable.open(after: earlier, on: connection)
            opening.lastGrant = try GrantTable.last(on: connection)
            opening.refusals = try ShadowRefusalTable.latest(on: connection)
            opening.recoveredCount = recoveredCount
            return opening
        }
    }

    /// What is known of the changes of saved classifiers; for the start of the program. Blocks for some milliseconds.
    public func classifierRecord() throws(StoreFault) -> ClassifierRecord {
        try readAndWait { try ClassifierTable.record(on: $0) }
    }

    /// What was remembered of the upstream keys; for the start of the program. Blocks briefly.
    public func upstreamKeyRecords() throws(StoreFault) -> [UpstreamKeyRecord] {
        try readAndWait { try UpstreamKeyTable.records(on: $0) }
    }

    /// When upstream keys were last used; for the start of the program. Blocks briefly.
    public func upstreamKeyUses() throws(StoreFault) -> [UpstreamKeyID: Timestamp] {
        try readAndWait { try UpstreamKeyUseTable.uses(on: $0) }
    }

    public func find(
        _ key: CacheKey?,
        pagesOf document: DocumentKey?,
        then: @escaping @Sendable (Result<Finding, StoreFault>) -> Void
    ) {
        lookUps.submit(ReadOperation({ try ResultTable.find(key, pagesOf: document, on: $0) }, then: then))
    }

    public func reserve(_ reservation: Reservation, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        perform({ try LedgerTable.reserve(reservation, on: $0) }, then: then)
    }

    public func move(_ reservation: Reservation, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        perform({ try LedgerTable.move(reservation, on: $0) }, then: then)
    }

    public func save(_ record: UpstreamKeyRecord, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        perform({ try UpstreamKeyTable.save(record, on: $0) }, then: then)
    }

    public func end(
        _ ending: ReservationEnding,
        storing answer: StampedAnswer?,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    ) {
        perform({ try Self.end(ending, storing: answer, on: $0) }, then: then)
    }

    public func charge(
        _ ending: ReservationEnding,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                try LedgerTable.reserve(ending.reservation, on: connection)
                return try Self.end(ending, storing: nil, on: connection)
            },
            then: then
        )
    }

    /// Ends a reservation and books it.
    private static func end(
        _ ending: ReservationEnding,
        storing answer: StampedAnswer?,
        on connection: StoreConnection
    ) throws -> EndingAnswer {
        guard try LedgerTable.end(ending, on: connection) == .done else { return .repeated }
        try UsageTable.book(ending, on: connection)
        try UsageDocumentTable.book(ending, on: connection)
        try UsageAccountTable.book(ending, on: connection)
        // A purge or a change that came first is noted by now.
        let isOvertaken = answer?.isOvertaken ?? false
        try LessonTable.save(isOvertaken ? ending.withoutPages : ending, on: connection)
        // A result that a purge overtook was kept, and is purged.
        try PaymentTable.book(ending, isKept: answer?.result != nil, on: connection)
        if !isOvertaken, let result = answer?.result { try ResultTable.save(result, on: connection) }
        return .done
    }

    public func add(_ report: UsageReport, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        perform(
            { connection in
                for row in report.rows { try UsageTable.add(row, on: connection) }
                try UsageQuarterTable.add(report.rows, at: report.at, on: connection)
                try UsageDocumentTable.add(report.rows, report.documents, on: connection)
                for row in report.refusals { try ShadowRefusalTable.add(row, on: connection) }
                for use in report.uses { try KeyUseTable.add(use, on: connection) }
                for use in report.upstreamUses { try UpstreamKeyUseTable.add(use, on: connection) }
            },
            then: then
        )
    }

    public func check(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        switch checks.join(then) {
        case .asks:
            // The transaction alone takes the lock of the writer; only a page that changes needs room on the disk.
            let writes = writer.hasFailed
            perform({ if writes { try StoreSchema.rewriteVersion($0.database) } }, then: checks.answer)
        case .waits: break
        case .full: then(.failure(StoreFault(code: .overloaded, detail: "too many checks wait for the store")))
        }
    }

    /// Removes the results of requests with schemas of their own that were stored before a moment, in small batches while the writer has nothing else to do.
    ///
    /// - Parameter then: answered how many were removed, when the last batch is durable.
    public func removeExpired(
        before cutoff: Timestamp,
        then: (@Sendable (Result<Int, StoreFault>) -> Void)? = nil
    ) {
        writer.sweep(ExpirySchedule.Sweep(cutoff: cutoff, then: then))
    }

    /// Sets how long results are kept after they were stored; nil, as at the start, keeps them for ever.
    ///
    /// What is older is removed from then on, once a minute. Danger: what is removed was paid for.
    ///
    /// - Parameter classifierRetention: for the results of saved classifiers.
    public func replace(retention: Duration?, ofClassifiers classifierRetention: Duration? = nil) {
        writer.replace(retention: retention, ofClassifiers: classifierRetention)
    }

    /// How many transactions were committed: with several operations at a time fewer than these.
    public var commitCount: Int { writer.commitCount }

    /// Does what was asked before, answers it, writes the log back, and gives the file up. Blocks.
    ///
    /// Not from one of the answers. What is asked afterwards is refused; a second call does nothing.
    public func close() {
        guard let held = lock.withLock({ $0.take() }) else { return }
        // Until the connections are closed the lock is held: another process must not find them open.
        defer { withExtendedLifetime(held) {} }
        // What was answered is durable in the log, which the next opening reads, so an error of closing loses nothing.
        // An error of fsync is reported all the same, by `onFatal`.
        copier.close()
        for readers in [lookUps, listings] { try? readers.close() }
        try? writer.close()
        place.close()
    }

    /// Runs an operation in the next group; answered when it is durable, or was not done.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        writer.submit(WriteOperation(work, then: then))
    }

    /// Runs a read and blocks until it is answered.
    func readAndWait<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value
    ) throws(StoreFault) -> Value {
        try waitForAnswer { list(work, then: $0) }
    }

    /// Blocks until what is asked is answered. Not on a thread of the store's own.
    func waitForAnswer<Value: Sendable>(
        to ask: (@escaping @Sendable (Result<Value, StoreFault>) -> Void) -> Void
    ) throws(StoreFault) -> Value {
        let answer = Handover<Result<Value, StoreFault>>()
        ask { answer.give($0) }
        return try answer.take().get()
    }

    /// Runs a read that no request waits for.
    func list<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        listings.submit(ReadOperation(work, then: then))
    }
}
