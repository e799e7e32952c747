import JSON

/// A budget on one line: `month=10000:alert=0.8,1:shadow`, as `--budget` takes it.
enum BudgetText {
    /// Nil when the value is no budget.
    static func text(_ value: JSONValue) -> String? {
        guard case .string(let window)? = value["window"], case .number(let credits)? = value["credits"] else {
            return nil
        }
        var text = "\(window)=\(credits)"
        if case .array(let shares)? = value["alert_at"], !shares.isEmpty {
            text += ":alert=" + shares.map { TableText.cell($0) }.joined(separator: ",")
        }
        if case .bool(false)? = value["enforce"] { text += ":shadow" }
        return text
    }
}
