import TestSupport
import Testing
import Vocabulary

@testable import Administration
@testable import Budgeting

@Suite("Teams by share of budget")
struct BudgetShareOrderTests {
    private static func standing(_ used: Int64, of limit: Int64, granted: Int64 = 0) -> BudgetStanding {
        BudgetStanding(
            budget: Budget(window: .month, limit: MicroCredits(micros: limit), isEnforced: true),
            granted: MicroCredits(micros: granted),
            spent: MicroCredits(micros: used / 3),
            unconfirmed: MicroCredits(micros: used / 3),
            reserved: MicroCredits(micros: used - used / 3 * 2),
            remaining: .zero,
            nextStart: nil,
            shadowRefusals: 0
        )
    }

    @Test(
        "shares are compared exactly, at the ends of the range too; a budget of nothing is used up",
        arguments: [
            (standing(1, of: 3), standing(333_333, of: 1_000_000)), (standing(1, of: 2), standing(1, of: 3)),
            (standing(5, of: 10), standing(5, of: 10, granted: 1)), (standing(0, of: 0), standing(99, of: 100)),
            (standing(101, of: 100), standing(0, of: 0)),
            (standing(.max, of: .max), standing(.max - 1, of: .max)),
            (standing(.max, of: 1), standing(.max - 3, of: 1)),
            (standing(.max, of: .max), standing(.max, of: .max, granted: .max)),
        ]
    )
    func order(more: BudgetStanding, less: BudgetStanding) {
        #expect(BudgetShare(more) > BudgetShare(less))
        #expect(!(BudgetShare(more) < BudgetShare(less)) && BudgetShare(more) != BudgetShare(less))
    }

    @Test("GET /budgets?sort=share lists teams by the budget that is nearest to its end, in pages")
    func list() throws {
        let rooms = try AdminRooms()
        for (team, budgets) in [
            ("d", #"[{"window": "month", "credits": 10}]"#), ("c", #"[{"window": "month", "credits": 10}]"#),
            ("b", "[]"), ("a", #"[{"window": "month", "credits": 7}, {"window": "day", "credits": 0}]"#),
        ] {
            #expect(try rooms.answer("POST", "/teams", #"{"id": "\#(team)", "budgets": \#(budgets)}"#).status == 201)
        }
        func page(_ query: String) throws -> TestResponse {
            try rooms.answer("GET", "/budgets?\(query)", token: AdminStand.viewer)
        }
        let all = try page("sort=share").json
        #expect(all["items"].items.map { $0["id"].string } == ["a", "c", "d"] && all["next_cursor"] == .null)
        #expect(all["items"][0]["budgets"].items.count == 2 && all["items"][0]["scope"] == "team")
        let first = try page("sort=share&limit=2").json
        #expect(first["items"].items.map { $0["id"].string } == ["a", "c"])
        let cursor = try #require(first["next_cursor"].string)
        let second = try page("sort=share&limit=2&cursor=\(cursor)").json
        #expect(second["items"].items.map { $0["id"].string } == ["d"] && second["next_cursor"] == .null)
        #expect(try page("sort=share&cursor=4000000000000000000").json["items"].items.isEmpty)
        #expect(try page("sort=id").json["items"].items.map { $0["id"].string } == ["a", "c", "d"])
        for query in ["sort=size", "sort=", "sort=share&cursor=team:a", "sort=share&cursor=99999999999999999999"] {
            #expect(try page(query).status == 422, "\(query)")
        }
    }
}
