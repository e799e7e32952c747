/// What a command gave: its rows, or how many it changed. A copy: it has nothing to do with the connection.
///
/// Rows and columns are numbered from 0. A place outside them is a bug of the caller's, and traps; a value of another
/// type than is asked for is nil, for the server decides the types.
public struct PostgreSQLRows: Sendable {
    /// How many rows there are.
    public private(set) var count = 0
    /// How many rows it selected, inserted, updated or deleted; 0 for commands that do neither.
    public private(set) var affectedCount = 0
    /// Of their types; empty before the first row.
    private var types: [UInt32] = []
    /// Where each value ends in `bytes`, row by row; a value begins where the one before it ends.
    private var ends: [Int] = []
    private var nulls: Set<Int> = []
    private var bytes: [UInt8] = []

    init() {}

    public var columnCount: Int { types.count }

    // MARK: Filling

    /// What it takes in memory, about.
    var byteCount: Int { bytes.count + 8 * ends.count + 16 * nulls.count }

    mutating func begin(types: [UInt32]) { self.types = types }

    /// Adds a value to the present row.
    mutating func append(_ value: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: value)
        ends.append(bytes.count)
    }

    mutating func appendNull() {
        nulls.insert(ends.count)
        ends.append(bytes.count)
    }

    mutating func endRow() { count += 1 }

    mutating func complete(affected: Int) { affectedCount = affected }

    // MARK: Reading

    public func isNull(_ row: Int, _ column: Int) -> Bool { nulls.contains(place(row, column)) }

    /// Of `smallint`, `integer`, `bigint` or, as 0 and 1, `boolean`.
    public func integer(_ row: Int, _ column: Int) -> Int64? {
        guard let value = value(row, column) else { return nil }
        switch (types[column], value.count) {
        case (PostgreSQLCommand.TypeID.int8, 8), (PostgreSQLCommand.TypeID.int4, 4),
            (PostgreSQLCommand.TypeID.int2, 2):
            // The sign is that of the first byte.
            return value.dropFirst().reduce(Int64(Int8(bitPattern: value[value.startIndex]))) { $0 << 8 | Int64($1) }
        case (PostgreSQLCommand.TypeID.bool, 1): return value[value.startIndex] == 0 ? 0 : 1
        default: return nil
        }
    }

    /// Of `text`, `varchar`, `char`, `name` or `json`.
    public func text(_ row: Int, _ column: Int) -> String? {
        guard let value = value(row, column) else { return nil }
        switch types[column] {
        case PostgreSQLCommand.TypeID.text, PostgreSQLCommand.TypeID.varchar, PostgreSQLCommand.TypeID.bpchar,
            PostgreSQLCommand.TypeID.name, PostgreSQLCommand.TypeID.json, PostgreSQLCommand.TypeID.unknown:
            return String(decoding: value, as: UTF8.self)
        default: return nil
        }
    }

    /// Of `bytea`.
    public func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        guard types[column] == PostgreSQLCommand.TypeID.bytea else { return nil }
        return value(row, column).map(Array.init)
    }

    private func place(_ row: Int, _ column: Int) -> Int {
        precondition(row >= 0 && row < count && column >= 0 && column < types.count, "row \(row), column \(column)")
        return row * types.count + column
    }

    private func value(_ row: Int, _ column: Int) -> ArraySlice<UInt8>? {
        let place = place(row, column)
        guard !nulls.contains(place) else { return nil }
        return bytes[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
    }
}
