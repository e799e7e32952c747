import Vocabulary

/// The balance of one scope, day by day. Pure.
///
/// A window's balance is the sum over its days, computed when it is asked for: so there is one for every window, whether
/// or not a budget wants to know, and a clock that is set back finds what the earlier window had spent. A day without
/// any movement has no row, so a month is a sum over at most 31.
struct DayBook {
    private struct Row {
        let day: BudgetDay
        var balance: Balance
    }

    private var rows: [Row] = []  // days ascend, each is there once
    /// Over all days, those without a row of their own too.
    private(set) var total = Balance()

    mutating func add(_ change: Balance, on day: BudgetDay) {
        total += change
        rows[row(of: day)].balance += change
    }

    /// Adds what lies so far back that only `total` needs to know it.
    mutating func addEarlier(_ change: Balance) { total += change }

    /// The sum over these days; over all there are for nil.
    func balance(over days: Range<BudgetDay>?) -> Balance {
        guard let days else { return total }
        var sum = Balance()
        var index = rows.endIndex
        while index > 0 {
            index -= 1
            let day = rows[index].day
            if day < days.lowerBound { break }
            if day < days.upperBound { sum += rows[index].balance }
        }
        return sum
    }

    /// Where the day's row stands; makes it if there is none.
    private mutating func row(of day: BudgetDay) -> Int {
        var index = rows.endIndex
        // Almost always the last one. Only a clock that was set back makes this a search.
        while index > 0, rows[index - 1].day > day { index -= 1 }
        if index > 0, rows[index - 1].day == day { return index - 1 }
        rows.insert(Row(day: day, balance: Balance()), at: index)
        return index
    }
}
