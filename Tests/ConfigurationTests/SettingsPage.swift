import Foundation
import Testing

/// The tables of `docs/settings.md`: a row for each member of the configuration.
struct SettingsPage {
    enum Default: Equatable {
        case required, none
        /// As the file writes it.
        case value(String)
    }

    enum Range: Equatable {
        /// The least and the greatest value, without quotes.
        case between(String, String)
        case oneOf([String])
        case trueOrFalse
        /// As many elements or characters.
        case atMost(Int)
        /// In words alone.
        case words
    }

    struct Row: Sendable, CustomTestStringConvertible {
        /// With `[]` for each element of an array.
        let path: String
        let standard: Default
        let range: Range

        var testDescription: String { path }
    }

    private static let header = "| setting | default | range | what it does |"

    let rows: [Row]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../docs/settings.md").standardized
        var rows: [Row] = []
        var isInTable = false
        for line in try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ) {
            if line == Self.header { isInTable = true }
            if line.isEmpty { isInTable = false }
            guard isInTable, line.hasPrefix("| `") else { continue }
            let cells = line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
            try #require(cells.count == 4, "\(line)")
            rows.append(
                Row(
                    path: Self.quoted(cells[0])[0],
                    standard: Self.standard(cells[1]),
                    range: Self.range(cells[2])
                )
            )
        }
        self.rows = rows
    }

    private static func standard(_ cell: String) -> Default {
        switch cell {
        case "required": .required
        case "none": .none
        default: .value(quoted(cell)[0])
        }
    }

    private static func range(_ cell: String) -> Range {
        if cell == "true or false" { return .trueOrFalse }
        let texts = quoted(cell)
        if texts.count == 2, cell == "`\(texts[0])` to `\(texts[1])`" { return .between(texts[0], texts[1]) }
        if cell.hasPrefix("at most `"), let count = Int(texts[0]) { return .atMost(count) }
        let isChoice =
            !texts.isEmpty
            && cell.components(separatedBy: CharacterSet(charactersIn: "`")).enumerated().allSatisfy {
                $0.offset % 2 == 1 || ["", ", ", " or "].contains($0.element)
            }
        return isChoice ? .oneOf(texts) : .words
    }

    /// What stands between backticks.
    private static func quoted(_ cell: String) -> [String] {
        cell.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }
}
