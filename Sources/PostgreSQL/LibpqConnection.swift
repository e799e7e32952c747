internal import CPostgreSQL
import Glibc

/// A connection of libpq, which this alone frees. Confined to one thread. No call waits.
@safe
final class LibpqConnection {
    enum Polling {
        case reads
        case writes
        case isConnected
        case hasFailed
    }

    enum Flushing {
        case isSent
        /// The socket takes no more for now.
        case waits
        case hasFailed
    }

    private let connection: OpaquePointer  // PGconn *, owned: PQfinish in deinit
    let notices = NoticeCollector()

    /// Begins to connect.
    ///
    /// - Returns: nil if there is no memory.
    init?(options: [String: String]) {
        var keywords = unsafe options.keys.map { unsafe UnsafePointer<CChar>(strdup($0)) }
        var values = unsafe options.keys.map { unsafe UnsafePointer<CChar>(strdup(options[$0]!)) }
        unsafe keywords.append(nil)
        unsafe values.append(nil)
        defer {
            for index in 0..<options.count {
                unsafe free(UnsafeMutablePointer(mutating: keywords[index]))
                unsafe free(UnsafeMutablePointer(mutating: values[index]))
            }
        }
        guard let connection = unsafe PQconnectStartParams(keywords, values, 0) else { return nil }
        unsafe self.connection = connection
        // So that the code of an error can be found in the message of a connection that is refused.
        unsafe PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        // Unretained is enough: the collector lives as long as this, which frees the connection.
        let context = unsafe Unmanaged.passUnretained(notices).toOpaque()
        unsafe PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let result = unsafe result, let severity = unsafe ServerError.severity(of: result) else { return }
                let notices = unsafe Unmanaged<NoticeCollector>.fromOpaque(context!).takeUnretainedValue()
                notices.receive(severity: severity) { unsafe ServerError(result) }
            },
            context
        )
    }

    /// Says goodbye to the server if the socket takes it.
    deinit { unsafe PQfinish(connection) }

    // MARK: Connecting

    /// The next step of connecting, once the socket is ready for what the one before it asked for.
    func poll() -> Polling {
        switch unsafe PQconnectPoll(connection) {
        case PGRES_POLLING_READING: .reads
        case PGRES_POLLING_WRITING: .writes
        case PGRES_POLLING_OK: .isConnected
        default: .hasFailed
        }
    }

    /// What it takes before commands are submitted.
    func enterPipeline() -> Bool {
        unsafe PQsetnonblocking(connection, 1) == 0 && PQenterPipelineMode(connection) == 1
    }

    /// Nothing that libpq still has is sent any more, not even the goodbye.
    func shutDown() {
        let socket = socket
        if socket >= 0 { _ = shutdown(socket, Int32(SHUT_RDWR)) }
    }

    // MARK: What it says of itself

    /// Negative once it is lost. It may change while it connects.
    var socket: Int32 { unsafe PQsocket(connection) }
    var isBad: Bool { unsafe PQstatus(connection) == CONNECTION_BAD }
    /// In one line.
    var errorMessage: String { PostgreSQLText.line(unsafe String(cString: PQerrorMessage(connection))) }
    var serverVersion: Int { Int(unsafe PQserverVersion(connection)) }
    var isTLS: Bool { unsafe PQsslInUse(connection) == 1 }
    var sqlState: String? { PostgreSQLText.sqlState(in: unsafe String(cString: PQerrorMessage(connection))) }

    func parameter(_ name: String) -> String? {
        guard let value = unsafe PQparameterStatus(connection, name) else { return nil }
        return unsafe String(cString: value)
    }

    var transactionStatus: PostgreSQLConnection.TransactionStatus {
        switch unsafe PQtransactionStatus(connection) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    // MARK: Pipeline

    /// Puts a command into the pipeline; whole blocks of 8 KiB are sent as far as the socket takes them.
    func submit(_ command: PostgreSQLCommand) -> Bool {
        let count = command.types.count
        return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count + 1) { values in
            unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count + 1) { formats in
                unsafe command.packed.withUnsafeBytes { packed in
                    // No address would mean NULL, and an empty array may have none.
                    let empty = UnsafeRawPointer(formats.baseAddress!)
                    var place = unsafe packed.baseAddress ?? empty
                    unsafe formats.initialize(repeating: 1)
                    unsafe values.initialize(repeating: nil)
                    for (index, length) in command.lengths.enumerated() where length >= 0 {
                        unsafe values[index] = unsafe place.assumingMemoryBound(to: CChar.self)
                        unsafe place += Int(length)
                    }
                    return unsafe PQsendQueryParams(
                        connection,
                        command.sql,
                        Int32(count),
                        command.types,
                        values.baseAddress,
                        command.lengths,
                        formats.baseAddress,
                        1
                    ) == 1
                }
            }
        }
    }

    /// The results of the command whose turn it is come row by row, so that their size can be limited.
    func takeRowsSingly() { _ = unsafe PQsetSingleRowMode(connection) }

    /// Ends the pipeline: the server answers all of it, and commits what is in no transaction of its own.
    func sync() -> Bool { unsafe PQpipelineSync(connection) == 1 }

    func flush() -> Flushing {
        switch unsafe PQflush(connection) {
        case 0: .isSent
        case 1: .waits
        default: .hasFailed
        }
    }

    /// Reads what the socket has; false when the connection broke.
    func consume() -> Bool { unsafe PQconsumeInput(connection) == 1 }

    /// Whether `nextResult` would wait.
    var isBusy: Bool { unsafe PQisBusy(connection) == 1 }

    /// Nil is a result too: the end of those of one command.
    func nextResult() -> LibpqResult? {
        guard let result = unsafe PQgetResult(connection) else { return nil }
        return unsafe LibpqResult(owning: result)
    }
}
