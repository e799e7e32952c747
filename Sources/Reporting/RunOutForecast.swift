public import Budgeting
public import Vocabulary

/// When a budget's credits will be gone at the recent pace.
///
/// The pace is what was spent or left unconfirmed from the start of the sixth day before today until now, divided by
/// that time. A scope whose first spend is younger has the pace since the start of the day of that spend. Less than an
/// hour of it tells nothing. The pace is taken to stay the same: no weekends, no trend.
public struct RunOutForecast: Sendable {
    /// How many days the pace is taken from, the current one included.
    public static let days: Int32 = 7
    private static let leastTime = Duration.seconds(3_600)

    /// Credits that counted against the budget on days that have any.
    private let used: [(day: BudgetDay, credits: MicroCredits)]
    private let calendar: BudgetCalendar

    /// - Parameter used: by day; days out of the seven do not count.
    public init(used: [(day: BudgetDay, credits: MicroCredits)], calendar: BudgetCalendar) {
        self.used = used
        self.calendar = calendar
    }

    /// When nothing is left, at the earliest `now`; nil when the pace does not reach that before `end`.
    ///
    /// - Parameters:
    ///   - remaining: what is left of the limit and the grants.
    ///   - end: of the window; nil for one that never ends.
    public func runsOut(remaining: MicroCredits, at now: Timestamp, before end: Timestamp?) -> Timestamp? {
        guard remaining > .zero else { return now }
        guard let pace = pace(at: now) else { return nil }
        // Microseconds until then, rounded up: a moment too early would claim what is not so yet.
        let (left, rest) = (Int128(remaining.micros) * pace.microseconds).quotientAndRemainder(dividingBy: pace.credits)
        let time = Int64(clamping: left + (rest > 0 ? 1 : 0))
        let moment = Timestamp(microseconds: now.microseconds.saturatingAdd(time))
        if let end { return moment < end ? moment : nil }
        // Beyond what RFC 3339 can write nobody plans.
        return moment < .lastWritable ? moment : nil
    }

    /// Micro-credits in a time; nil when there is none to speak of.
    private func pace(at now: Timestamp) -> (credits: Int128, microseconds: Int128)? {
        let today = calendar.day(of: now)
        let first = BudgetDay(number: today.number - Self.days + 1)
        let concerned = used.filter { $0.day >= first && $0.day <= today && $0.credits > .zero }
        guard let start = concerned.map(\.day).min() else { return nil }
        let time = now - calendar.start(of: start)
        guard time >= Self.leastTime else { return nil }
        let credits = concerned.reduce(Int128(0)) { $0 + Int128($1.credits.micros) }
        return (credits, Int128(time.wholeNanoseconds / 1_000))
    }
}

extension Timestamp {
    /// The end of the year 9999.
    fileprivate static let lastWritable = Timestamp(seconds: 253_402_300_799)
}
