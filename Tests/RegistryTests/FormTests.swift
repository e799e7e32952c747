import Authentication
import Budgeting
import Forms
import JSON
import Testing
import Vocabulary

@testable import Registry

@Suite("Teams and budgets as people write them")
struct FormTests {
    private let full = TeamRecord(
        id: "sales",
        name: "Sales \"North\"",
        account: "zurich",
        budgets: [
            Budget(
                window: .day,
                limit: MicroCredits(micros: 1),
                isEnforced: true,
                alertAtMillionths: [800_000, 1_000_000]
            ),
            Budget(window: .day, limit: .maximum, isEnforced: false),
        ],
        limits: TeamLimits(requestsPerSecondMillionths: 500_000, concurrencyMax: 3, models: ["a", "b"]),
        cacheScope: .team
    )

    private func read(_ text: String, into team: TeamRecord) throws -> (TeamRecord, [String]) {
        let bytes = Array(text.utf8)
        let report = FormReport(takesNull: true)
        let reader = try #require(ObjectReader(try JSONValue.parse(bytes.span), path: "", report: report))
        var team = team
        TeamForm.read(reader, into: &team, accounts: ["zurich", "default"])
        reader.finish()
        return (team, report.faults.map(\.description))
    }

    @Test("what is absent stays, what is null goes")
    func partly() throws {
        let (same, faults) = try read("{}", into: full)
        #expect(same == full && faults == [])
        let nulls = #"{"requests_per_second": null, "max_concurrency": null, "models": null, "cache_scope": null}"#
        let (without, none) = try read(nulls, into: full)
        #expect(without.limits == TeamLimits() && without.cacheScope == nil && none == [])
        #expect(without.budgets == full.budgets && without.name == full.name)
    }

    private func list(_ count: Int, _ element: String) -> String {
        "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
    }

    @Test("each member holds as much as its bound says, and no more; the bound is named")
    func bounds() throws {
        let text = String(repeating: "\u{1F4B6}", count: 128)
        let models = (0..<100).map { "\"\($0)\"" }.joined(separator: ",")
        let shares = list(100, "0.5")
        let right = """
            {"name": "\(text)", "models": [\(models)], "budgets": [{"window": "day", "credits": 1, "alert_at": \(shares)}]}
            """
        let (team, none) = try read(right, into: full)
        #expect(none == [] && team.name == text && team.limits.models?.count == 100)
        #expect(team.budgets.first?.alertAtMillionths.count == 100)
        for (wrong, path, bound) in [
            (#"{"name": "\#(text)x"}"#, "name", "128"), (#"{"account": "\#(text)x"}"#, "account", "128"),
            (#"{"models": ["a", "\#(text)x"]}"#, "models[1]", "128"),
            (#"{"models": [\#(models), "x"]}"#, "models", "100"),
            (#"{"budgets": \#(list(101, #"{"window": "day", "credits": 1}"#))}"#, "budgets", "100"),
            (
                #"{"budgets": [{"window": "day", "credits": 1, "alert_at": \#(list(101, "0.5"))}]}"#,
                "budgets[0].alert_at", "100"
            ),
        ] {
            let (_, faults) = try read(wrong, into: full)
            #expect(faults.contains { $0.hasPrefix("\(path): must have at most \(bound) ") }, "\(faults)")
        }
    }

    @Test("a key put where a name belongs is refused and not repeated")
    func keyAsName() throws {
        let key = "tg_abcd2345_" + String(repeating: "xY3z", count: 8)
        for form in [#"{"name": "my \#(key)"}"#, #"{"models": ["\#(key)"]}"#, #"{"account": "\#(key)"}"#] {
            let (team, faults) = try read(form, into: full)
            #expect(team.name == full.name && faults.count >= 1)
            #expect(!faults.contains { $0.contains(key) })
        }
        let bytes = Array(#"{"id": "\#(key)"}"#.utf8)
        let report = FormReport()
        var id = ""
        Identifier.read(
            try #require(ObjectReader(try JSONValue.parse(bytes.span), path: "", report: report)),
            into: &id
        )
        #expect(id == "" && report.faults.count == 1 && !report.faults[0].description.contains(key))
    }

    @Test("an object of very many members is refused as a whole", arguments: [100, 101])
    func members(count: Int) throws {
        let bytes = Array(("{" + (0..<count).map { "\"m\($0)\": 1" }.joined(separator: ",") + "}").utf8)
        let report = FormReport()
        let reader = ObjectReader(try JSONValue.parse(bytes.span), path: "a", report: report)
        #expect((reader == nil) == (count > 100))
        #expect(report.faults.map(\.description) == (count > 100 ? ["a: must have at most 100 members, not 101"] : []))
    }

    @Test("of many faults some are kept and the others counted")
    func manyFaults() throws {
        let report = FormReport(faultsMax: 3)
        for index in 0..<10 { report.fault("m\(index)", "is wrong") }
        #expect(report.faults.map(\.path) == ["m0", "m1", "m2"] && report.droppedCount == 7)
    }

    @Test("everything that is wrong is told with its path")
    func faults() throws {
        let text = """
            {"account": "nowhere", "budgets": [{"window": "year", "credits": -1}, {"credits": 1, "limit": 2},
             {"window": "day", "credits": 1}, {"window": "day", "credits": 2}], "max_concurrency": 0, "modles": []}
            """
        let (_, faults) = try read(text, into: full)
        let paths = faults.map { $0.prefix { $0 != ":" } }
        #expect(
            Set(paths) == [
                "account", "budgets[0].window", "budgets[0].credits", "budgets[1].window", "budgets[1].limit",
                "budgets[3].window", "max_concurrency", "modles",
            ]
        )
    }
}
