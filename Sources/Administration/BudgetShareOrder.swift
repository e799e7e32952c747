import Budgeting
import Vocabulary

/// How near a scope is to the end of its budgets: the largest used part of any of them. Immutable.
///
/// Used is what is spent, unconfirmed or reserved, of limit and grants. A budget of nothing is used up.
struct BudgetShare: Comparable {
    private let used: Int128
    /// Above zero.
    private let room: Int128

    init(_ standing: BudgetStanding) {
        let used = [standing.spent, standing.unconfirmed, standing.reserved].reduce(0) { $0 + Int128($1.micros) }
        let room = Int128(standing.budget.limit.micros) + Int128(standing.granted.micros)
        self.used = room > 0 ? used : 1
        self.room = room > 0 ? room : 1
    }

    // Each factor is below 2^66, so no product overflows.
    static func < (left: BudgetShare, right: BudgetShare) -> Bool { left.used * right.room < right.used * left.room }

    static func == (left: BudgetShare, right: BudgetShare) -> Bool { left.used * right.room == right.used * left.room }
}

/// Teams with budgets, those nearest to the end of one first, and those alike by identifier.
enum BudgetShareOrder {
    private struct Entry {
        let team: ScopeStanding
        let share: BudgetShare
        var id: String { team.scope.names.id }
    }

    static func sorted(_ teams: [ScopeStanding]) -> [ScopeStanding] {
        var entries = teams.compactMap { team -> Entry? in
            guard let share = team.budgets.map({ BudgetShare($0) }).max() else { return nil }
            return Entry(team: team, share: share)
        }
        entries.sort { one, other in
            one.share == other.share ? one.id < other.id : one.share > other.share
        }
        return entries.map(\.team)
    }
}
