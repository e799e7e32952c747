import EventLoops
import Vocabulary

/// A connection to a PostgreSQL server, which takes commands in pipelines.
///
/// Confined to one thread, which waits for connecting and for each round trip, at most until its deadline. A round trip
/// is what was enqueued, the commands of the call, and one Sync; in a transaction a long one has several (`RoundTrip`).
/// Without BEGIN it is one transaction, which commits with the Sync. The first command that fails makes the server skip
/// the rest. Nothing is sent before the round trip begins: commands that cannot be sent leave the server untouched.
///
/// Once `isLost` it is of no use, and every round trip throws. `close`, or `deinit`, ends the connection.
public final class PostgreSQLConnection {
    /// What the rows of one round trip may take in memory, unless more is allowed.
    public static let resultBytesMax = 64 * 1_048_576
    /// The commands of one round trip.
    public static let commandsMax = 100_000
    /// What they may take in memory together.
    public static let commandBytesMax = 256 * 1_048_576

    public enum TransactionStatus: Equatable, Sendable {
        case idle
        case inTransaction
        /// Commands are refused until ROLLBACK.
        case failed
        /// The connection is lost.
        case unknown
    }

    private var libpq: LibpqConnection?
    private let limit: Int
    /// Why it is lost.
    private var reason = "it was closed"
    private var enqueued: [PostgreSQLCommand] = []
    private var enqueuedBytes = 0
    private var hasTooMany = false

    /// PQserverVersion(3): 150018 is 15.18.
    public let serverVersion: Int
    public let isTLS: Bool
    /// What the server warned of in the last round trip: the first few of severity WARNING or more.
    public private(set) var warnings: [PostgreSQLNotice] = []

    /// Tries the servers of the address in their order, each for its share of the time.
    ///
    /// - Parameters:
    ///   - duration: for all of them. Name servers are waited for as resolv.conf(5) says, beyond it if need be.
    ///   - resultBytesMax: what the rows of one round trip may take in memory.
    /// - Throws: `.connection`.
    public init(
        to address: PostgreSQLAddress,
        within duration: Duration,
        resultBytesMax: Int = resultBytesMax
    ) throws(PostgreSQLFailure) {
        let deadline = SystemClock.monotonic() + duration
        let libpq = try Dialler(address: address, deadline: deadline).connect()
        self.libpq = libpq
        limit = resultBytesMax
        serverVersion = libpq.serverVersion
        isTLS = libpq.isTLS
    }

    // MARK: State

    /// Whether it is known to be of no use. That the server has ended it meanwhile is found out by the next round trip.
    public var isLost: Bool { libpq == nil }

    public var transactionStatus: TransactionStatus { libpq?.transactionStatus ?? .unknown }

    /// A setting that the server reports by itself, such as `in_hot_standby`; nil if it does not.
    public func parameter(_ name: String) -> String? { libpq?.parameter(name) }

    /// Ends the connection, and what is under way in it.
    public func close() { libpq = nil }

    // MARK: Round trips

    /// Adds a command to the next round trip. Its rows are dropped; if it fails, the round trip throws.
    public func enqueue(_ command: PostgreSQLCommand) {
        let isTooMuch = command.byteCount > Self.commandBytesMax - enqueuedBytes
        guard enqueued.count < Self.commandsMax, !isTooMuch else {
            hasTooMany = true
            return
        }
        enqueuedBytes += command.byteCount
        enqueued.append(command)
    }

    /// Drops what was enqueued; nothing of it was sent.
    public func discard() {
        enqueued = []
        enqueuedBytes = 0
        hasTooMany = false
    }

    /// Performs what was enqueued, and then this.
    ///
    /// - Throws: what `finish` throws.
    public func query(
        _ command: PostgreSQLCommand,
        within duration: Duration
    ) throws(PostgreSQLFailure) -> PostgreSQLRows {
        try query([command], within: duration)[0]
    }

    /// Performs what was enqueued, and then these.
    ///
    /// - Returns: the rows of each of these.
    /// - Throws: what `finish` throws.
    public func query(
        _ commands: [PostgreSQLCommand],
        within duration: Duration
    ) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
        let firstKept = enqueued.count
        for command in commands { enqueue(command) }
        return try perform(firstKept: firstKept, within: duration)
    }

    /// Performs what was enqueued; nothing is sent if there is nothing.
    ///
    /// - Throws: `.server`, the first error; `.lost` or `.timedOut`, after which the connection is lost; `.invalid`.
    ///   What was enqueued is gone in any case.
    public func finish(within duration: Duration) throws(PostgreSQLFailure) {
        _ = try perform(firstKept: enqueued.count, within: duration)
    }

    private func perform(firstKept: Int, within duration: Duration) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
        let commands = enqueued
        let isTooMuch = hasTooMany
        discard()
        warnings = []
        if let fault = commands.lazy.compactMap(\.fault).first { throw PostgreSQLFailure(.invalid, fault) }
        if isTooMuch {
            let limits = "\(Self.commandsMax) commands or \(Self.commandBytesMax) bytes"
            throw PostgreSQLFailure(.invalid, "a round trip has more than \(limits)")
        }
        guard let libpq else {
            throw PostgreSQLFailure(.lost(mayHaveExecuted: false), "the connection was lost before: \(reason)")
        }
        guard !commands.isEmpty else { return [] }
        libpq.notices.clear()
        defer { warnings = libpq.notices.warnings }
        var roundTrip = RoundTrip(
            commands,
            firstKept: firstKept,
            resultBytesMax: limit,
            on: libpq,
            until: SystemClock.monotonic() + duration
        )
        do {
            return try roundTrip.run()
        } catch {
            // Results that nobody has read would be taken for those of the next round trip.
            if !roundTrip.isOver || libpq.isBad { lose(libpq, error.message) }
            throw error
        }
    }

    private func lose(_ libpq: LibpqConnection, _ message: String) {
        reason = message
        libpq.shutDown()
        self.libpq = nil
    }
}
