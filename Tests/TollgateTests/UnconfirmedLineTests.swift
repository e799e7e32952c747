import AdminClient
import JSON
import Testing
import Vocabulary

@testable import tollgate

@Suite("Unconfirmed rows for people")
struct UnconfirmedLineTests {
    @Test(
        "an age is told in its two largest units",
        arguments: [
            (-5, "0m"), (0, "0m"), (59, "0m"), (60, "1m"), (3_599, "59m"), (3_600, "1h 0m"), (86_399, "23h 59m"),
            (86_400, "1d 0h"), (100 * 86_400 + 7_300, "100d 2h"), (.max, "106751991167300d 15h"),
        ] as [(Int64, String)]
    )
    func age(_ seconds: Int64, _ text: String) {
        #expect(UnconfirmedLine.age(.seconds(seconds)) == text)
    }

    @Test("a row gets its age, and what is no row stays as it is")
    func line() throws {
        let row = JSONValue.object([("id", .string("7")), ("created_at", .string("2026-01-01T00:00:00Z"))])
        let now = try #require(Timestamp(rfc3339: "2026-01-02T03:00:00Z"))
        guard case .string(let age)? = UnconfirmedLine.line(row, at: now)["age"] else {
            Issue.record("no age")
            return
        }
        #expect(age == "1d 3h")
        for other in [JSONValue.null, .object([]), .object([("created_at", .string("x"))])] {
            #expect(UnconfirmedLine.line(other, at: now)["age"] == nil)
        }
    }

    @Test("the advice stands beside the list, after the remark of a list that was cut")
    func advice() {
        let list = AdminOutput.list(AdminListing(items: [.null], isCut: true), .unconfirmedRow)
        let output = AdminOutput.remarked(list, "look there")
        #expect(output.remark == "these are only the first 1 items; there are more\ntollgate: look there")
        #expect(AdminOutput.remarked(.done("x"), "look there").remark == "look there")
        for format in OutputFormat.allCases { #expect(output.text(format) == list.text(format)) }
        // What a terminal adds, it adds beside a remark too.
        let budget = JSONValue.object([("scope", .string("team")), ("id", .string("a")), ("used", .string("50%"))])
        let budgets = AdminOutput.list(AdminListing(items: [budget], isCut: false), .budget)
        let terminal = Terminal([:], columns: 80)
        let table = AdminOutput.remarked(budgets, "look there").text(.table, on: terminal)
        #expect(table == budgets.text(.table, on: terminal) && table != budgets.text(.table))
    }
}
