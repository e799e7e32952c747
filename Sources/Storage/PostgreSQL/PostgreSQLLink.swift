import EventLoops
internal import PostgreSQL
import Vocabulary

/// A connection to PostgreSQL, made when it is needed and made anew when it was lost. Confined to its thread.
///
/// A statement whose rows nobody reads is put into the pipeline, and sent with the next one that is waited for. Without
/// a transaction each statement of a reader is one of its own; those of a writer are put into one.
final class PostgreSQLLink: StoreLink {
    /// What one round trip may take.
    struct Bounds {
        let time: Duration
        let resultBytes: Int

        /// Longer than what the server ends by itself.
        static let ofRequests = Bounds(time: .seconds(8), resultBytes: PostgreSQLConnection.resultBytesMax)
        /// Of reports, and of what a start reads: the roll-ups of years.
        static let ofLists = Bounds(time: .seconds(60), resultBytes: 1_024 * 1_048_576)
    }

    /// How long a connection may take to be made, all hosts together.
    private static let connectMax = Duration.seconds(6)
    /// So many commands, or so many bytes of them, are sent and waited for at the latest.
    private static let enqueuedMax = (count: 4_096, bytes: 16 * 1_048_576)
    /// What waits for longer is sent with the next command: the server ends a transaction that waits for its client for
    /// long.
    private static let enqueuedTimeMax = Duration.seconds(1)
    /// After a failed attempt to connect the next one waits.
    private static let connectPause = Duration.milliseconds(500)
    private static let touchBytes = 32_768

    private let address: SharedAddress
    private var connection: PostgreSQLConnection?
    private var refusal: (fault: StoreFault, until: MonotonicInstant)?
    /// What a writer's transactions begin and end with; nil for a reader.
    let fence: NodeFence?
    private(set) var isInTransaction = false
    private var enqueued = (count: 0, bytes: 0)
    /// Commands whose rows are read, and those behind them, with what reads the rows.
    private var sent: [(command: PostgreSQLCommand, read: ((PostgreSQLRows) throws -> Void)?)] = []
    /// When the server was last waited for.
    private var heardAt = SystemClock.sinceBoot()
    /// Whether the transaction under way proves that the process has its seat.
    private var isFenced = false
    private let bounds: Bounds

    init(_ address: SharedAddress, fence: NodeFence? = nil, bounds: Bounds = .ofRequests) {
        self.address = address
        self.fence = fence
        self.bounds = bounds
    }

    /// Takes a connection that was made already.
    convenience init(_ connection: PostgreSQLConnection, to address: SharedAddress, fence: NodeFence? = nil) {
        self.init(address, fence: fence)
        self.connection = connection
    }

    var hasSavepoints: Bool { false }

    var isShared: Bool { fence != nil }

    var hasLedgerFloor: Bool { false }

    func prepare(_ sql: StaticString) throws -> any PreparedStatement { PostgreSQLStatement(sql, on: self) }

    func close() { connection = nil }

    // MARK: Connection

    /// Why no connection was had just now; nil when one is there, or may be tried for.
    func obstacle() -> StoreFault? {
        if let connection, !connection.isLost { return nil }
        guard let refusal, SystemClock.sinceBoot() < refusal.until else { return nil }
        return refusal.fault
    }

    private func connected() throws -> PostgreSQLConnection {
        if let connection, !connection.isLost { return connection }
        connection = nil
        if let fault = obstacle() { throw fault }
        do {
            let made = try PostgreSQLConnection(
                to: address.current,
                within: Self.connectMax,
                resultBytesMax: bounds.resultBytes
            )
            // Only a writer has locks that others wait for.
            if fence != nil { try made.askForKeepalives(within: Self.connectMax) }
            connection = made
            refusal = nil
            return made
        } catch {
            refusal = (StoreFault(error), SystemClock.sinceBoot() + Self.connectPause)
            throw error
        }
    }

    // MARK: Statements

    func run(_ command: PostgreSQLCommand) throws {
        guard isInTransaction else { return _ = try query(command) }
        try put(command, nil)
    }

    /// Performs it, and gives its rows to `read`: with the next command that is waited for, or with `receive`.
    func send(_ command: PostgreSQLCommand, read: @escaping (PostgreSQLRows) throws -> Void) throws {
        guard isInTransaction else { return try read(query(command)) }
        try put(command, read)
    }

    func receive() throws {
        if !sent.isEmpty { _ = try query([]) }
    }

    private func put(_ command: PostgreSQLCommand, _ read: ((PostgreSQLRows) throws -> Void)?) throws {
        let connection = try current()
        if sent.isEmpty, read == nil { connection.enqueue(command) } else { sent.append((command, read)) }
        enqueued.count += 1
        enqueued.bytes += command.byteCount
        let isMuch = enqueued.count >= Self.enqueuedMax.count || enqueued.bytes >= Self.enqueuedMax.bytes
        if isMuch || SystemClock.sinceBoot() - heardAt > Self.enqueuedTimeMax { _ = try query([]) }
    }

    func query(_ command: PostgreSQLCommand) throws -> PostgreSQLRows { try query([command])[0] }

    /// Performs what waits in the pipeline and these, in one round trip.
    func query(_ commands: [PostgreSQLCommand]) throws -> [PostgreSQLRows] {
        if isInTransaction {
            enqueued = (0, 0)
            let sent = self.sent
            self.sent = []
            let rows = try current().query(sent.map(\.command) + commands, within: bounds.time)
            heardAt = SystemClock.sinceBoot()
            for (index, (_, read)) in sent.enumerated() { try read?(rows[index]) }
            return Array(rows[sent.count...])
        }
        guard fence == nil else {
            try begin()
            do {
                let rows = try query(commands)
                try commit()
                return rows
            } catch {
                rollBack()
                throw error
            }
        }
        return try onFreshConnection { connection in try connection.query(commands, within: bounds.time) }
    }

