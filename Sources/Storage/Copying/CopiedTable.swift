import GRDB
import Vocabulary

/// A table that a copy of a whole store carries over, row by row. Both engines have it with the same columns and key,
/// so what is known of it is read from a file's schema. Immutable.
struct CopiedTable: Sendable {
    enum Kind: Sendable { case integer, text, bytes }

    struct Column: Sendable {
        let name: String
        let kind: Kind
    }

    let name: String
    let columns: [Column]
    /// The columns of the primary key, as places in `columns`.
    let key: [Int]

    /// All tables of a file. One that is missing here, and not made anew either, fails a test.
    static let names = [
        "results", "purges", "classifier_epochs", "classifier_floor", "ledger", "usage", "usage_models",
        "usage_documents", "usage_document_days", "usage_accounts", "usage_quarters", "shadow_refusals", "documents",
        "rates", "payments", "repeats", "schemas", "teams", "team_models", "registry_budgets", "team_keys",
        "retiring_secrets", "team_key_uses", "rotation_receipts", "upstream_keys", "upstream_key_states",
        "upstream_key_uses", "key_rulings", "grants", "statements", "audit", "alerts",
    ]

    /// Tables that only a file has: one that is empty when it is copied, and one that follows from the ledger.
    static let ofFiles = ["unbooked", "ledger_floor"]

    /// Tables of a database that are not carried over: who works with it, what is under way there, and balances, which
    /// are worked out anew. Changes that dead nodes had under way are ended before.
    static let madeAnew = [
        "schema_state", "nodes", "feed_head", "feed", "scopes", "balances", "flights", "claims", "landings",
        "document_changes", "classifier_changes",
    ]

    /// What is there of a table in a store that nothing was ever written to: a condition of its other rows.
    static func condition(ofRowsIn table: String) -> String {
        switch table {
        case "classifier_floor": "epoch <> 0"
        case "usage_quarters": "saved <> 0 OR hits <> 0 OR collapsed <> 0 OR misses <> 0"
        default: "1 = 1"
        }
    }

    /// Tables with rows in a store of this schema that is new.
    static let preset = ["classifier_floor", "usage_quarters"]

    /// What rows are counted apart by: an expression that gives a number, the same for most tables.
    var group: String {
        switch name {
        case "ledger": "state"
        // Balances of upstream keys are made of those that name one.
        case "usage": "CASE WHEN upstream_key = '' THEN 0 ELSE 1 END"
        default: "0"
        }
    }

    /// All numbers that `group` gives: the table's checks, or the expression, allow no other.
    var groups: ClosedRange<Int64> {
        switch name {
        case "ledger": 0...4
        case "usage": 0...1
        default: 0...0
        }
    }

    /// The column whose sum operators are shown.
    var creditsColumn: Int? {
        let columns = [
            "results": "credits_micros", "ledger": "credits", "usage": "spent", "usage_documents": "spent",
            "usage_accounts": "spent", "repeats": "credits", "grants": "credits", "statements": "credits",
        ]
        return columns[name].flatMap(place(of:))
    }

    func place(of column: String) -> Int? { columns.firstIndex { $0.name == column } }

    var columnList: String { columns.map(\.name).joined(separator: ", ") }

    var keyList: String { key.map { columns[$0].name }.joined(separator: ", ") }

    /// As this program's schema has them, in the order in which they are copied.
    static func all() throws -> [CopiedTable] {
        let fresh = try DatabaseQueue()
        defer { try? fresh.close() }
        return try fresh.writeWithoutTransaction { database in
            try StoreSchema.migrate(database)
            return try names.map { try CopiedTable($0, in: database) }
        }
    }

    private init(_ name: String, in database: Database) throws {
        let sql = "SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid"
        var places: [(number: Int, column: Int)] = []
        columns = try Row.fetchAll(database, sql: sql, arguments: [name]).enumerated().map { index, row in
            let number: Int = row[2]
            if number > 0 { places.append((number, index)) }
            return Column(name: row[0], kind: try Self.kind(row[1]))
        }
        key = places.sorted { $0.number < $1.number }.map(\.column)
        self.name = name
        precondition(!key.isEmpty, "\(name) has no primary key")
    }

    private static func kind(_ type: String) throws -> Kind {
        switch type {
        case "INTEGER": .integer
        case "TEXT": .text
        case "BLOB": .bytes
        default: preconditionFailure("a column of type \(type)")
        }
    }
}

/// One value of a row.
enum CopiedValue: Equatable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])

    /// What it takes in memory, about.
    var byteCount: Int {
        switch self {
        case .null, .integer: 16
        case .text(let text): 16 + text.utf8.count
        case .bytes(let bytes): 48 + bytes.count
        }
    }
}

/// How many rows are in memory at a time.
enum CopyPage {
    static let rowsMax = 1_000
    /// One row more than this at most.
    static let bytesMax = 4 << 20
}
