import Authentication
import Budgeting
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("TeamTable")
struct TeamTableTests {
    private let place = TemporaryStore()

    private static let limits = [
        TeamLimits(),
        TeamLimits(models: []),
        TeamLimits(requestsPerSecondMillionths: 1, concurrencyMax: 1, models: Set(texts)),
        TeamLimits(requestsPerSecondMillionths: .max, concurrencyMax: .max, models: ["gpt-4o"]),
    ]

    @Test("a team comes back with all that it has, and with nothing that it does not have", arguments: limits)
    func wholeTeam(_ limits: TeamLimits) throws {
        var teams = texts.enumerated().map { team("t\($0)", name: $1, limits: limits) }
        for (index, scope) in CacheScope.allCases.enumerated() { teams[index].cacheScope = scope }
        teams[0].budgets = budgets
        teams[1].budgets = [emptyBudget]
        #expect(try place.registry(after: teams.map { .saveTeam($0) }).teams == teams)
    }

    @Test("a team that is saved again is as it was saved last, and no other team changes")
    func replacement() throws {
        let limits = TeamLimits(requestsPerSecondMillionths: 5, concurrencyMax: 6, models: ["m", "n"])
        let first = team("a", name: "first", budgets: budgets, limits: limits)
        let other = team("b", name: "first", budgets: budgets, limits: limits)
        var second = team("a", name: "second", budgets: [emptyBudget])
        second.account = AccountID(rawValue: "another")
        second.cacheScope = .team
        let rows = try place.registry(after: [.saveTeam(first), .saveTeam(other), .saveTeam(second)])
        #expect(rows.teams == [second, other])
        #expect(try place.registry(after: [.saveTeam(first), .saveTeam(first)]).teams == [first, other])
    }

    @Test("with a team go its keys and all that belongs to them; what another team has stays")
    func removal() throws {
        let store = try place.open()
        defer { store.close() }
        let limits = TeamLimits(models: ["m"])
        for name in ["a", "b"] {
            let key = wholeTeamKey("\(name)-key", of: name)
            let saves: [RegistryWrite] = [
                .saveTeam(team(name, budgets: budgets, limits: limits)), .saveTeamKey(key),
                .saveTeamKey(teamKey("\(name)-other", of: name)),
                .saveReceipt(receipt("\(name)-key"), now: moments[0]),
            ]
            try store.applyAndWait(saves, audit: nil)
            try store.addAndWait([], uses: [TeamKeyUse(key: key.id, at: moments[2])]).get()
        }
        let before = try store.registry()
        let tables = [
            "teams", "team_models", "registry_budgets", "team_keys", "retiring_secrets", "rotation_receipts",
            "team_key_uses",
        ]
        let counts = try tables.map { Int(try store.rows("SELECT count(*) FROM \($0)")[0])! }
        for _ in 1...2 {
            try store.applyAndWait([.removeTeam(TeamID(rawValue: "a"))], audit: nil)
            let after = try store.registry()
            #expect(after.teams == before.teams.filter { $0.id.rawValue == "b" })
            #expect(after.teamKeys == before.teamKeys.filter { $0.team.rawValue == "b" })
            #expect(after.receipts == [receipt("b-key")])
            #expect(try tables.map { Int(try store.rows("SELECT count(*) FROM \($0)")[0])! } == counts.map { $0 / 2 })
        }
    }

    @Test("the keys that the store has of a team that it does not have go with the team too")
    func removalOfUnknown() throws {
        let rows = try place.registry(after: [.saveTeamKey(teamKey("k")), .removeTeam(TeamID(rawValue: "a"))])
        #expect(rows == RegistryRows())
    }

    @Test("a team whose row is damaged is a fault and not a guess")
    func damage() throws {
        let changes = [
            "cache_scope = 'galaxy'", "limits_models = 2", "requests_per_second = 0", "concurrency_max = 0",
        ]
        let saved = team("a", budgets: budgets, limits: TeamLimits(models: ["m"]))
        try place.expectDamage(to: "teams", by: changes, of: .saveTeam(saved))
    }

    @Test("a budget whose row is damaged is a fault and not a guess")
    func damagedBudget() throws {
        let changes = [
            "budget_window = 'year'", "is_enforced = 2", "alert_at = ','", "alert_at = '0.5'",
            "alert_at = '9223372036854775808'", "alert_at = '1, 2'", "scope = 'galaxy'",
        ]
        let saved = team("a", budgets: [emptyBudget])
        try place.expectDamage(to: "registry_budgets", by: changes, of: .saveTeam(saved))
    }
}
