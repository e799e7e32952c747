internal import Foundation
public import Vocabulary

/// The calendar of a time zone: the day of an instant, and the start of a day. Immutable.
///
/// A day starts at the first instant whose local date is that day or a later one, and lasts until the next day starts.
/// So days follow each other without a gap, and advancing time never returns to an earlier day. Where clocks go back
/// over midnight, the repeated hour belongs to the day that had begun; where midnight is skipped, the day starts at the
/// first instant after the gap; a day that the zone skipped entirely is empty.
///
/// Instants before 1900 and after 9999 are clamped to that range.
public struct BudgetCalendar: Sendable {
    /// In seconds since 1970.
    private static let supported = Int64(-2_208_988_800)...Int64(253_402_300_799)
    private static let secondsPerDay: Int64 = 86_400
    /// More than the offset of any local time from UTC, past or present.
    private static let offsetSecondsMax: Int64 = 26 * 3_600

    /// Nil for UTC, the default, which needs no call into Foundation: its zone tables take megabytes once they are
    /// loaded.
    private let zone: TimeZone?

    /// Nil when no time zone has this identifier.
    public init?(timeZone identifier: String) {
        if identifier == "UTC" {
            zone = nil
        } else {
            guard let zone = TimeZone(identifier: identifier) else { return nil }
            self.zone = zone
        }
    }

    public func day(of timestamp: Timestamp) -> BudgetDay {
        let second = Self.second(of: timestamp)
        var number = floorDivide(second + offset(at: second), Self.secondsPerDay)
        while startSecond(ofDay: number + 1) <= second { number += 1 }
        return BudgetDay(number: Int32(number))
    }

    /// The first instant of the day.
    public func start(of day: BudgetDay) -> Timestamp { Timestamp(seconds: startSecond(ofDay: Int64(day.number))) }

    private static func second(of timestamp: Timestamp) -> Int64 {
        let microseconds = min(
            max(timestamp.microseconds, supported.lowerBound * 1_000_000),
            supported.upperBound * 1_000_000
        )
        return Timestamp(microseconds: microseconds).wholeSeconds
    }

    /// Walks the stretches of constant UTC offset up to the first one in which local time reaches the day's midnight.
    private func startSecond(ofDay number: Int64) -> Int64 {
        let midnight = number * Self.secondsPerDay
        var stretchStart = midnight - Self.offsetSecondsMax
        while true {
            let reached = max(stretchStart, midnight - offset(at: stretchStart))
            guard let next = nextChange(after: stretchStart), next <= reached else { return reached }
            stretchStart = next
        }
    }

    /// The offset of local time from UTC, in seconds; positive when ahead.
    private func offset(at second: Int64) -> Int64 {
        zone.map { Int64($0.secondsFromGMT(for: Self.date(second))) } ?? 0
    }

    /// The next change of the UTC offset, whether for daylight saving time or not.
    private func nextChange(after second: Int64) -> Int64? {
        zone?.nextDaylightSavingTimeTransition(after: Self.date(second)).map { Int64($0.timeIntervalSince1970) }
    }

    private static func date(_ second: Int64) -> Date { Date(timeIntervalSince1970: TimeInterval(second)) }
}

/// A calendar day in the budgets' time zone, numbered from 1970-01-01.
///
/// Spend is kept by day, and a window is a range of days: so the day that a reservation is booked to does not depend on
/// later changes of the clock.
///
/// Days more than 27,000 years away are clamped; the last one is in no window but `total`. So arithmetic on the days of
/// windows fits into the number, and the start of a day into a timestamp, whatever a damaged store contains.
public struct BudgetDay: Hashable, Comparable, Sendable {
    public let number: Int32

    private static let numberMax: Int32 = 10_000_000

    public init(number: Int32) { self.number = min(max(number, -Self.numberMax), Self.numberMax) }

    public static func < (left: BudgetDay, right: BudgetDay) -> Bool { left.number < right.number }
}

extension BudgetWindow {
    /// The days of the window that contains this day; nil means all days.
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
