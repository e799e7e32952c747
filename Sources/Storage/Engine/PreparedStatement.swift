import Vocabulary

/// A prepared statement of one connection. `SQLiteStatement` and `PostgreSQLStatement` are the two kinds.
///
/// Confined to its connection's thread, and let go before the connection is closed. Parameters are numbered from 1,
/// columns from 0. Every parameter is bound anew for each run. A fault of binding is thrown when the statement runs.
protocol PreparedStatement: AnyObject {
    /// Runs it to its end, without rows. What is wrong may be thrown by a later statement of the transaction instead,
    /// or by its end: nobody may depend on what has happened before.
    func run() throws

    /// Runs it to its end with these bytes bound, which are read where they lie.
    func run(binding bytes: [UInt8], at index: Int32) throws

    /// Runs an INSERT, UPDATE or DELETE, and says how many rows it changed.
    func runCounting() throws -> Int

    /// Runs an INSERT, UPDATE or DELETE, and gives `then` the number of rows that it changed: at once, or with the next
    /// `StoreConnection.receive` at the latest. So many statements wait for one answer of a server. Nobody may depend
    /// on whether it was given before, and `then` runs no statement.
    func sendCounting(_ then: @escaping (Int) throws -> Void) throws

    /// Runs it, and gives each row to `read`, at the time at which `sendCounting` gives its number. `read` runs no
    /// statement.
    func sendForEachRow(about name: StaticString, _ read: @escaping (StoreRow) throws -> Void) throws

    /// Goes on to the next row; false when there is none. `reset` must follow the last step, or the one that threw.
    func step() throws -> Bool

    /// Ends the run, and gives up its locks. What was wrong has been thrown by `step` already.
    func reset()

    func bind(_ value: Int64?, at index: Int32)
    func bind(_ digest: Digest?, at index: Int32)

    /// - Parameter document: nil for the empty value of what is counted for none.
    func bind(_ document: PackedDocument?, at index: Int32)

    /// - Parameter bytesMax: the text is cut at the last character that ends there or before.
    func bind(_ text: String?, atMost bytesMax: Int, at index: Int32)

    // Columns of the present row. A value of another type than asked for is nil too: it is a page that is damaged,
    // since the tables are strict.

    func isNull(at index: Int32) -> Bool
    func integer(at index: Int32) -> Int64?
    func text(at index: Int32) -> String?
    func bytes(at index: Int32) -> [UInt8]?

    /// A document, or the empty value for none; nil unless there are 16 or no bytes.
    func document(at index: Int32) -> PackedDocument??

    /// Nil unless there are 32 bytes.
    func digest(at index: Int32) -> Digest?
}

extension PreparedStatement {
    func bind(_ amount: MicroCredits?, at index: Int32) { bind(amount?.micros, at: index) }

    func bind(_ moment: Timestamp?, at index: Int32) { bind(moment?.microseconds, at: index) }

    func bind(_ key: CacheKey?, at index: Int32) { bind(key?.digest, at: index) }

    func bind(_ text: String?, at index: Int32) { bind(text, atMost: .max, at: index) }

    /// Runs it to its end and gives each row to `read`.
    func forEachRow(about name: StaticString, _ read: (StoreRow) throws -> Void) throws {
        defer { reset() }
        let row = StoreRow(self, about: name)
        while try step() { try read(row) }
    }

    /// Runs it to its end and gives what `read` makes of each row, in their order.
    func rows<Value>(about name: StaticString, _ read: (StoreRow) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try forEachRow(about: name) { values.append(try read($0)) }
        return values
    }
}
