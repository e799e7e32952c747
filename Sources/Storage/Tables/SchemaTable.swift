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

    /// Asks for the identifier of a schema, nil for one that is not kept, and for the greatest one there is.
    static func lookUp(
        _ digest: Int64,
        on connection: StoreConnection,
        then: @escaping (_ id: Int64?, _ last: Int64) -> Void
    ) throws {
        let statement = try connection.statement(
            "SELECT (SELECT id FROM schemas WHERE digest = ?1), (SELECT coalesce(max(id), 0) FROM schemas)"
        )
        statement.bind(digest, at: 1)
        try statement.sendForEachRow(about: "a schema") { row in
            then(try row.ifAny(row.integer, at: 0), try row.integer(at: 1))
        }
    }

    static func add(_ parts: QuestionParts, id: Int64, on connection: StoreConnection) throws {
        let insertion = try connection.statement("INSERT INTO schemas (id, digest, text) VALUES (?1, ?2, ?3)")
        insertion.bind(id, at: 1)
        insertion.bind(parts.schema, at: 2)
        try insertion.run(binding: Array(parts.schemaText), at: 3)
    }

    static func move(_ id: Int64, to end: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE schemas SET id = ?2 WHERE id = ?1")
        statement.bind(id, at: 1)
        statement.bind(end, at: 2)
        try statement.run()
    }

    static func removeOldest(upTo id: Int64, on connection: StoreConnection) throws {
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

/// The schemas that the payments of a group are for. Confined to the thread of the connection.
final class SchemaPlaces {
    private struct Place {
        var id: Int64?
        /// Nil unless it is to be kept.
        var parts: QuestionParts?
    }

    private var last: Int64 = 0
    private var places = KeyedList<Int64, Place>()

    /// Sends the look-up of one that may be kept. One that a crash has left without its text was kept before.
    func lookUp(_ parts: QuestionParts, on connection: StoreConnection) throws {
        guard 1...SchemaTable.bytesMax ~= parts.schemaText.count, places[parts.schema] == nil else { return }
        places.set(Place(), for: parts.schema)
        try SchemaTable.lookUp(parts.schema, on: connection) { [self] id, last in
            places.set(Place(id: id), for: parts.schema)
            self.last = max(self.last, last)
        }
    }

    func keep(_ parts: QuestionParts) {
        guard var place = places[parts.schema], place.parts == nil else { return }
        place.parts = parts
        places.set(place, for: parts.schema)
    }

    func write(on connection: StoreConnection) throws {
        let end = last
        for (_, place) in places.entries {
            guard let parts = place.parts else { continue }
            if let id = place.id {
                if id > last - SchemaTable.countMax / 2 { continue }
                try SchemaTable.move(id, to: last + 1, on: connection)
            } else {
                try SchemaTable.add(parts, id: last + 1, on: connection)
            }
            last += 1
        }
        if last > end { try SchemaTable.removeOldest(upTo: last - SchemaTable.countMax, on: connection) }
    }
}
