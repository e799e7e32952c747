import Vocabulary

/// The current day of the budgets, with the windows that contain it: computed once a day, not once a request.
struct BudgetToday {
    /// The day that admissions are booked to.
    let day: BudgetDay
    /// The instants for which this value holds.
    let instants: Range<Timestamp>
    private let today: Range<BudgetDay>?
    private let week: Range<BudgetDay>?
    private let month: Range<BudgetDay>?

    /// - Parameter earliest: the first day that can be booked to; earlier days are replaced by it.
    init(at now: Timestamp, in calendar: BudgetCalendar, notBefore earliest: BudgetDay) {
        let actual = calendar.day(of: now)
        instants = calendar.start(of: actual)..<calendar.start(of: BudgetDay(number: actual.number + 1))
        day = max(actual, earliest)
        today = BudgetWindow.day.days(around: day)
        week = BudgetWindow.week.days(around: day)
        month = BudgetWindow.month.days(around: day)
    }

    /// The first day of the window that contains today; day number 0 for all days.
    func start(of window: BudgetWindow) -> BudgetDay { days(of: window)?.lowerBound ?? BudgetDay(number: 0) }

    /// The days of the window that contains today; nil means all days.
    func days(of window: BudgetWindow) -> Range<BudgetDay>? {
        switch window {
        case .day: today
        case .week: week
        case .month: month
        case .total: nil
        }
    }
}
