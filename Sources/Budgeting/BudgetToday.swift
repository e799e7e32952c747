import Vocabulary

/// The day that the budgets are at, with the windows that it lies in: computed once a day and not once a request.
struct BudgetToday {
    /// The day that is booked to.
    let day: BudgetDay
    /// For which instants this holds.
    let instants: Range<Timestamp>
    private let today: Range<BudgetDay>?
    private let week: Range<BudgetDay>?
    private let month: Range<BudgetDay>?

    /// - Parameter earliest: the first day that can be booked to; it takes the place of all days before it.
    init(at now: Timestamp, in calendar: BudgetCalendar, notBefore earliest: BudgetDay) {
        let actual = calendar.day(of: now)
        instants = calendar.start(of: actual)..<calendar.start(of: BudgetDay(number: actual.number + 1))
        day = max(actual, earliest)
        today = BudgetWindow.day.days(around: day)
        week = BudgetWindow.week.days(around: day)
        month = BudgetWindow.month.days(around: day)
    }

    /// The days of the window that today lies in; nil stands for all days there are.
    func days(of window: BudgetWindow) -> Range<BudgetDay>? {
        switch window {
        case .day: today
        case .week: week
        case .month: month
        case .total: nil
        }
    }
}
