public import Budgeting
public import Vocabulary

/// The days that a report is about. Roll-ups are kept by day, so a report covers whole days of the budgets' time zone.
public struct ReportPeriod: Hashable, Sendable {
    /// The first one, and the one behind the last.
    public let days: Range<BudgetDay>

    public init(days: Range<BudgetDay>) { self.days = days }

    public var dayCount: Int { Int(days.upperBound.number) - Int(days.lowerBound.number) }

    /// Which of the two ends is wrong, and how.
    public enum Fault: Error, Equatable, Sendable {
        case from(String)
        case to(String)
    }

    /// Reads both ends as people write them: a day (`2026-11-01`) or a moment (RFC 3339), which stands for its day.
    ///
    /// A day at the end belongs to the period. A moment at the end does not: midnight ends the day before it.
    ///
    /// - Parameters:
    ///   - from: nil for the first day of the month that `now` lies in.
    ///   - to: nil for the day of `now`.
    public init(from: String?, to: String?, in calendar: BudgetCalendar, now: Timestamp) throws(Fault) {
        let today = calendar.day(of: now)
        var first = BudgetWindow.month.days(around: today)?.lowerBound ?? today
        if let from {
            switch Self.read(from) {
            case .day(let day): first = day
            case .moment(let moment): first = calendar.day(of: moment)
            case nil: throw .from(Self.form)
            }
        }
        var end = today.next
        if let to {
            switch Self.read(to) {
            case .day(let day): end = day.next
            // The day of the last microsecond before it.
            case .moment(let moment): end = calendar.day(of: moment + .microseconds(-1)).next
            case nil: throw .to(Self.form)
            }
        }
        guard first < end else {
            throw to == nil ? .from("lies in the future") : .to("must not be before from")
        }
        days = first..<end
    }

    static let form = "must be a day like 2026-11-01 or a moment like 2026-11-01T00:00:00Z"

    enum End {
        case day(BudgetDay)
        case moment(Timestamp)
    }

    static func read(_ text: String) -> End? {
        if let day = BudgetDay(text) { return .day(day) }
        return Timestamp(rfc3339: text).map { .moment($0) }
    }
}

extension BudgetDay {
    /// Reads `2026-11-01`: the `full-date` of RFC 3339 §5.6. Nil when it is none.
    public init?(_ text: String) {
        guard text.utf8.count == 10, let midnight = Timestamp(rfc3339: text + "T00:00:00Z") else { return nil }
        self.init(number: Int32(clamping: floorDivide(midnight.wholeSeconds, 86_400)))
    }

    /// `2026-11-01`.
    public var text: String { String(Timestamp(seconds: Int64(number) * 86_400).rfc3339.prefix(10)) }

    /// The day after this one.
    public var next: BudgetDay { BudgetDay(number: number.addingReportingOverflow(1).partialValue) }
}
