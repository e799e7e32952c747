import AdminClient
import JSON
import TestSupport
import Testing

@testable import tollgate

@Suite("What is printed of an answer")
struct AdminOutputTests {
    private func value(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8).span) }

    private func list(_ text: String, _ resource: ResourceMembers) throws -> AdminOutput {
        guard case .array(let items) = try value(text) else { throw TestFailure("no array") }
        return .list(AdminListing(items: items), resource)
    }

    private static let teams = """
        [{"id": "ap", "name": "Accounts Payable", "account": "default", "budgets": [{"window": "day", "credits": 500, \
        "granted": 0}, {"window": "month", "credits": 1e4, "alert_at": [0.8, 1.0], "enforce": false}], \
        "requests_per_second": 0.50, "max_concurrency": null, "models": ["gpt-4o", "gpt-4o-mini"], \
        "cache_scope": null, "source": "file"}, {"id": "x", "name": "", "account": "other", "budgets": [], \
        "requests_per_second": null, "max_concurrency": 3, "models": null, "cache_scope": "team", "source": "store"}]
        """

    // MARK: Tables

    @Test("a list is a table of aligned columns, numbers to the right; null is a dash, budgets are as they are typed")
    func table() throws {
        let text = try list(Self.teams, .team).text(.table)
        #expect(
            text == """
                id  name              account  budgets                                 requests_per_second  \
                max_concurrency  models              source
                ap  Accounts Payable  default  day=500 month=1e4:alert=0.8,1.0:shadow                 0.50  \
                              -  gpt-4o gpt-4o-mini  file
                x                     other    none                                                      -  \
                              3  -                   store

                """
        )
    }

    @Test("an empty list is its header line alone")
    func emptyTable() throws {
        let text = try list("[]", .auditEntry).text(.table)
        #expect(text == "at  actor  role  action  target  address\n")
    }

    @Test("one object is a line for each member, members of members by their path")
    func object() throws {
        let status = try value(
            #"{"version": "1.0", "ok": true, "nodes": [{"id": "a", "up": 3}], "upstream": {"open": false, "keys": []}}"#
        )
        #expect(
            AdminOutput.one(status, .status).text(.table) == """
                version        1.0
                ok             yes
                nodes[0].id    a
                nodes[0].up    3
                upstream.open  no
                upstream.keys  none

                """
        )
    }

    @Test("a new secret stands alone on the last line, and it is said that it is not shown again")
    func secret() throws {
        let key = try value(#"{"id": "k", "secret": "tg_abcdefgh_0123", "name": null}"#)
        let lines = AdminOutput.one(key, .teamKey).text(.table).split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "id    k", "name  -", "This is the secret. Keep it now: it is not shown again.", "tg_abcdefgh_0123",
            ]
        )
    }

    @Test("a long text is cut in a list, so that the other columns stay on the screen, and whole in an object")
    func longText() throws {
        let entry = #"{"action": "\#(String(repeating: "a", count: 500))"}"#
        let listed = try list("[\(entry)]", .auditEntry).text(.table)
        #expect(listed.contains(String(repeating: "a", count: 60) + "…") && listed.count < 250)
        #expect(AdminOutput.one(try value(entry), .auditEntry).text(.table).count > 500)
    }

    /// Colours, titles, C1 controls, carriage returns, line breaks, right-to-left marks, and a bell.
    private static let hostile = #"a\u001b[2Jb\u009b31mc\rd\ne\u202ef\u2066g\u0007h\u2028i\u007f"#

    @Test("no text of the server's steers the terminal or breaks a line", arguments: OutputFormat.allCases)
    func hostileTexts(_ format: OutputFormat) throws {
        let text = #""\#(Self.hostile)""#
        let item = #"{"id": \#(text), \#(text): "x", "budgets": [{\#(text): [\#(text)]}]}"#
        let outputs = [try list("[\(item)]", .team), .one(try value(item), .team), .done("\u{1B}[2Jdone")]
        for output in outputs {
            let text = output.text(format)
            for scalar in text.unicodeScalars where scalar != "\n" && scalar != "\r" {
                #expect(
                    scalar.properties.generalCategory != .control,
                    "\(scalar.debugDescription) in \(text.debugDescription)"
                )
                #expect(scalar != "\u{2028}")
            }
            #expect(
                text.unicodeScalars.count { $0 == "\r" } == (format == .csv ? text.split(separator: "\r\n").count : 0)
            )
        }
        let table = outputs[0].text(.table)
        #expect(table.split(separator: "\n").count == 2)
        #expect(!table.unicodeScalars.contains("\u{202E}") && !table.unicodeScalars.contains("\u{2066}"))
    }

    // MARK: JSON

    @Test("json is one array or the object, with every number as the gateway wrote it")
    func json() throws {
        let items = #"[{"id": "a", "n": 1.50}, {"id": "b", "n": 12345678901234567890.000001}]"#
        #expect(try list(items, .team).text(.json) == items + "\n")
        #expect(try list("[]", .team).text(.json) == "[]\n")
        #expect(AdminOutput.one(try value(#"{"n": 1e2}"#), .team).text(.json) == #"{"n": 1e2}"# + "\n")
        #expect(AdminOutput.done("gone").text(.json).isEmpty)
    }

    // MARK: CSV

    @Test("csv has a header line, CRLF, quotes where they are needed, and nested values as JSON text")
    func csv() throws {
        let resource = ResourceMembers(members: ["id", "name", "models", "limit", "on"], columns: [])
        let items = """
            [{"id": "a", "name": "say \\"hi\\", all", "models": ["x", "y"], "limit": 1.50, "on": true},
             {"name": null, "id": "b", "later": "new"}]
            """
        let text = try list(items, resource).text(.csv)
        let expected = [
            "id,name,models,limit,on,later", #"a,"say ""hi"", all","[""x"", ""y""]",1.50,true,"#, "b,,,,,new",
        ]
        #expect(text == expected.map { $0 + "\r\n" }.joined())
        #expect(try list("[]", resource).text(.csv) == "id,name,models,limit,on\r\n")
        #expect(
            AdminOutput.one(try value(#"{"id": "a"}"#), resource).text(.csv) == "id,name,models,limit,on\r\na,,,,\r\n"
        )
    }

    @Test(
        "a text that a spreadsheet would run gets an apostrophe before it; numbers do not",
        arguments: [
            (#""=1+1""#, "'=1+1"), (#""+1""#, "'+1"), (#""-1""#, "'-1"), (#""@SUM(A1)""#, "'@SUM(A1)"),
            (#""=A1,\"x\"""#, #""'=A1,""x""""#), ("-1.5", "-1.5"), (#""a=1""#, "a=1"), (#""""#, ""),
            (#"["=1"]"#, #""[""=1""]""#),
        ]
    )
    func formulas(_ json: String, _ cell: String) throws {
        let resource = ResourceMembers(members: ["name"], columns: [])
        let text = try list(#"[{"name": \#(json)}]"#, resource).text(.csv)
        #expect(text == "name\r\n\(cell)\r\n")
    }
}
