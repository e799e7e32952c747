/// Lists of parameters, as long as there are values: `$1, $2` or `($1, $2), ($3, $4)`.
enum SQLList {
    /// - Parameter first: how many parameters come before.
    static func values(_ count: Int, after first: Int = 0) -> String {
        (0..<count).map { "$\(first + $0 + 1)" }.joined(separator: ", ")
    }

    /// Rows of so many columns each.
    ///
    /// - Parameters:
    ///   - first: how many parameters come before.
    ///   - write: how a column's parameter is written.
    static func rows(
        _ count: Int,
        of columns: Int,
        after first: Int = 0,
        _ write: (_ column: Int, _ parameter: String) -> String = { $1 }
    ) -> String {
        let rows = (0..<count).map { row in
            let values = (0..<columns).map { column in write(column, "$\(first + row * columns + column + 1)") }
            return "(" + values.joined(separator: ", ") + ")"
        }
        return rows.joined(separator: ", ")
    }
}
