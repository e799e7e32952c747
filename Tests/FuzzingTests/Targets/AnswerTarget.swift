import Vocabulary

@testable import PostgreSQL

/// What a PostgreSQL server answers to two commands, byte for byte, over a socket and through libpq. One input at a
/// time: the targets' server is one.
struct AnswerTarget {
    private static let turn = Guarded(())
    private static let server = AnsweringServer(name: "fuzzing")

    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        try Self.turn.withLock { (_) throws(BrokenRule) in
            let connection: PostgreSQLConnection
            do {
                let address = try PostgreSQLAddress(url: Self.server.url)
                Self.server.set(answer: input)
                connection = try PostgreSQLConnection(to: address, within: .seconds(60), resultBytesMax: 10_000)
            } catch {
                throw BrokenRule(description: "the server of the targets is there: \(error)")
            }
            try check(connection)
        }
    }

    private func check(_ connection: PostgreSQLConnection) throws(BrokenRule) {
        // In a transaction, and outside of one.
        let isTransaction = Pieces.seed(input) & 1 == 0
        let commands = [PostgreSQLCommand(isTransaction ? "BEGIN" : "SELECT 1"), PostgreSQLCommand("SELECT 2")]
        let results: [PostgreSQLRows]
        do throws(PostgreSQLFailure) {
            results = try connection.query(commands, within: .seconds(60))
        } catch {
            return try check(error, connection)
        }
        let messages = ServerMessages(input)
        try hold(results.count == commands.count, "every command has its rows")
        try hold(messages.isSuccess(of: commands.count), "what is no success is not taken for one")
        for rows in results {
            try hold(rows.count == 0 || rows.byteCount <= 10_000, "rows have their limit")
            for row in 0..<rows.count {
                for column in 0..<rows.columnCount {
                    _ = (rows.integer(row, column), rows.text(row, column), rows.bytes(row, column))
                }
            }
        }
    }

    private func check(_ failure: PostgreSQLFailure, _ connection: PostgreSQLConnection) throws(BrokenRule) {
        switch failure.kind {
        case .lost(let mayHaveExecuted):
            try hold(mayHaveExecuted && connection.isLost, "what was sent may have been executed")
        case .server(let sqlState, _, _, _):
            try hold(
                ServerMessages(input).kinds.contains(UInt8(ascii: "E")),
                "an error of the server is one that it sent"
            )
            try hold(PostgreSQLText.isSQLState(sqlState), "a code has five digits or letters")
        case .timedOut: try hold(false, "a server that has closed the connection is not waited for")
        case .connection, .invalid: try hold(false, "commands that can be sent are sent")
        }
        let description = failure.description
        try hold(description.utf8.count <= 3 * PostgreSQLText.bytesMax, "what a server says is cut")
        let isLine = !description.unicodeScalars.contains { $0.properties.generalCategory == .control }
        try hold(isLine, "what a server says is one line")
        guard connection.isLost else { return }
        connection.enqueue(PostgreSQLCommand("COMMIT"))
        var then: PostgreSQLFailure?
        do throws(PostgreSQLFailure) { try connection.finish(within: .seconds(60)) } catch { then = error }
        try hold(then?.kind == .lost(mayHaveExecuted: false), "nothing is sent on a connection that is lost")
    }
}

/// The messages of a server up to its first ReadyForQuery: PostgreSQL, "Message Formats".
private struct ServerMessages {
    let kinds: [UInt8]

    init(_ bytes: [UInt8]) {
        var (kinds, rest) = ([UInt8](), bytes[...])
        while let kind = rest.first, rest.count >= 5 {
            let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length >= 4, rest.count > length else { break }
            kinds.append(kind)
            rest = rest.dropFirst(1 + length)
            if kind == UInt8(ascii: "Z") { break }
        }
        self.kinds = kinds
    }

    /// Whether as many commands as that were completed, none failed, and the Sync was answered.
    func isSuccess(of count: Int) -> Bool {
        // CommandComplete and EmptyQueryResponse.
        let completions = kinds.count { $0 == UInt8(ascii: "C") || $0 == UInt8(ascii: "I") }
        return completions == count && !kinds.contains(UInt8(ascii: "E")) && kinds.last == UInt8(ascii: "Z")
    }
}
