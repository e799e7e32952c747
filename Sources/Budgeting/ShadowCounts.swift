import Vocabulary

/// A window of a shadow budget.
public struct ShadowWindow: Hashable, Sendable {
    public let scope: BudgetScope
    public let window: BudgetWindow
    /// Its first day; 0 for all days.
    public let start: BudgetDay

    public init(scope: BudgetScope, window: BudgetWindow, start: BudgetDay) {
        self.scope = scope
        self.window = window
        self.start = start
    }
}

/// The refusals of shadow budgets: those since the previous `take`, which are to be stored, and the totals of the
/// latest window of each budget, for reports. Pure.
///
/// The totals begin with what the store has at the start of the program and go on from there, so that a report neither
/// misses nor repeats what is on its way to the store. Where several nodes add to one row, the part of the others is
/// the row less what this one is known to have added.
struct ShadowCounts {
    private struct Kind: Hashable {
        let scope: BudgetScope
        let window: BudgetWindow
    }

    private struct Total {
        let start: BudgetDay
        /// Of other nodes, and of earlier processes.
        var others: Int64 = 0
        var own: Int64 = 0
        /// The part of `own` that the store has.
        var stored: Int64 = 0
    }

    /// The maximum number of windows counted between two drains; refusals in further windows are lost. There is one for
    /// each shadow budget and each day the clock has shown, so only a clock that jumps around reaches this.
    private static let windowsMax = 10_000

    private var counts: [ShadowWindow: Int64] = [:]
    /// One for each scope and window that ever refused, and scopes are never dropped.
    private var totals: [Kind: Total] = [:]

    /// - Parameter stored: at most one row for each scope and window.
    init(stored: [ShadowRefusals] = []) {
        for row in stored {
            totals[Kind(scope: row.scope, window: row.window)] = Total(start: row.start, others: max(row.count, 0))
        }
    }

    /// - Parameter days: the days of the window; nil means all days.
    mutating func count(_ scope: BudgetScope, _ window: BudgetWindow, over days: Range<BudgetDay>?) {
        let start = days?.lowerBound ?? BudgetDay(number: 0)
        change(scope, window, start) { $0.own = $0.own.saturatingAdd(1) }
        let key = ShadowWindow(scope: scope, window: window, start: start)
        guard let count = counts[key] else {
            if counts.count < Self.windowsMax { counts[key] = 1 }
            return
        }
        counts[key] = count + 1
    }

    private mutating func change(
        _ scope: BudgetScope,
        _ window: BudgetWindow,
        _ start: BudgetDay,
        _ body: (inout Total) -> Void
    ) {
        let kind = Kind(scope: scope, window: window)
        var total = totals[kind].flatMap { $0.start == start ? $0 : nil } ?? Total(start: start)
        body(&total)
        totals[kind] = total
    }

    /// The refusals in the window that starts on this day; 0 for a window before the latest one that had any.
    func total(of scope: BudgetScope, _ window: BudgetWindow, start: BudgetDay) -> Int64 {
        guard let total = totals[Kind(scope: scope, window: window)], total.start == start else { return 0 }
        return total.others.saturatingAdd(total.own)
    }

    /// Returns the counts, in no order, and resets them.
    mutating func take() -> [ShadowRefusals] {
        defer { counts = [:] }
        return counts.map { ShadowRefusals(scope: $0.scope, window: $0.window, start: $0.start, count: $1) }
    }

    /// The store has these counts of `take` now.
    mutating func noteStored(_ rows: [ShadowRefusals]) {
        for row in rows {
            let kind = Kind(scope: row.scope, window: row.window)
            guard var total = totals[kind], total.start == row.start else { continue }
            total.stored = min(total.own, total.stored.saturatingAdd(max(row.count, 0)))
            totals[kind] = total
        }
    }

    /// Takes over what the store has of windows that go on, with all that `noteStored` was told of.
    mutating func replaceStored(_ rows: [ShadowRefusals]) {
        for row in rows {
            change(row.scope, row.window, row.start) { $0.others = max(row.count.saturatingSubtract($0.stored), 0) }
        }
    }
}
