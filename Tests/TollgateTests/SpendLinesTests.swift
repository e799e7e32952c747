import AdminClient
import JSON
import Testing

@testable import tollgate

@Suite("Spend reports as lines")
struct SpendLinesTests {
    private func report(_ items: String) throws -> JSONValue {
        let text = #"{"group_by": "model", "items": [\#(items)], "total": {"spent": 12.5, "hits": 3}}"#
        return try JSONValue.parse(Array(text.utf8).span)
    }

    private let members = ResourceMembers(
        members: ["model", "spent", "hits", "row"],
        columns: ["model", "spent", "hits"]
    )

    private func output(_ items: String, _ format: OutputFormat) throws -> String {
        let lines = SpendLines.lines(try report(items), by: "model")
        return AdminOutput.list(AdminListing(items: lines), members).text(format)
    }

    private let items = #"{"model": "m", "spent": 12, "hits": 0}, {"model": null, "spent": 0.5, "hits": 3}"#

    @Test("people see numbers aligned to the right, and the total last")
    func table() throws {
        let table = """
            model    spent  hits
            m           12     0
            -          0.5     3
            (total)   12.5     3

            """
        #expect(try output(items, .table) == table)
        #expect(try output("", .table) == "model    spent  hits\n(total)   12.5     3\n")
    }

    @Test("programs can tell the total from a model of that name")
    func csv() throws {
        let text = try output(#"{"model": "(total)", "spent": 12.5, "hits": 3}"#, .csv)
        #expect(text == "model,spent,hits,row\r\n(total),12.5,3,item\r\n(total),12.5,3,total\r\n")
    }

    @Test("an answer of another form has no lines")
    func odd() throws {
        #expect(SpendLines.lines(.null, by: "team").isEmpty)
        #expect(SpendLines.lines(.object([("items", .array([.null])), ("total", .bool(true))]), by: "team").isEmpty)
    }
}
