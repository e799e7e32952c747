import Vocabulary

/// The refusals of shadow budgets since the previous `take`. Pure.
struct ShadowCounts {
    private struct Window: Hashable {
        let scope: BudgetScope
        let window: BudgetWindow
        let start: BudgetDay
    }

    /// The maximum number of windows counted between two drains; refusals in further windows are lost. There is one for
    /// each shadow budget and each day the clock has shown, so only a clock that jumps around reaches this.
    private static let windowsMax = 10_000

    private var counts: [Window: Int64] = [:]

    /// - Parameter days: the days of the window; nil means all days.
    mutating func count(_ scope: BudgetScope, _ window: BudgetWindow, over days: Range<BudgetDay>?) {
        let key = Window(scope: scope, window: window, start: days?.lowerBound ?? BudgetDay(number: 0))
        guard let count = counts[key] else {
            if counts.count < Self.windowsMax { counts[key] = 1 }
            return
        }
        counts[key] = count + 1
    }

    /// Returns the counts, in no order, and resets them.
    mutating func take() -> [ShadowRefusals] {
        defer { counts = [:] }
        return counts.map { ShadowRefusals(scope: $0.scope, window: $0.window, start: $0.start, count: $1) }
    }
}
