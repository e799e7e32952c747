import Vocabulary

/// What statements need so that one text means the same on SQLite and PostgreSQL.
extension PreparedStatement {
    /// Binds a list of one to `listMax` values with `bind`. The parameters behind them have the last one again.
    func bindList<Value>(_ values: ArraySlice<Value>, from first: Int32, _ bind: (Value, Int32) -> Void) {
        for position in 0..<StoreConnection.listMax {
            bind(values[min(values.startIndex + position, values.endIndex - 1)], first + Int32(position))
        }
    }

    /// Runs an insertion of one row that ends with `RETURNING id`, and gives that.
    ///
    /// The statement numbers its row itself, as one more than the greatest number there is: what either engine gives by
    /// itself has no counterpart in the other one.
    func insertedID(about name: StaticString) throws -> Int64 {
        guard let id = try rows(about: name, { try $0.integer(at: 0) }).first else {
            throw StoreRow(self, about: name).fault
        }
        return id
    }
}

extension StoreConnection {
    /// How many values a statement with a list has parameters for.
    static var listMax: Int { 32 }
}
