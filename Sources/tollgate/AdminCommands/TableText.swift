import AdminClient
import Forms
import JSON

/// Answers for people: a list as columns, or the members of one object, one per line.
enum TableText {
    /// Longer text would push the other columns off the screen; json and csv show all of it.
    private static let cellLengthMax = 64

    /// A header line and one line per item. Each column is as wide as its longest text; columns of numbers are aligned to
    /// the right.
    static func list(_ items: [JSONValue], columns: [String]) -> String {
        let rows = items.map { item in columns.map { cell(item[$0] ?? .null, to: cellLengthMax) } }
        let isNumeric = columns.map { name in
            let values = items.map { $0[name] ?? .null }
            return values.contains { isNumber($0) } && values.allSatisfy { isNumber($0) || isNull($0) }
        }
        return aligned([columns] + rows, toTheRight: isNumeric)
    }

    private static func isNumber(_ value: JSONValue) -> Bool { if case .number = value { true } else { false } }

    private static func isNull(_ value: JSONValue) -> Bool { if case .null = value { true } else { false } }

    /// One line per member. A new secret is alone on the last line, so that it is easy to copy.
    static func one(_ object: JSONValue) -> String {
        guard case .object(let members) = object else { return cell(object) + "\n" }
        var rows: [[String]] = []
        for member in members where member.name != "secret" { append(member.value, member.name, to: &rows) }
        guard case .string(let secret)? = object["secret"] else { return aligned(rows) }
        return aligned(rows) + "\nThis is the secret. Keep it now: it is not shown again.\n\(cell(.string(secret)))\n"
    }

    /// Nested members get their own lines, named by path. The recursion is as deep as the parser allowed.
    private static func append(_ value: JSONValue, _ path: String, to rows: inout [[String]]) {
        if case .object(let members) = value, !members.isEmpty, BudgetText.text(value) == nil {
            for member in members { append(member.value, "\(path).\(member.name)", to: &rows) }
        } else if case .array(let elements) = value, elements.contains(where: isBranch) {
            for (index, element) in elements.enumerated() { append(element, "\(path)[\(index)]", to: &rows) }
        } else {
            rows.append([TerminalText.cleaned(path), cell(value)])
        }
    }

    private static func isBranch(_ value: JSONValue) -> Bool {
        guard case .object = value else { return false }
        return BudgetText.text(value) == nil
    }

    /// One value on one line; null is shown as a dash.
    static func cell(_ value: JSONValue, to length: Int = .max) -> String {
        switch value {
        case .null: "-"
        case .bool(let flag): flag ? "yes" : "no"
        case .number(let text): text
        case .string(let text): TerminalText.cleaned(text, to: length)
        case .array(let elements):
            elements.isEmpty ? "none" : TerminalText.cleaned(elements.map(element).joined(separator: " "), to: length)
        case .object: TerminalText.cleaned(element(value), to: length)
        }
    }

    private static func element(_ value: JSONValue) -> String {
        if let budget = BudgetText.text(value) { return budget }
        switch value {
        case .string(let text): return text
        case .null, .bool, .number, .array, .object: return String(decoding: value.text, as: UTF8.self)
        }
    }

    /// - Parameter isNumeric: for each column whether it is aligned to the right; empty for none.
    private static func aligned(_ rows: [[String]], toTheRight isNumeric: [Bool] = []) -> String {
        var widths: [Int] = []
        for row in rows {
            widths += Array(repeating: 0, count: max(0, row.count - widths.count))
            for (index, text) in row.enumerated() { widths[index] = max(widths[index], text.count) }
        }
        return rows.map { line($0, widths, isNumeric) }.joined()
    }

    /// Two spaces between columns; none at the end of a line.
    private static func line(_ row: [String], _ widths: [Int], _ isNumeric: [Bool]) -> String {
        var line = ""
        for (index, text) in row.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - text.count)
            line += (index < isNumeric.count && isNumeric[index] ? padding + text : text + padding) + "  "
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line + "\n"
    }
}
