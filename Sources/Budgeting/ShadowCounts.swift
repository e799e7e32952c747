import Vocabulary

/// How often shadow budgets would have refused since it was last asked. Pure.
struct ShadowCounts {
    private struct Window: Hashable {
        let scope: BudgetScope
        let window: BudgetWindow
        let start: BudgetDay
    }

    /// As many windows are counted between two drains; refusals in further ones are lost. There are as many as shadow
    /// budgets, times the days that the clock has been at: this is for a clock that jumps about.
    private static let windowsMax = 10_000

    private var counts: [Window: Int64] = [:]

    /// - Parameter days: of the window; nil stands for all days.
    mutating func count(_ scope: BudgetScope, _ window: BudgetWindow, over days: Range<BudgetDay>?) {
        let key = Window(scope: scope, window: window, start: days?.lowerBound ?? BudgetDay(number: 0))
        guard let count = counts[key] else {
            if counts.count < Self.windowsMax { counts[key] = 1 }
            return
        }
        counts[key] = count + 1
    }

    /// Gives what was counted, in no order, and starts again.
    mutating func take() -> [ShadowRefusals] {
        defer { counts = [:] }
        return counts.map { ShadowRefusals(scope: $0.scope, window: $0.window, start: $0.start, count: $1) }
    }
}
