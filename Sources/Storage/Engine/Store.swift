public import Budgeting
public import Caching
import EventLoops
public import UpstreamKeys
public import Vocabulary

/// All that the gateway keeps, in the database of its engine: an SQLite file, or PostgreSQL.
///
/// Immutable; callable from any thread. Every answer comes on a thread of the engine's, or on the caller's when
/// the call is refused at once. An answer that says success is durable. The extensions of this type are what the other
/// rooms ask of a store, written once for all engines: operations of the writer, and reads.
public final class Store: Ledger, ResultStore, KeyStates {
    let engine: any StoreEngine
    private let checks = SharedCheck()

    init(_ engine: any StoreEngine) {
        self.engine = engine
        for purge in purgesUnderWay { countRemaining(of: purge.id) }
    }

    /// The threads end by themselves; `close` is what waits for them.
    deinit { engine.stop() }

    var writer: StoreWriter { engine.writer }

    /// Opens the store, or makes it: a file when there is none in an existing folder, or tables in a database without
    /// them. Blocks for some milliseconds.
    ///
    /// Reservations that a crash left open become unconfirmed (`opening` says how many), and team keys revoked long ago
    /// are forgotten. With PostgreSQL only those of nodes whose leases are over; `onNews` tells of the others later.
    ///
    /// - Parameters:
    ///   - target: beside a file lie `-wal`, `-shm` and `.lock`.
    ///   - node: what is said of this process to others at the same database.
    ///   - migrates: whether a store of an older schema is brought up to date; else it is refused.
    ///   - onPlace: called on a thread of the store's when the file was moved or deleted, with the fault, and when the
    ///     same file is back, with nil.
    ///   - onNews: called, on the writer's thread or before this returns, with what happens to the nodes of a database.
    ///   - onLost: called on the writer's thread, once, when another node has taken this process for dead, or the
    ///     database has lost commits: the program must end with an error. Until then the store takes endings of
    ///     reservations, and refuses all else.
    ///   - onFatal: called on the writer's thread when an fsync failed: the program must end with an error at once,
    ///     since what the store holds is no longer known.
    /// - Throws: `inUse`, `readOnly`, `corrupt`, `newerSchema`, `olderSchema`, `full`, else `unavailable`; nothing is
    ///   changed then.
    public static func open(
        _ target: StoreTarget,
        as node: NodeDescription,
        migrates: Bool = true,
        onPlace: @escaping @Sendable (StoreFault?) -> Void = { _ in },
        onNews: @escaping @Sendable (NodeNews) -> Void = { _ in },
        onLost: @escaping @Sendable (StoreFault) -> Void,
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> Store {
        switch target.kind {
        case .sqlite(let path):
            Store(try SQLiteEngine.open(path: path, migrates: migrates, onPlace: onPlace, onFatal: onFatal))
        case .postgreSQL(let address):
            Store(
                try PostgreSQLEngine.open(address, as: node, migrates: migrates, onNews: onNews, onLost: onLost)
            )
        }
    }

    /// Opens a file as `open(_:as:)` does.
    public static func open(
        path: String,
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> Store {
        Store(try SQLiteEngine.open(path: path, migrates: true, onPlace: { _ in }, onFatal: onFatal))
    }

    /// What is known of the nodes that share the database.
    public var standing: NodeStanding { writer.standing }

    /// The number of this process among those that share the database, 0 to 1,023: for `ReservationID`.
    public var node: Int { engine.node }

    /// Whether other processes may have the store as well.
    public var isShared: Bool { engine.isShared }

    /// Calls `sink` with what other nodes do from now on; nothing is missed since the store was opened. On a thread of
    /// the store's, which the sink must not block. Once, and without effect for a file, which no other node has.
    ///
    /// An event comes within a second of its COMMIT, unless the database does not answer.
    public func hear(_ sink: @escaping @Sendable (StoreEvent) -> Void) { engine.hear(sink) }

    /// Sets the password that new connections are made with; those that there are stay.
    ///
    /// - Parameter target: the one that the store was opened at, but for its password.
    public func replace(_ target: StoreTarget) { engine.replace(target) }

    /// Brings to an end what an earlier process left.
    ///
    /// - Returns: how many reservations are unconfirmed now that were open.
    static func recover(_ connection: StoreConnection, at now: Timestamp) throws -> Int {
        try connection.inTransaction { connection in
            let count = try LedgerTable.recover(at: now, on: connection)
            try forget(connection, at: now)
            try ClassifierTable.recover(at: now, on: connection)
            return count
        }
    }

    /// Forgets what is kept for a time only. In a transaction.
    static func forget(_ connection: StoreConnection, at now: Timestamp) throws {
        try TeamKeyTable.removeRevoked(before: now + (.zero - TeamKeyTable.revokedRetention), on: connection)
    }

    /// What is known of credits as the program starts: to be asked for before the first reservation. Blocks; reads the
    /// roll-ups, not the ledger, and so takes some milliseconds for a year of them.
    public func opening() throws(StoreFault) -> LedgerOpening {
        let engine = engine
        return try readAndWait { connection in
            var opening = LedgerOpening()
            if let balances = try engine.balances(on: connection) {
                (opening.balances, opening.elsewhere) = (balances.own, balances.elsewhere)
            } else {
                opening.rows = try UsageTable.rows(on: connection)
            }
            opening.rates = try LessonTable.rates(on: connection)
            opening.lastReservation = try LedgerTable.last(on: connection)
            // Some days more, so that a clock that was ahead at the start and is set right finds all that are in force.
            let earlier = SystemClock.wall() + .seconds(-32 * 86_400)
            opening.grants = try GrantTable.open(after: earlier, on: connection)
            opening.lastGrant = try GrantTable.last(on: connection)
            opening.refusals = try ShadowRefusalTable.latest(on: connection)
            opening.recoveredCount = engine.recoveredCount
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
        engine.lookUp(ReadOperation({ try ResultTable.find(key, pagesOf: document, on: $0) }, then: then))
    }

    public func lacks(_ key: CacheKey?, pagesOf document: DocumentKey?) -> Bool {
        engine.presence?.lacks(key, pagesOf: document) ?? false
    }

    /// Makes a reservation durable that memory has decided. Idempotent: an existing row with the same identifier is the
    /// same one, and a success.
    public func reserve(_ reservation: Reservation, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        performGathering({ try LedgerTable.reserve(reservation, on: $0) }, then: then)
    }

    public func save(_ record: UpstreamKeyRecord, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        perform(
            { connection in
                try UpstreamKeyTable.save(record, on: connection)
                connection.announce(.upstreamKey(record.id))
            },
            then: then
        )
    }

    public func end(
        _ ending: ReservationEnding,
        storing answer: StampedAnswer?,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    ) {
        var operation = WriteOperation(gathering: { Self.gather(ending, storing: answer, on: $0) }, then: then)
        operation.late = Self.late(ending, then)
        if answer?.landing != nil {
            let ask = ending.reservation.ask
            operation.needs = SharedNeeds(ending: (flight: ending.reservation.id, documentID: ask.documentID))
        }
        writer.submit(operation)
    }

    public func charge(
        _ ending: ReservationEnding,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    ) {
        let charge = { @Sendable (connection: StoreConnection) in
            try LedgerTable.reserve(ending.reservation, isBooked: false, on: connection)
            return Self.gather(ending, isCharge: true, storing: nil, on: connection)
        }
        var operation = WriteOperation(gathering: charge, then: then)
        operation.late = Self.late(ending, then)
        writer.submit(operation)
    }

    /// The ending as a process does it that has lost its seat.
    private static func late(
        _ ending: ReservationEnding,
        _ then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    ) -> @Sendable (StoreConnection) throws -> @Sendable () -> Void {
        { connection in
            let answer = try LateEnding(at: SystemClock.wall(), on: connection).end(ending)
            return { then(.success(answer())) }
        }
    }

    /// Ends a reservation and books it, with the others of its group.
    ///
    /// - Parameter isCharge: whether its reservation is made in the same transaction.
    static func gather(
        _ ending: ReservationEnding,
        isCharge: Bool = false,
        storing answer: StampedAnswer?,
        on connection: StoreConnection
    ) -> @Sendable () -> EndingAnswer {
        let outcome = EndingOutcome()
        let gathered = GatheredEnding(ending: ending, isCharge: isCharge, answer: answer, outcome: outcome)
        connection.gather { $0.endings.append(gathered) }
        return { outcome.value }
    }

    public func add(_ report: UsageReport, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        performGathering({ connection in connection.gather { $0.sums.add(report) } }, then: then)
    }

    public func check(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        switch checks.join(then) {
        case .asks:
            // The transaction alone takes the lock of the writer; only a page that changes needs room on the disk.
            let writes = writer.hasFailed
            performGathering({ if writes { try $0.touch() } }, then: checks.answer)
        case .waits: break
        case .full: then(.failure(StoreFault(code: .overloaded, detail: "too many checks wait for the store")))
        }
    }

    /// Removes the results of requests with schemas of their own that were stored before a moment, in small batches
    /// while the writer has nothing else to do.
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
    public func close() { engine.close() }

    /// Runs an operation in the next group; answered when it is durable, or was not done.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        writer.submit(WriteOperation(work, then: then))
    }

    /// Runs an operation that may go before the endings that wait for the end of its group, and reads nothing of
    /// theirs.
    func performGathering<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        writer.submit(WriteOperation(isGathering: true, work, then: then))
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
        engine.list(ReadOperation(work, then: then))
    }
}
