import JSON
import Testing

@testable import tollgate

@Suite("Budgets as lines")
struct BudgetLinesTests {
    private func scope(_ credits: String, granted: String = "0", spent: String) throws -> JSONValue {
        let budget =
            #"{"window": "day", "credits": \#(credits), "granted": \#(granted), "spent": \#(spent), "#
            + #""unconfirmed": 0, "reserved": 0}"#
        let text = #"{"scope": "team", "id": "a", "budgets": [\#(budget), {"window": "month"}, 7]}"#
        return try JSONValue.parse(Array(text.utf8).span)
    }

    private func used(_ line: JSONValue?) -> String? {
        guard case .string(let text)? = line?["used"] else { return nil }
        return text
    }

    @Test("each budget is a line that names its scope")
    func lines() throws {
        let lines = BudgetLines.lines(try scope("4", spent: "1"), .csv)
        #expect(lines.count == 2)
        let text = String(decoding: lines[1].text, as: UTF8.self)
        #expect(text == #"{"scope": "team", "id": "a", "window": "month"}"#)
        #expect(lines.allSatisfy { $0["used"] == nil }, "programs have the amounts")
        #expect(BudgetLines.lines(.null, .table).isEmpty)
    }

    @Test(
        "what is used of limit and grants is a share",
        arguments: [
            ("4", "0", "1", "25%"), ("4", "4", "8", "100%"), ("1", "0", "3", "300%"), ("1", "0", "0", "0%"),
            ("0", "0", "0", "100%"), ("0", "0", "1", "999%"), ("0.000001", "0", "9223372036854.775807", "999%"),
            ("1e400", "0", "1", "0%"),
        ]
    )
    func shares(credits: String, granted: String, spent: String, share: String) throws {
        let lines = BudgetLines.lines(try scope(credits, granted: granted, spent: spent), .table)
        #expect(used(lines.first) == share)
        #expect(used(lines.last) == nil, "a budget without amounts has none")
    }

    @Test("amounts that no gateway has are no share, or a share within bounds")
    func absurd() throws {
        func share(_ credits: String, _ spent: String) throws -> String? {
            used(BudgetLines.lines(try scope(credits, spent: spent), .table).first)
        }
        #expect(try share("1e400", "1e400") == nil)
        #expect(try share("1", "1e400") == "999%" && share("1", "-1e400") == "0%" && share("-1e400", "1") == "999%")
        #expect(try share("4", "-1") == "0%")
    }

    private static let columns = ["scope", "id", "credits", "enforce", "granted", "spent", "used"]

    private func item(_ id: String, granted: String = "0", used: String) throws -> JSONValue {
        let text =
            #"{"scope": "team", "id": "\#(id)", "credits": 4, "enforce": true, "granted": \#(granted), "spent": 1, "#
            + #""used": "\#(used)"}"#
        return try JSONValue.parse(Array(text.utf8).span)
    }

    @Test("a terminal has bars as long as it has room for, numbers to the right, and no colour with NO_COLOR")
    func bars() throws {
        let items = [try item("a", used: "25%"), try item("b", used: "100%")]
        let plain = Terminal(["NO_COLOR": "1"], columns: 60)
        #expect(
            TableText.list(items, columns: Self.columns, on: plain) == """
                scope  id  credits  enforce  granted  spent           used
                team   a         4  yes            0      1  █░░░░░░   25%
                team   b         4  yes            0      1  ███████  100%

                """
        )
        #expect(
            TableText.list(items, columns: Self.columns) == """
                scope  id  credits  enforce  granted  spent  used
                team   a         4  yes            0      1   25%
                team   b         4  yes            0      1  100%

                """,
            "none without a terminal"
        )
    }

    @Test("a terminal too narrow does without the columns that say nothing")
    func narrow() throws {
        let plain = Terminal(["NO_COLOR": "1"], columns: 40)
        let items = [try item("a", used: "50%")]
        #expect(
            TableText.list(items, columns: Self.columns, on: plain) == """
                scope  id  credits  spent         used
                team   a         4      1  ██░░░   50%

                """
        )
        let granted = [try item("a", granted: "2", used: "50%")]
        #expect(TableText.list(granted, columns: Self.columns, on: plain).contains("granted"))
    }

    @Test("bars are green, yellow from four fifths on, red when full; a dumb terminal has no colour")
    func colors() {
        let terminal = Terminal(["TERM": "xterm", "NO_COLOR": ""], columns: nil)
        #expect(terminal.width == 80)
        for (percent, color) in [(0, 32), (79, 32), (80, 33), (99, 33), (100, 31), (999, 31)] {
            let bar = Terminal.bar(percent, length: 10)
            #expect(bar.count == 10)
            #expect(terminal.painted(bar: bar) == "\u{1B}[\(color)m\(bar)\u{1B}[0m", "\(percent)")
        }
        #expect(Terminal(["TERM": "dumb"], columns: 70).painted(bar: "█") == "█")
        #expect(Terminal(["COLUMNS": "70"], columns: nil).width == 70)
        for absurd in ["-9223372036854775808", "9223372036854775807", "-1", "x", ""] {
            #expect(Terminal(["COLUMNS": absurd], columns: nil).width == 80)
        }
        #expect(terminal.barLength(beside: 100) == 5 && terminal.barLength(beside: 10) == 20)
        #expect(Terminal.bar(-5, length: 3) == "░░░")
    }
}
