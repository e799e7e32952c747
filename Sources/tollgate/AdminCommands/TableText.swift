import AdminClient
import Forms
import JSON

/// Answers for people: a list as columns, or the members of one object, one per line.
enum TableText {
    /// Longer text would push the other columns off the screen; json and csv show all of it.
    private static let cellLengthMax = 64

    /// The column that has a bar at a terminal: shares such as `45%`.
    private static let barColumn = "used"
    /// Columns that a terminal too narrow for the table does without, if they say the same in every line.
    private static let spare: [String: String] = [
        "granted": "0", "unconfirmed": "0", "reserved": "0", "would_have_refused": "0", "runs_out_at": "-",
        "enforce": "yes",
    ]

    /// A header line and one line per item. Each column is as wide as its longest text; columns of numbers are aligned
    /// to the right.
    ///
    /// - Parameter terminal: what it is printed on; nil for none, which has neither bars nor a width.
    static func list(_ items: [JSONValue], columns: [String], on terminal: Terminal? = nil) -> String {
        let table = table(items, columns)
        guard let terminal, columns.contains(barColumn) else { return aligned(table.rows, toTheRight: table.isNumeric) }
        return withBars(items, columns, table, terminal)
    }

    private typealias Table = (rows: [[String]], isNumeric: [Bool])

    private static func table(_ items: [JSONValue], _ columns: [String]) -> Table {
        let rows = items.map { item in columns.map { cell(item[$0] ?? .null, to: cellLengthMax) } }
        let isNumeric = columns.map { name in
            let values = items.map { $0[name] ?? .null }
            return values.contains { isNumber($0) } && values.allSatisfy { isNumber($0) || isNull($0) }
        }
        return ([columns] + rows, isNumeric)
    }

    private static func withBars(_ items: [JSONValue], _ columns: [String], _ table: Table, _ terminal: Terminal)
        -> String
    {
        var (columns, table) = (columns, table)
        if width(table.rows) + Terminal.barLengths.lowerBound >= terminal.width {
            columns = columns.filter { name in
                !items.allSatisfy { cell($0[name] ?? .null) == spare[name] }
            }
            table = Self.table(items, columns)
        }
        guard let column = columns.firstIndex(of: barColumn) else { return aligned(table.rows) }
        let length = terminal.barLength(beside: width(table.rows))
        for index in table.rows.indices {
            let share = Int(table.rows[index][column].dropLast())
            table.rows[index].insert(share.map { Terminal.bar($0, length: length) } ?? "", at: column)
        }
        table.isNumeric.insert(false, at: column)
        return aligned(table.rows, toTheRight: table.isNumeric) { text, index in
            index == column ? terminal.painted(bar: text) : text
        }
    }

    private static func isNumber(_ value: JSONValue) -> Bool {
        switch value {
        case .number: true
        case .string(let text): text.hasSuffix("%") && Int(text.dropLast()) != nil
        case .null, .bool, .array, .object: false
        }
    }

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

    /// Right-aligned columns of amounts under a header, the first column being names.
    static func amounts(_ header: [String], _ rows: [[String]]) -> String {
        aligned([header] + rows, toTheRight: header.indices.map { $0 > 0 })
    }

    /// - Parameters:
    ///   - isNumeric: for each column whether it is aligned to the right; empty for none.
    ///   - paint: what is written for a text of a column; it takes as much room.
    private static func aligned(
        _ rows: [[String]],
        toTheRight isNumeric: [Bool] = [],
        _ paint: (String, Int) -> String = { text, _ in text }
    ) -> String {
        let widths = widths(rows)
        return rows.map { line($0, widths, isNumeric, paint) }.joined()
    }

    private static func widths(_ rows: [[String]]) -> [Int] {
        var widths: [Int] = []
        for row in rows {
            widths += Array(repeating: 0, count: max(0, row.count - widths.count))
            for (index, text) in row.enumerated() { widths[index] = max(widths[index], text.count) }
        }
        return widths
    }

    private static func width(_ rows: [[String]]) -> Int { widths(rows).reduce(0) { $0 + $1 + 2 } }

    /// Two spaces between columns; none at the end of a line.
    private static func line(
        _ row: [String],
        _ widths: [Int],
        _ isNumeric: [Bool],
        _ paint: (String, Int) -> String
    ) -> String {
        var line = ""
        for (index, text) in row.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - text.count)
            let text = paint(text, index)
            line += (index < isNumeric.count && isNumeric[index] ? padding + text : text + padding) + "  "
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line + "\n"
    }
}
