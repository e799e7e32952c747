import EventLoops
import Vocabulary

/// One pipeline: commands and a Sync go out, their results come in, both at once: a server whose results nobody reads
/// reads no more commands. Confined to its connection's thread.
///
/// In a transaction there is a Sync wherever libpq would send in two parts. A process that is stopped between these
/// leaves the server in the middle of a pipeline else, where no time-out of the server's runs, with all locks.
struct RoundTrip: ~Copyable {
    /// Bytes of a group of commands, about. libpq sends by itself once it has 8 KiB.
    private static let groupBytesMax = 6_144
    /// What libpq may hold before it is looked whether the server takes it.
    private static let unflushedMax = 65_536
    /// Bytes that TLS has read and libpq has not yet are seen by no poll(2): with those of a proxy whose records are
    /// larger than libpq's room. So libpq is asked again after this time.
    private static let tlsSlice = Duration.milliseconds(25)

    private let libpq: LibpqConnection
    private let commands: [PostgreSQLCommand]
    /// The rows of the commands before it are dropped.
    private let firstKept: Int
    private let resultBytesMax: Int
    private let deadline: MonotonicInstant
    private var state: PipelineState
    private var rows: [PostgreSQLRows]
    private var rowBytes = 0
    private var unflushed = 0
    private var failure: PostgreSQLFailure?
    /// Whether rows have come without the end of their command. Only an error may follow, which says more.
    private var isUnfinished = false

    init(
        _ commands: [PostgreSQLCommand],
        firstKept: Int,
        resultBytesMax: Int,
        on libpq: LibpqConnection,
        until deadline: MonotonicInstant
    ) {
        let isInTransaction = libpq.transactionStatus == .inTransaction || commands.first?.isBegin == true
        self.libpq = libpq
        self.commands = commands
        self.firstKept = firstKept
        self.resultBytesMax = resultBytesMax
        self.deadline = deadline
        state = PipelineState(groupEnds: isInTransaction ? Self.groupEnds(commands) : [commands.count])
        rows = Array(repeating: PostgreSQLRows(), count: commands.count - firstKept)
    }

    /// How many commands precede each Sync of a transaction. Without a transaction a Sync would commit.
    static func groupEnds(_ commands: [PostgreSQLCommand]) -> [Int] {
        var (ends, bytes): ([Int], Int) = ([], 0)
        for (index, command) in commands.enumerated() {
            if bytes > 0, command.byteCount > groupBytesMax - bytes {
                ends.append(index)
                bytes = 0
            }
            bytes += command.byteCount
        }
        return ends + [commands.count]
    }

    /// Whether everything has been answered: only then can the connection be used further.
    var isOver: Bool { state.isOver }

    mutating func run() throws(PostgreSQLFailure) -> [PostgreSQLRows] {
        // A server that has ended the connection meanwhile has said so: then it is certain that nothing was executed.
        let isOpen = libpq.consume()
        _ = libpq.isBusy  // reads the messages, also those that came with the end of the round trip before
        if let farewell = libpq.notices.farewell { throw lost(farewell.message, farewell.sqlState) }
        guard isOpen else { throw lost(libpq.errorMessage) }
        guard SystemClock.monotonic() < deadline else {
            throw PostgreSQLFailure(.timedOut(mayHaveExecuted: false), "the deadline had passed before")
        }

        while true {
            let isSent = try send()
            try receive()
            if state.isOver { break }
            guard libpq.socket >= 0 else { throw try broken() }
            let slice = libpq.isTLS ? Self.tlsSlice : nil
            guard SocketWait.wait(for: libpq.socket, toWrite: !isSent, until: deadline, slice: slice) else {
                throw PostgreSQLFailure(.timedOut(mayHaveExecuted: state.hasSubmitted), "the deadline passed")
            }
            if !libpq.consume() {
                let failure = try broken()
                guard state.isOver else { throw failure }
                break
            }
        }
        if let failure { throw failure }
        return rows
    }

