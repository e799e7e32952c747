internal import Budgeting

/// A scope as two columns of a table: `scope` and `scope_id`.
extension BudgetScope {
    var columns: (kind: String, id: String) { (names.kind.rawValue, names.id) }

    /// Nil for a kind that no version has written.
    init?(kind: String, id: String) {
        guard let kind = Kind(rawValue: kind) else { return nil }
        self.init(kind, id: id)
    }
}
