/// A day of the calendar in the budgets' time zone, by its number counted from 1970-01-01.
///
/// What was spent is kept by day, and a window is a range of days: so what a reservation is booked to never depends on
/// how the clock moves afterwards.
public struct BudgetDay: Hashable, Comparable, Sendable {
    public let number: Int32

    public init(number: Int32) { self.number = number }

    public static func < (left: BudgetDay, right: BudgetDay) -> Bool { left.number < right.number }
}
