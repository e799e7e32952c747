import Budgeting
import JSON
import Reporting
import Vocabulary

/// Spend reports as JSON. Immutable.
struct SpendView: Sendable {
    /// The name and the calendar of the zone whose days the report is about.
    let timeZone: String
    let calendar: BudgetCalendar

    /// One line, with its line break.
    func json(of report: SpendReport) -> [UInt8] {
        let days = report.period.days
        let group = report.grouping.rawValue
        // Written item by item: a tree of all would take many times the memory.
        var output = ByteWriter(capacity: 256 * (report.items.count + 2))
        output.append("{\"from\": ")
        JSONValue.time(calendar.start(of: days.lowerBound)).write(to: &output)
        output.append(", \"to\": ")
        JSONValue.time(calendar.start(of: days.upperBound)).write(to: &output)
        output.append(", \"time_zone\": ")
        JSONValue.string(timeZone).write(to: &output)
        output.append(", \"group_by\": ")
        JSONValue.string(group).write(to: &output)
        output.append(", \"items\": [")
        for (index, item) in report.items.enumerated() {
            if index > 0 { output.append(", ") }
            let name = JSONValue.orNull(item.name) { .string($0) }
            JSONValue.object([(group, name)] + Self.members(item.counts)).write(to: &output)
        }
        output.append("], \"total\": ")
        JSONValue.object(Self.members(report.total)).write(to: &output)
        output.append("}\n")
        return output.bytes
    }

    private static func members(_ counts: SpendCounts) -> [(name: String, value: JSONValue)] {
        [
            ("spent", .credits(counts.spent)), ("unconfirmed", .credits(counts.unconfirmed)),
            ("saved", .credits(counts.saved)), ("requests", .integer(counts.requests)),
            ("hits", .integer(counts.hits)), ("collapsed", .integer(counts.collapsed)),
            ("misses", .integer(counts.misses)), ("denied", .integer(counts.denied)),
        ]
    }
}

/// Spend reports as CSV, RFC 4180: a header line, a line for each item, and one for the total, each ended by CRLF.
///
/// The last column tells the total from the items, whatever names these have.
enum SpendCSV {
    static func text(of report: SpendReport) -> [UInt8] {
        var output = ByteWriter(capacity: 128 * (report.items.count + 2))
        output.append(report.grouping.rawValue)
        output.append(",spent,unconfirmed,saved,requests,hits,collapsed,misses,denied,row\r\n")
        for item in report.items { append(item.name ?? "", item.counts, "item", to: &output) }
        append("(total)", report.total, "total", to: &output)
        return output.bytes
    }

    private static func append(_ name: String, _ counts: SpendCounts, _ row: String, to output: inout ByteWriter) {
        output.append(cell(name))
        for amount in [counts.spent, counts.unconfirmed, counts.saved] {
            output.append(",")
            output.append(amount.description)
        }
        for count in [counts.requests, counts.hits, counts.collapsed, counts.misses, counts.denied] {
            output.append(",")
            output.append(decimal: count)
        }
        output.append(",")
        output.append(row)
        output.append("\r\n")
    }

    /// A text as one field.
    ///
    /// Clients choose the names of models. Spreadsheets evaluate a field that begins with = + - or @, also behind a tab
    /// or a line break, as a formula, so such a text gets an apostrophe in front.
    static func cell(_ text: String) -> String {
        let formulaStarts: [UInt8] = Array("=+-@\t\r\n".utf8)
        let isFormula = text.utf8.first.map(formulaStarts.contains) ?? false
        let text = isFormula ? "'" + text : text
        let needsQuotes = text.utf8.contains { Array(",\"\r\n".utf8).contains($0) }
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
