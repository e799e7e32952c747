import AdminClient
import Forms
import JSON

/// Answers as spreadsheets read them, RFC 4180: a header line, a line for each record, CRLF after each.
enum CSVText {
    /// - Parameter members: the first columns; what a record has beyond them follows in the order of its coming.
    static func records(_ records: [JSONValue], members: [String]) -> String {
        let columns = columns(records, members)
        let header = columns.map { quoted(TerminalText.cleaned($0)) }
        let lines = records.map { record in columns.map { cell(record[$0] ?? .null) } }
        return ([header] + lines).map { $0.joined(separator: ",") + "\r\n" }.joined()
    }

    private static func columns(_ records: [JSONValue], _ members: [String]) -> [String] {
        var columns = members
        var known = Set(members)
        for case .object(let members) in records {
            for member in members where known.insert(member.name).inserted { columns.append(member.name) }
        }
        return columns
    }

    /// Null is an empty cell; what is nested is JSON text.
    ///
    /// A spreadsheet takes a cell that begins with one of = + - @ for a formula and runs it, so such a text, which
    /// somebody chose, gets an apostrophe before it. Numbers, which may be below zero, are left as they are.
    private static func cell(_ value: JSONValue) -> String {
        switch value {
        case .null: return ""
        case .bool(let flag): return flag ? "true" : "false"
        case .number(let text): return text
        case .string(let text):
            let cleaned = TerminalText.cleaned(text)
            return quoted(isFormula(cleaned) ? "'" + cleaned : cleaned)
        case .array, .object: return quoted(String(decoding: value.text, as: UTF8.self))
        }
    }

    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        return first == "=" || first == "+" || first == "-" || first == "@"
    }

    /// Line breaks are gone before: a record is one line.
    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
