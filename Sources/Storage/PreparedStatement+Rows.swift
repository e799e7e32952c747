extension PreparedStatement {
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
