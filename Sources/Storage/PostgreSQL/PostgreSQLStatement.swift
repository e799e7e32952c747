internal import PostgreSQL
import Vocabulary

/// A statement of PostgreSQL: its text, and what was bound. The server knows nothing of it between two runs, so that a
/// connection may be another one each time, as behind pgbouncer. Confined to its connection's thread.
final class PostgreSQLStatement: PreparedStatement {
    private enum Value {
        case integer(Int64?)
        case text(String?)
        case bytes([UInt8]?)
    }

    private let sql: String
    private unowned let link: PostgreSQLLink  // of the connection that has this statement
    /// By their numbers less 1.
    private var values: [Value] = []
    private var rows: PostgreSQLRows?
    private var row = -1

    init(_ sql: StaticString, on link: PostgreSQLLink) {
        self.sql = SharedSQL.translated(sql)
        self.link = link
    }

    // MARK: Running

    private var command: PostgreSQLCommand {
        var command = PostgreSQLCommand(sql)
        for value in values {
            switch value {
            case .integer(let integer): command.bind(integer)
            case .text(let text): command.bind(text)
            case .bytes(let bytes): command.bind(bytes)
            }
        }
        return command
    }

    func run() throws { try link.run(command) }

    func run(binding bytes: [UInt8], at index: Int32) throws {
        set(.bytes(bytes), at: index)
        defer { set(.bytes(nil), at: index) }  // the bytes are the caller's again
        try run()
    }

    func runCounting() throws -> Int { try link.query(command).affectedCount }

    func sendCounting(_ then: @escaping (Int) throws -> Void) throws {
        try link.send(command) { try then($0.affectedCount) }
    }

    func sendForEachRow(about name: StaticString, _ read: @escaping (StoreRow) throws -> Void) throws {
        try link.send(command) { [self] rows in
            self.rows = rows
            try forEachRow(about: name, read)
        }
    }

    func step() throws -> Bool {
        let rows = try self.rows ?? link.query(command)
        self.rows = rows
        row += 1
        return row < rows.count
    }

    func reset() {
        rows = nil
        row = -1
    }

    // MARK: Parameters

    private func set(_ value: Value, at index: Int32) {
        while values.count < Int(index) { values.append(.integer(nil)) }
        values[Int(index) - 1] = value
    }

    func bind(_ value: Int64?, at index: Int32) { set(.integer(value), at: index) }

    func bind(_ digest: Digest?, at index: Int32) {
        set(.bytes(digest.map { Self.bytes([$0.word0, $0.word1, $0.word2, $0.word3]) }), at: index)
    }

    func bind(_ document: PackedDocument?, at index: Int32) {
        set(.bytes(document.map { Self.bytes([$0.high, $0.low]) } ?? []), at: index)
    }

    func bind(_ text: String?, atMost bytesMax: Int, at index: Int32) {
        set(.text(text.map { SharedSQL.escaped(StoredText.cut($0, atMost: bytesMax)) }), at: index)
    }

    private static func bytes(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    // MARK: Columns of the present row

    func isNull(at index: Int32) -> Bool { rows!.isNull(row, Int(index)) }

    func integer(at index: Int32) -> Int64? { rows!.integer(row, Int(index)) }

    func text(at index: Int32) -> String? { rows!.text(row, Int(index)).flatMap(SharedSQL.unescaped) }

    func bytes(at index: Int32) -> [UInt8]? { rows!.bytes(row, Int(index)) }

    func document(at index: Int32) -> PackedDocument?? {
        guard let bytes = bytes(at: index) else { return nil }
        switch bytes.count {
        case 0: return .some(nil)
        case 16: return PackedDocument(high: Self.word(bytes, 0), low: Self.word(bytes, 1))
        default: return nil
        }
    }

    func digest(at index: Int32) -> Digest? {
        guard let bytes = bytes(at: index), bytes.count == 32 else { return nil }
        return Digest(Self.word(bytes, 0), Self.word(bytes, 1), Self.word(bytes, 2), Self.word(bytes, 3))
    }

    private static func word(_ bytes: [UInt8], _ number: Int) -> UInt64 {
        bytes[8 * number..<8 * number + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
