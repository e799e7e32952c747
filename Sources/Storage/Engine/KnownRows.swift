/// What a connection that writes has found in its store and need not look up again: rows that nobody takes away for
/// long.
///
/// Confined like the connection. Let go when a transaction is not committed, since what was noted may not be there
/// then.
struct KnownRows {
    /// How many of each kind are remembered. More are all forgotten, and found again.
    static let countMax = 1_000

    private var modelsNamed: Set<UsageModelTable.Key> = []
    private var modelsRated: Set<String> = []
    private var schemasKept: Set<Int64> = []
    /// Of a file: the floor of the ledger.
    private(set) var ledgerFloor: Int64?

    // MARK: Models that a day counts by name

    func isNamed(_ key: UsageModelTable.Key) -> Bool { modelsNamed.contains(key) }

    mutating func noteNamed(_ key: UsageModelTable.Key) { Self.note(key, in: &modelsNamed) }

    // MARK: Models of which rates are kept

    func isRated(_ model: String) -> Bool { modelsRated.contains(model) }

    mutating func noteRated(_ model: String) { Self.note(model, in: &modelsRated) }

    // MARK: Schemas of which the text is kept

    func isKept(_ schema: Int64) -> Bool { schemasKept.contains(schema) }

    mutating func noteKept(_ schema: Int64) { Self.note(schema, in: &schemasKept) }

    // MARK: The floor of the ledger

    mutating func noteLedgerFloor(_ floor: Int64) { ledgerFloor = floor }

    private static func note<Row: Hashable>(_ row: Row, in rows: inout Set<Row>) {
        if rows.count >= countMax { rows.removeAll(keepingCapacity: true) }
        rows.insert(row)
    }
}
