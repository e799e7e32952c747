import Vocabulary

/// The balance of one scope, day by day. Pure.
///
/// A window's balance is the sum over its days, computed on demand: so every window has one, with or without a budget,
/// and a clock that was set back finds the balance of the earlier window. A day without changes has no row, so a month
/// is a sum over at most 31.
///
/// What other nodes have booked is kept apart: it comes from a store that they share, and is replaced by what is read
/// there later.
struct DayBook {
    private struct Row {
        let day: BudgetDay
        var balance: Balance
    }

    private var rows: [Row] = []  // days ascend, each is there once
    private var own = Balance()  // over all days, including those without a row
    /// Of other nodes; days ascend, each is there once.
    private var rowsElsewhere: [Row] = []
    private var elsewhere = Balance()

    /// The sum over all days, including those without a row.
    var total: Balance {
        var sum = own
        sum += elsewhere
        return sum
    }

    mutating func add(_ change: Balance, on day: BudgetDay) {
        own += change
        rows[row(of: day)].balance += change
    }

    /// Adds a change so far back that only `total` includes it.
    mutating func addEarlier(_ change: Balance) { own += change }

    /// Replaces what other nodes have booked, over all days.
    ///
    /// - Parameter balances: in any order; several of one day are added up.
    mutating func replaceElsewhere(_ balances: [(day: BudgetDay, balance: Balance)]) {
        rowsElsewhere.removeAll(keepingCapacity: true)
        elsewhere = Balance()
        for (day, balance) in balances.sorted(by: { $0.day < $1.day }) {
            elsewhere += balance
            if rowsElsewhere.last?.day == day {
                rowsElsewhere[rowsElsewhere.endIndex - 1].balance += balance
            } else {
                rowsElsewhere.append(Row(day: day, balance: balance))
            }
        }
    }

    /// Replaces what other nodes have booked on one day.
    mutating func replaceElsewhere(_ balance: Balance, on day: BudgetDay) {
        var index = rowsElsewhere.endIndex
        while index > 0, rowsElsewhere[index - 1].day > day { index -= 1 }
        if index > 0, rowsElsewhere[index - 1].day == day {
            elsewhere += -rowsElsewhere[index - 1].balance
            rowsElsewhere[index - 1].balance = balance
        } else {
            rowsElsewhere.insert(Row(day: day, balance: balance), at: index)
        }
        elsewhere += balance
    }

    /// The sum over these days; over all days for nil.
    func balance(over days: Range<BudgetDay>?) -> Balance {
        guard let days else { return total }
        var sum = Self.sum(rows, over: days)
        if !rowsElsewhere.isEmpty { sum += Self.sum(rowsElsewhere, over: days) }
        return sum
    }

    private static func sum(_ rows: [Row], over days: Range<BudgetDay>) -> Balance {
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
        var days = Self.rows(rows, since: first)
        for row in Self.rows(rowsElsewhere, since: first) {
            if let index = days.firstIndex(where: { $0.day >= row.day }) {
                if days[index].day == row.day {
                    days[index].balance += row.balance
                } else {
                    days.insert(row, at: index)
                }
            } else {
                days.append(row)
            }
        }
        return days.map { ($0.day, MicroCredits(clamping: $0.balance.spent + $0.balance.unconfirmed)) }
    }

    private static func rows(_ rows: [Row], since first: BudgetDay) -> [Row] {
        let start = (rows.lastIndex { $0.day < first } ?? -1) + 1
        return Array(rows[start...])
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
