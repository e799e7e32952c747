import Vocabulary

/// The refusals of shadow budgets: those since the previous `take`, which are to be stored, and the totals of the latest
/// window of each budget, for reports. Pure.
///
/// The totals begin with what the store has at the start of the program and go on from there, so that a report neither
/// misses nor repeats what is on its way to the store.
struct ShadowCounts {
    private struct Window: Hashable {
        let scope: BudgetScope
        let window: BudgetWindow
        let start: BudgetDay
    }

    private struct Kind: Hashable {
        let scope: BudgetScope
        let window: BudgetWindow
    }

    /// The maximum number of windows counted between two drains; refusals in further windows are lost. There is one for
    /// each shadow budget and each day the clock has shown, so only a clock that jumps around reaches this.
    private static let windowsMax = 10_000

    private var counts: [Window: Int64] = [:]
    /// One for each scope and window that ever refused, and scopes are never dropped.
    private var totals: [Kind: (start: BudgetDay, count: Int64)] = [:]

    /// - Parameter stored: at most one row for each scope and window.
    init(stored: [ShadowRefusals] = []) {
        for row in stored {
            totals[Kind(scope: row.scope, window: row.window)] = (row.start, max(row.count, 0))
        }
    }

    /// - Parameter days: the days of the window; nil means all days.
    mutating func count(_ scope: BudgetScope, _ window: BudgetWindow, over days: Range<BudgetDay>?) {
        let start = days?.lowerBound ?? BudgetDay(number: 0)
        let kind = Kind(scope: scope, window: window)
        totals[kind] = (start, total(of: scope, window, start: start).saturatingAdd(1))
        let key = Window(scope: scope, window: window, start: start)
        guard let count = counts[key] else {
            if counts.count < Self.windowsMax { counts[key] = 1 }
            return
        }
        counts[key] = count + 1
    }

    /// The refusals in the window that starts on this day; 0 for a window before the latest one that had any.
    func total(of scope: BudgetScope, _ window: BudgetWindow, start: BudgetDay) -> Int64 {
        guard let total = totals[Kind(scope: scope, window: window)], total.start == start else { return 0 }
        return total.count
    }

    /// Returns the counts, in no order, and resets them.
    mutating func take() -> [ShadowRefusals] {
        defer { counts = [:] }
        return counts.map { ShadowRefusals(scope: $0.scope, window: $0.window, start: $0.start, count: $1) }
    }
}