    /// Performs commands in one round trip and in a transaction of their own, which proves nothing of this process.
    func queryUnfenced(_ commands: [PostgreSQLCommand]) throws -> [PostgreSQLRows] {
        precondition(!isInTransaction, "queryUnfenced() in a transaction")
        return try onFreshConnection { connection in try connection.query(commands, within: bounds.time) }
    }

    /// The connection of the transaction, which no other can go on with.
    private func current() throws -> PostgreSQLConnection {
        guard let connection else {
            throw StoreFault(code: .unavailable, detail: "PostgreSQL: the connection of the transaction was lost")
        }
        return connection
    }

    /// Does what has no effect unless it succeeds, and does it again on a new connection when the one that was there
    /// turns out to be lost: the server, or what lies between, may have ended it while it was idle.
    private func onFreshConnection<Value>(_ body: (PostgreSQLConnection) throws -> Value) throws -> Value {
        let wasThere = connection.map { !$0.isLost } ?? false
        do {
            return try body(try connected())
        } catch {
            guard wasThere, connection?.isLost != false else { throw error }
            return try body(try connected())
        }
    }

    // MARK: Transactions

    func begin() throws { try begin(fence) }

    func beginUnfenced() throws { try begin(nil) }

    private func begin(_ fence: NodeFence?) throws {
        precondition(!isInTransaction, "begin() in a transaction")
        forgetEnqueued()
        try onFreshConnection { connection in
            connection.enqueueBeginning(lockMax: .seconds(2))
            isInTransaction = true
            isFenced = fence != nil
            do {
                if let fence {
                    try fence.pass(try connection.query(fence.command(), within: bounds.time))
                } else {
                    try connection.finish(within: bounds.time)
                }
            } catch {
                rollBack()
                throw error
            }
        }
    }

    /// As a transaction begins or ends.
    private func forgetEnqueued() {
        enqueued = (0, 0)
        sent = []
        heardAt = SystemClock.sinceBoot()
    }

    func beginReading() throws {
        precondition(!isInTransaction, "beginReading() in a transaction")
        forgetEnqueued()
        try onFreshConnection { connection in
            connection.enqueue(PostgreSQLCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            try connection.finish(within: bounds.time)
        }
        isInTransaction = true
    }

    func commit() throws {
        precondition(isInTransaction, "commit() without a transaction")
        try receive()
        isInTransaction = false
        let connection = try current()
        let fence = isFenced ? self.fence : nil
        connection.enqueue(PostgreSQLCommand("COMMIT"))
        do {
            try connection.finish(within: bounds.time)
            // After this warning it is committed here, and maybe not where a standby would take over.
            let isUnsure = connection.warnings.contains { $0.sqlState == "57014" || $0.sqlState == "57P01" }
            if isUnsure { try fence?.lose("the wait for the standby was cancelled") }
            fence?.confirm()
        } catch let failure as PostgreSQLFailure {
            // What the server refused is rolled back: an error comes instead of the commit. Other ends say nothing.
            switch failure.kind {
            case .server, .invalid, .connection:
                isInTransaction = true
                rollBack()
            case .lost(let mayHaveExecuted), .timedOut(let mayHaveExecuted):
                if mayHaveExecuted { try fence?.lose("\(failure)") }
            }
            throw failure
        }
    }

    func rollBack() {
        guard isInTransaction else { return }
        isInTransaction = false
        forgetEnqueued()
        guard let connection, !connection.isLost else { return }
        // What still waits is not to be done.
        connection.discard()
        connection.enqueue(PostgreSQLCommand("ROLLBACK"))
        do { try connection.finish(within: bounds.time) } catch { connection.close() }
    }

    /// The fence writes in place, and finds room where there is none for more: this asks for some pages, which random
    /// bytes need that are not stored compressed.
    func touch() throws {
        var generator = SystemRandomNumberGenerator()
        let body = (0..<Self.touchBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        // No flight has a number below zero.
        let flight = -1 - node
        var insertion = PostgreSQLCommand(
            "INSERT INTO landings (flight, outcome, body, expires_at) VALUES ($1, '{}', $2, 0)"
        )
        insertion.bind(flight)
        insertion.bind(body)
        try run(insertion)
        var removal = PostgreSQLCommand("DELETE FROM landings WHERE flight = $1")
        removal.bind(flight)
        try run(removal)
    }

    func size() throws -> StoreSize {
        let rows = try query(PostgreSQLCommand("SELECT pg_database_size(current_database())"))
        return StoreSize(bytes: rows.integer(0, 0) ?? 0, freeBytes: 0)
    }

    /// Finds out whether the commit in doubt was done; see `NodeFence.recover`.
    func recover() throws -> Bool {
        let connection = try connected()
        do {
            return try fence!.recover(on: connection, within: bounds.time)
        } catch {
            // The next attempt begins on a connection without a transaction.
            connection.close()
            throw error
        }
    }

    /// Gives the seat back, so that nobody waits for its lease. As far as that can be done.
    ///
    /// - Parameter hasServed: whether reservations were made with the number, which rests then.
    func leave(hasServed: Bool) {
        guard let fence, !fence.beats.isInDoubt else { return }
        try? begin()
        guard isInTransaction else { return }
        let end = hasServed ? ServerClock.now : "0"
        var command = PostgreSQLCommand("UPDATE nodes SET state = 'dead', lease_until = \(end) WHERE number = $1")
        command.bind(fence.seat.number)
        try? run(command)
        try? commit()
        close()
    }
}
