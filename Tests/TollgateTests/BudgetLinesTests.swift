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
        "what is used of limit and grants is a share, with a bar at a terminal and none without",
        arguments: [
            ("4", "0", "1", "██░░░░░░░░  25%"), ("4", "4", "8", "██████████ 100%"), ("1", "0", "3", "██████████ 300%"),
            ("1", "0", "0", "░░░░░░░░░░   0%"), ("0", "0", "0", "██████████ 100%"), ("0", "0", "1", "██████████ 999%"),
            ("0.000001", "0", "9223372036854.775807", "██████████ 999%"), ("1e400", "0", "1", "░░░░░░░░░░   0%"),
        ]
    )
    func bars(credits: String, granted: String, spent: String, bar: String) throws {
        let scope = try scope(credits, granted: granted, spent: spent)
        #expect(used(BudgetLines.lines(scope, .table, hasBar: true).first) == bar)
        #expect(
            used(BudgetLines.lines(scope, .table, hasBar: false).first)
                == bar.split(separator: " ").last.map(String.init)
        )
        #expect(used(BudgetLines.lines(scope, .table, hasBar: true).last) == nil, "a budget without amounts has none")
    }
}
