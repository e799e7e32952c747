import AdminClient
import Forms
import JSON

/// Answers for spreadsheets, as RFC 4180: a header line and one line per record, each ended by CRLF.
enum CSVText {
    /// - Parameter members: the first columns; further members of the records follow in order of appearance.
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

    /// Null is an empty cell; nested values are JSON text.
    ///
    /// Spreadsheets evaluate a cell that begins with = + - or @ as a formula. A text may come from anyone, so one that
    /// begins like this gets an apostrophe in front. Numbers, which may be negative, are left unchanged.
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

    /// Line breaks have been removed before: a record is one line.
    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
