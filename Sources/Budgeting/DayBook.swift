import Vocabulary

/// The balance of one scope, day by day. Pure.
///
/// A window's balance is the sum over its days, computed on demand: so every window has one, with or without a budget,
/// and a clock that was set back finds the balance of the earlier window. A day without changes has no row, so a month
/// is a sum over at most 31.
struct DayBook {
    private struct Row {
        let day: BudgetDay
        var balance: Balance
    }

    private var rows: [Row] = []  // days ascend, each is there once
    /// The sum over all days, including those without a row.
    private(set) var total = Balance()

    mutating func add(_ change: Balance, on day: BudgetDay) {
        total += change
        rows[row(of: day)].balance += change
    }

    /// Adds a change so far back that only `total` includes it.
    mutating func addEarlier(_ change: Balance) { total += change }

    /// The sum over these days; over all days for nil.
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

    /// What was spent or left unconfirmed on each day that has a row from `first` on, in the order of days.
    func used(since first: BudgetDay) -> [(day: BudgetDay, credits: MicroCredits)] {
        let start = (rows.lastIndex { $0.day < first } ?? -1) + 1
        return rows[start...].map { ($0.day, MicroCredits(clamping: $0.balance.spent + $0.balance.unconfirmed)) }
    }

    /// The index of the day's row, which is created if there is none.
    private mutating func row(of day: BudgetDay) -> Int {
        var index = rows.endIndex
        // Almost always the last row. Only a clock that was set back makes this a search.
        while index > 0, rows[index - 1].day > day { index -= 1 }
        if index > 0, rows[index - 1].day == day { return index - 1 }
        rows.insert(Row(day: day, balance: Balance()), at: index)
        return index
    }
}
