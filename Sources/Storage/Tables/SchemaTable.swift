import Vocabulary

/// The statements on `schemas`: the text of each schema that was paid for, once, as long as there is room.
///
/// Identifiers ascend with use, roughly: a schema that is used again after half of the others came is moved to the end.
/// So the oldest unused ones have the least identifiers, and nothing is counted or added up to find them.
enum SchemaTable {
    /// How many are kept.
    static let countMax: Int64 = 1_000
    /// A longer text is not kept, in bytes.
    static let bytesMax = 128 * 1_024

    static func keep(_ parts: QuestionParts, on connection: StoreConnection) throws {
        guard parts.schemaText.count <= bytesMax else { return }
        let statement = try connection.statement(
            "SELECT (SELECT id FROM schemas WHERE digest = ?1), (SELECT coalesce(max(id), 0) FROM schemas)"
        )
        statement.bind(parts.schema, at: 1)
        let found = try statement.rows(about: "a schema") { row in
            (id: try row.ifAny(row.integer, at: 0), last: try row.integer(at: 1))
        }
        guard let (id, last) = found.first else { return }
        if let id {
            if id <= last - countMax / 2 { try move(id, to: last + 1, on: connection) }
        } else {
            try add(parts, id: last + 1, on: connection)
        }
    }

    private static func add(_ parts: QuestionParts, id: Int64, on connection: StoreConnection) throws {
        let insertion = try connection.statement("INSERT INTO schemas (id, digest, text) VALUES (?1, ?2, ?3)")
        insertion.bind(id, at: 1)
        insertion.bind(parts.schema, at: 2)
        try insertion.run(binding: Array(parts.schemaText), at: 3)
        try removeOldest(upTo: id - countMax, on: connection)
    }

    private static func move(_ id: Int64, to end: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE schemas SET id = ?2 WHERE id = ?1")
        statement.bind(id, at: 1)
        statement.bind(end, at: 2)
        try statement.run()
        try removeOldest(upTo: end - countMax, on: connection)
    }

    private static func removeOldest(upTo id: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM schemas WHERE id <= ?1")
        statement.bind(id, at: 1)
        try statement.run()
    }

    /// The text of a schema; nil when it is not kept.
    static func text(of digest: Int64, on connection: StoreConnection) throws -> [UInt8]? {
        let statement = try connection.statement("SELECT text FROM schemas WHERE digest = ?1")
        statement.bind(digest, at: 1)
        return try statement.rows(about: "a schema") { try $0.bytes(at: 0) }.first
    }
}
