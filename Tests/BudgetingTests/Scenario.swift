import Budgeting
import TestSupport
import Vocabulary

/// The teams, keys and plans of random tests: few and small, so that budgets are reached often.
enum Scenario {
    static let scopes: [BudgetScope] =
        [.organization]
        + teams.map(BudgetScope.team) + keys.map(BudgetScope.key) + upstreamKeys.map(BudgetScope.upstreamKey)
    static let teams = ["0", "1", "2"].map(TeamID.init(rawValue:))
    static let keys = ["0", "1", "2", "3", "4"].map(TeamKeyID.init(rawValue:))
    static let upstreamKeys = ["0", "1"].map(UpstreamKeyID.init(rawValue:))
    static let models = ["small", "large", "unheard-of"]
    /// `America/St_Johns` differs from its neighbours by half an hour, `Pacific/Kiritimati` by a day.
    private static let zones = ["UTC", "Europe/Zurich", "America/St_Johns", "Pacific/Kiritimati"]

    /// The scope's number among scopes of its kind; also its name.
    static func number(of scope: BudgetScope) -> Int {
        switch scope {
        case .organization: 0
        case .team(let team): Int(team.rawValue)!
        case .key(let key): Int(key.rawValue)!
        case .upstreamKey(let key): Int(key.rawValue)!
        }
    }

    static func team(ofKey key: Int) -> Int { key / 2 }

    static func plan(_ random: inout SeededGenerator) -> BudgetPlan {
        var plan = BudgetPlan(timeZone: random.pick(zones), assumedPages: Int.random(in: 1...12, using: &random))
        plan.organization = budgets(upTo: 60, &random)
        for team in teams where random.chance(2, in: 3) { plan.teams[team] = budgets(upTo: 40, &random) }
        for key in keys where random.chance(1, in: 2) { plan.keys[key] = budgets(upTo: 30, &random) }
        for key in upstreamKeys where random.chance(1, in: 2) {
            plan.upstreamKeys[key] = credits(Int64.random(in: 0...60, using: &random))
        }
        for model in models.dropLast() where random.chance(1, in: 2) {
            plan.creditsPerPage[model] = MicroCredits(micros: Int64.random(in: 1...2_000_000, using: &random))
        }
        return plan
    }

    private static func budgets(upTo limit: Int64, _ random: inout SeededGenerator) -> [Budget] {
        BudgetWindow.allCases.compactMap { window in
            guard random.chance(1, in: 3) else { return nil }
            return Budget(
                window: window,
                limit: credits(Int64.random(in: 0...limit, using: &random)),
                isEnforced: random.chance(2, in: 3)
            )
        }
    }

    /// The budgets that a scope may get in place of its own.
    static func budgets(of scope: BudgetScope, _ random: inout SeededGenerator) -> [Budget] {
        switch scope {
        case .organization: return budgets(upTo: 60, &random)
        case .team: return budgets(upTo: 40, &random)
        case .key: return budgets(upTo: 30, &random)
        case .upstreamKey:
            guard random.chance(1, in: 2) else { return [] }
            return [enforced(.month, Int64.random(in: 0...60, using: &random))]
        }
    }

    static func ask(_ random: inout SeededGenerator) -> ReservationAsk {
        let key = Int.random(in: 0..<keys.count, using: &random)
        return ReservationAsk(
            team: teams[team(ofKey: key)],
            key: keys[key],
            account: AccountID(rawValue: "default"),
            upstreamKey: random.pick(upstreamKeys),
            documentID: "00000000-0000-0000-0000-000000000000",
            model: random.pick(models),
            pages: random.chance(1, in: 8) ? nil : Int.random(in: 1...8, using: &random),
            cacheKey: CacheKey(Digest(0, 0, 0, 0)),
            requestID: "request"
        )
    }
}

extension BudgetPlan {
    /// The plan with other budgets for one scope.
    mutating func set(_ budgets: [Budget], of scope: BudgetScope) {
        switch scope {
        case .organization: organization = budgets
        case .team(let team): teams[team] = budgets
        case .key(let key): keys[key] = budgets
        case .upstreamKey(let key): upstreamKeys[key] = budgets.first?.limit
        }
    }
}
