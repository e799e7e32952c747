public import Budgeting
public import Vocabulary

/// The moments that a list is about.
public struct MomentRange: Hashable, Sendable {
    /// The first moment; nil for no bound.
    public let from: Timestamp?
    /// The first moment behind the last; nil for no bound.
    public let end: Timestamp?

    /// Reads both ends as `ReportPeriod` does: a day of the calendar, of which the last belongs to the range, or a
    /// moment, of which the last does not.
    public init(from: String?, to: String?, in calendar: BudgetCalendar) throws(ReportPeriod.Fault) {
        switch from.map(ReportPeriod.read) {
        case nil: self.from = nil
        case .day(let day)??: self.from = calendar.start(of: day)
        case .moment(let moment)??: self.from = moment
        case .some(nil): throw .from(ReportPeriod.form)
        }
        switch to.map(ReportPeriod.read) {
        case nil: end = nil
        case .day(let day)??: end = calendar.start(of: day.next)
        case .moment(let moment)??: end = moment
        case .some(nil): throw .to(ReportPeriod.form)
        }
        if let from = self.from, let end, end <= from { throw .to("must be later than from") }
    }
}