    /// What the broken connection is told as. What came before its end counts, most of all why the server ended it.
    private mutating func broken() throws(PostgreSQLFailure) -> PostgreSQLFailure {
        let message = libpq.errorMessage
        try receive()
        return failure ?? lost(message)
    }

    private func lost(_ message: String, _ sqlState: String? = nil) -> PostgreSQLFailure {
        let reason = sqlState ?? libpq.notices.farewell?.sqlState
        return PostgreSQLFailure(.lost(mayHaveExecuted: state.hasSubmitted), sqlState: reason, message)
    }

    /// Hands over what is next, as far as the socket takes it.
    ///
    /// - Returns: whether all of it is sent.
    private mutating func send() throws(PostgreSQLFailure) -> Bool {
        while true {
            while unflushed < Self.unflushedMax, state.submission != .nothing { try submit() }
            switch libpq.flush() {
            case .isSent:
                unflushed = 0
                if state.submission == .nothing { return true }
            case .waits: return false
            case .hasFailed: throw try broken()
            }
        }
    }

    private mutating func submit() throws(PostgreSQLFailure) {
        switch state.submission {
        case .command(let index):
            // From here on it may be executed, for libpq may have sent a part of what it then calls a failure.
            let isNext = state.submit()
            guard libpq.submit(commands[index]) else { throw try broken() }
            unflushed += commands[index].byteCount
            if isNext { libpq.takeRowsSingly() }
        case .sync:
            _ = state.submit()
            guard libpq.sync() else { throw try broken() }
        case .nothing: break
        }
    }

    /// Takes the results that have come.
    private mutating func receive() throws(PostgreSQLFailure) {
        while state.expectsResult, !libpq.isBusy {
            guard let result = libpq.nextResult() else {
                if case .next = try act(.end) { libpq.takeRowsSingly() }
                continue
            }
            switch result.kind {
            case .row where isUnfinished, .completion where isUnfinished, .skipped where isUnfinished,
                .sync where isUnfinished:
                throw lost("the server's results do not fit the commands (rows without an end)")
            case .unfinished:
                _ = try act(.error)
                isUnfinished = true
            case .row:
                if case .row(let index) = try act(.row), index >= firstKept { try keep(result, of: index - firstKept) }
            case .completion:
                guard case .completed(let index) = try act(.completion) else { continue }
                if result.hasRolledBack, commands[index].isCommit { note(Self.uncommitted) }
                guard index >= firstKept else { continue }
                result.append(to: &rows[index - firstKept])
                rows[index - firstKept].complete(affected: result.affectedCount)
            case .error(let error):
                if error.isFatal { throw lost(error.message, error.sqlState) }
                _ = try act(.error)
                note(error)
            case .broken(let message): throw failure ?? lost(message)
            case .skipped: _ = try act(.skipped)
            case .sync:
                if case .next = try act(.sync) { libpq.takeRowsSingly() }
            case .other: _ = try act(.other)
            }
        }
    }

    /// The server answers COMMIT of a failed transaction with a success, which it is not to anyone here.
    private static let uncommitted = ServerError(
        severity: "ERROR",
        sqlState: "25P02",
        message: "COMMIT has rolled back, since the transaction had failed before"
    )

    private mutating func note(_ error: ServerError) {
        if failure == nil { failure = PostgreSQLFailure(error) }
    }

    private mutating func act(_ event: PipelineState.Event) throws(PostgreSQLFailure) -> PipelineState.Action {
        let action = state.receive(event)
        if case .broken = action { throw lost("the server's results do not fit the commands (\(event))") }
        return action
    }

    private mutating func keep(_ row: borrowing LibpqResult, of index: Int) throws(PostgreSQLFailure) {
        let before = rows[index].byteCount
        row.append(to: &rows[index])
        rowBytes += rows[index].byteCount - before
        guard rowBytes <= resultBytesMax else {
            throw lost("the results of one round trip take more than \(resultBytesMax) bytes")
        }
    }
}
