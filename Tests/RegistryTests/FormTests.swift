import Authentication
import Budgeting
import Forms
import Keying
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

    @Test("what a team is shown as is read as the same team")
    func roundTrip() throws {
        guard case .object(let members) = full.json(.store) else {
            Issue.record("no object")
            return
        }
        let shown = JSONValue.object(members.filter { $0.name != "id" && $0.name != "source" })
        let (team, faults) = try read(String(decoding: shown.text, as: UTF8.self), into: Samples.team("sales"))
        #expect(faults == [])
        #expect(team == full)
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
