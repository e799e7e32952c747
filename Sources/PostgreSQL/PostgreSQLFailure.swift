/// Why a connection could not be made, or why a round trip did not succeed.
///
/// Messages hold what the server or libpq said, in one line and cut to `bytesMax`; neither says a password.
public struct PostgreSQLFailure: Error, Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// No connection was made: no server answered, or it refused.
        case connection
        /// The connection broke. Commands of the round trip may have been executed, those that commit among them,
        /// unless nothing had been sent.
        case lost(mayHaveExecuted: Bool)
        /// The deadline passed, and the connection is closed; otherwise as `lost`.
        case timedOut(mayHaveExecuted: Bool)
        /// The server refused a command. The connection is of use; a transaction is failed until it is rolled back. The
        /// detail may repeat a whole row, so it is in no description: logs hold nothing of documents.
        case server(sqlState: String, message: String, detail: String?, hint: String?)
        /// A command cannot be sent. Nothing of the round trip was.
        case invalid
    }

    public let kind: Kind
    /// The server's code, also where it said why it closed or refused the connection. PostgreSQL, appendix A.
    public let sqlState: String?
    /// For the log.
    public let message: String

    init(_ kind: Kind, sqlState: String? = nil, _ message: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = PostgreSQLText.line(message)
    }

    init(_ error: ServerError) {
        kind = .server(sqlState: error.sqlState, message: error.message, detail: error.detail, hint: error.hint)
        sqlState = error.sqlState
        message = error.message
    }

    public var meaning: Meaning { Meaning(sqlState: sqlState) }
}

extension PostgreSQLFailure: CustomStringConvertible {
    public var description: String {
        switch kind {
        case .connection: "no connection: \(message)"
        case .lost(let mayHaveExecuted): "the connection broke\(Self.addition(mayHaveExecuted)): \(message)"
        case .timedOut(let mayHaveExecuted): "no answer in time\(Self.addition(mayHaveExecuted)): \(message)"
        case .server(let sqlState, let message, _, let hint):
            "\(sqlState): " + [message, hint].compactMap { $0 }.joined(separator: "; ")
        case .invalid: message
        }
    }

    private static func addition(_ mayHaveExecuted: Bool) -> String {
        mayHaveExecuted ? ", and what was sent may have been executed" : " before anything was sent"
    }
}

extension PostgreSQLFailure {
    /// What a caller can do about a server's code.
    public enum Meaning: Equatable, Sendable, CaseIterable {
        /// Another transaction was in the way: the same again may succeed at once.
        case retry
        /// A lock, or the statement, took longer than its time-out.
        case lockTimeout
        /// The server takes no writes: it is a standby, or was made one. Another server may take them.
        case readOnly
        /// The server ends this connection, since it stops or was told to.
        case shuttingDown
        /// The server starts, or has no connection left.
        case notAcceptingYet
        /// Its disk, its memory or a limit of its settings is exhausted.
        case full
        case uniqueViolation
        case checkViolation
        /// The role may not do this, or did not prove who it is.
        case permission
        case other

        init(sqlState: String?) {
            switch sqlState {
            case "40001", "40P01": self = .retry
            case "55P03", "57014": self = .lockTimeout
            case "25006": self = .readOnly
            case "57P01", "57P02": self = .shuttingDown
            case "57P03", "53300": self = .notAcceptingYet
            case "53000", "53100", "53200", "53400": self = .full
            case "23505": self = .uniqueViolation
            case "23514": self = .checkViolation
            case "42501": self = .permission
            case let code? where code.hasPrefix("28"): self = .permission
            default: self = .other
            }
        }
    }
}

/// An error or a notice as the server sent it.
struct ServerError: Equatable, Sendable {
    /// Untranslated.
    var severity: String
    /// Five digits or capital letters.
    var sqlState: String
    var message: String
    var detail: String?
    var hint: String?

    /// The server ends the connection after it.
    var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }
}

/// What the server said without failing.
public struct PostgreSQLNotice: Equatable, Sendable {
    public let sqlState: String
    public let message: String
}

enum PostgreSQLText {
    /// The longest text of a message that is kept.
    static let bytesMax = 1_000

    /// Lines joined, other control characters left out, cut at the last character that ends within `bytesMax`.
    static func line(_ text: String) -> String {
        var line = ""
        var room = bytesMax
        // A text without end takes no time without end.
        for part in text.prefix(2 * bytesMax).split(whereSeparator: \.isNewline) {
            // libpq indents what belongs to the line before, and names a place in the server's sources.
            let part = part.drop(while: \.isWhitespace)
            if part.hasPrefix("LOCATION:") { continue }
            for character in (line.isEmpty ? "" : " ") + part {
                let isControl = character.unicodeScalars.contains { $0.properties.generalCategory == .control }
                if isControl { continue }
                room -= character.utf8.count
                guard room >= 0 else { return line }
                line.append(character)
            }
        }
        return line
    }

    /// The code of an internal error: in place of a code that is none, which only a server sends that is not
    /// PostgreSQL.
    static let unknownSQLState = "XX000"

    /// Whether it has the form of a code: five digits or capital letters (PostgreSQL, appendix A).
    static func isSQLState(_ text: String) -> Bool {
        text.utf8.count == 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }

    /// The code in a message of libpq that was asked to be verbose: `FATAL:  28P01: password …`. The last one, as those
    /// of several hosts follow one another.
    static func sqlState(in message: String) -> String? {
        message.matches(of: #/:  ([0-9A-Z]{5}): /#).last.map { String($0.1) }
    }
}
