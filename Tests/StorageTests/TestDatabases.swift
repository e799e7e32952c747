import PostgreSQL
import Synchronization
import TestSupport
import Vocabulary

@testable import Storage

/// The databases of these tests, on a server of their own, and SQL in them from outside the store.
enum TestDatabases {
    static let node = NodeDescription(
        name: "test",
        address: "127.0.0.1",
        version: "0",
        configurationDigest: Digest(1, 2, 3, 4)
    )
    private static let exchangeMax = Duration.seconds(60)

    /// Nothing here has to outlive the machine, so the server waits for no disk: databases come and go by the hundred.
    private static let started = Result {
        try PostgreSQLServer.start(own: [
            "fsync": "off", "full_page_writes": "off", "max_connections": "500", "max_wal_senders": "0",
            "wal_level": "minimal",
        ])
    }
    private static let lastNumber = Atomic<Int>(0)

    static var server: PostgreSQLServer { get throws { try started.get() } }

    /// A database as a store leaves it that was opened and closed. Copied, since making the tables takes longer.
    private static let template = Result {
        let name = Self.name(ofURL: try server.makeDatabase())
        try Store.open(try target(name), as: node) { _ in }.close()
        try execute(["DELETE FROM nodes"], in: name)
        return name
    }

    static func name(ofURL url: String) -> String { String(url.split(separator: "/").last!) }

    static func target(_ name: String) throws -> StoreTarget {
        try StoreTarget(url: try server.socketURL(database: name))
    }

    // MARK: Making

    static func make() throws -> String {
        let name = "store\(lastNumber.add(1, ordering: .relaxed).newValue)"
        let template = try template.get()
        let connection = try connect("postgres")
        defer { connection.close() }
        // Since version 15 another way is the default, which takes twice as long.
        let strategy = connection.serverVersion >= 150_000 ? " STRATEGY FILE_COPY" : ""
        let command = PostgreSQLCommand("CREATE DATABASE \(name) TEMPLATE \(template)\(strategy)")
        _ = try connection.query(command, within: exchangeMax)
        return name
    }

    /// What is committed in a database, without the process that works on it.
    static func copy(_ name: String) throws -> String {
        let copy = try server.copy(of: name)
        try execute(["UPDATE nodes SET state = 'dead', lease_until = 0"], in: copy)
        return copy
    }

    // Tests give identifiers of any node, and expect what is open to be ended by the next start, as with a file, and by
    // nothing else. So each number under which something is open is that of a dead node as a store is opened, and of
    // none afterwards.

    static func buryNodes(of name: String) throws {
        let exists = try rows("SELECT count(*) FROM pg_class WHERE relname = 'nodes'", in: name)
        guard exists == ["1"] else { return }
        try execute(
            [
                """
                INSERT INTO nodes (number, incarnation, beat, state, name, address, version, config_digest, lease_until,
                    started_at)
                SELECT DISTINCT (id / 4096) % 1024, 1, 1, 'dead', '', '', '', CAST(repeat('0', 32) AS BYTEA), 0, 0
                FROM ledger WHERE state = 0 AND NOT EXISTS (SELECT FROM nodes WHERE state <> 'dead')
                ON CONFLICT (number) DO NOTHING
                """
            ],
            in: name
        )
    }

    static func forgetDeadNodes(of name: String) throws {
        try execute(["DELETE FROM nodes WHERE state = 'dead'"], in: name)
    }

    static func drop(_ name: String) {
        try? execute(["DROP DATABASE IF EXISTS \(name) WITH (FORCE)"], in: "postgres")
    }

    // MARK: SQL

    private static func connect(_ name: String) throws -> PostgreSQLConnection {
        let address = try PostgreSQLAddress(url: try server.socketURL(database: name))
        return try PostgreSQLConnection(to: address, within: exchangeMax)
    }

    /// Each statement is a transaction of its own.
    static func execute(_ statements: [String], in name: String) throws {
        let connection = try connect(name)
        defer { connection.close() }
        for statement in statements { _ = try connection.query(PostgreSQLCommand(statement), within: exchangeMax) }
    }

    /// The rows of a query as text, one column after the other, `-` for NULL.
    static func rows(_ sql: String, in name: String) throws -> [String] {
        let connection = try connect(name)
        defer { connection.close() }
        // The server writes a row as a text of any types.
        let command = PostgreSQLCommand("SELECT CAST(answer AS TEXT) FROM (\(sql)) AS answer")
        let rows = try connection.query(command, within: exchangeMax)
        return (0..<rows.count).map { columns(of: rows.text($0, 0)!).map { $0 ?? "-" }.joined(separator: " ") }
    }

    /// The parts of a row such as `(1,,"a ""b""")`: PostgreSQL, chapter 8.16.6.
    static func columns(of row: String) -> [String?] {
        var columns: [String?] = [nil]
        var (isQuoted, isEscaped, isBehindQuote) = (false, false, false)
        for character in row.dropFirst().dropLast() {
            let wasBehindQuote = isBehindQuote
            isBehindQuote = false
            switch character {
            case "," where !isQuoted: columns.append(nil)
            case "\"" where !isEscaped:
                // A quote that is doubled stands for itself.
                if wasBehindQuote { columns[columns.count - 1]! += "\"" }
                isBehindQuote = isQuoted
                isQuoted.toggle()
                columns[columns.count - 1] = columns[columns.count - 1] ?? ""
            case "\\" where !isEscaped:
                isEscaped = true
                continue
            default: columns[columns.count - 1] = (columns[columns.count - 1] ?? "") + String(character)
            }
            isEscaped = false
        }
        return columns
    }
}
