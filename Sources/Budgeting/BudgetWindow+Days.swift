import Vocabulary

extension BudgetWindow {
    /// The days of the window that this day lies in; nil stands for all days there are.
    public func days(around day: BudgetDay) -> Range<BudgetDay>? {
        let number = Int64(day.number)
        let date = CivilDate(daysSinceEpoch: number)
        switch self {
        case .day: return Self.days(from: number, count: 1)
        case .week: return Self.days(from: number - (date.dayOfWeek + 6) % 7, count: 7)
        case .month:
            // The 32nd day from the first is the 1st, 2nd, 3rd or 4th of the next month.
            let first = number - date.day + 1
            return Self.days(from: first, count: 32 - CivilDate(daysSinceEpoch: first + 31).day)
        case .total: return nil
        }
    }

    private static func days(from first: Int64, count: Int64) -> Range<BudgetDay> {
        BudgetDay(number: Int32(first))..<BudgetDay(number: Int32(first + count))
    }
}
