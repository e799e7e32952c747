/// A day of the calendar in the budgets' time zone, by its number counted from 1970-01-01.
///
/// What was spent is kept by day, and a window is a range of days: so what a reservation is booked to never depends on
/// how the clock moves afterwards.
///
/// Days more than 27,000 years away count as the last ones that are nearer, of which the very last is in no window but
/// `total`. So sums with the days of windows fit into the number, and moments of days into a timestamp, whatever a damaged
/// store says.
public struct BudgetDay: Hashable, Comparable, Sendable {
    public let number: Int32

    private static let numberMax: Int32 = 10_000_000

    public init(number: Int32) { self.number = min(max(number, -Self.numberMax), Self.numberMax) }

    public static func < (left: BudgetDay, right: BudgetDay) -> Bool { left.number < right.number }
}
