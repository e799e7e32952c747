import Budgeting
import Vocabulary

/// The days of a time zone by the rule of its law, apart from the product's calendar: UTC, or central European time
/// with summer time from the last Sunday of March to the last one of October, 01:00 UTC.
enum Zone: String {
    case utc = "UTC"
    case zurich = "Europe/Zurich"

    private func offset(at second: Int) -> Int {
        guard self == .zurich else { return 0 }
        return Self.summers.contains { $0.contains(second) } ? 7_200 : 3_600
    }

    /// Summer time of each year that runs come to, in seconds since 1970.
    private static let summers: [Range<Int>] = (2020...2030).map { year in
        lastSunday(ofMonth: 3, year: year) * 86_400 + 3_600..<lastSunday(ofMonth: 10, year: year) * 86_400 + 3_600
    }

    /// Both months have 31 days.
    private static func lastSunday(ofMonth month: Int, year: Int) -> Int {
        var day = dayNumber(year: year, month: month, day: 31)
        // 1970-01-01 was a Thursday.
        while (day + 4) % 7 != 0 { day -= 1 }
        return day
    }

    private static func dayNumber(year: Int, month: Int, day: Int) -> Int {
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let years = (1970..<year).reduce(0) { $0 + ($1 % 4 == 0 && $1 % 100 != 0 || $1 % 400 == 0 ? 366 : 365) }
        return years + lengths[..<(month - 1)].reduce(0, +) + day - 1
    }

    func day(of time: Timestamp) -> Int {
        let second = Int(time.wholeSeconds)
        return floorDivide(second + offset(at: second), 86_400)
    }

    /// The first moment of a day: no change of the clock is at midnight.
    func start(ofDay day: Int) -> Timestamp {
        let second = day * 86_400
        let offset = [0, 3_600, 7_200].first { self.offset(at: second - $0) == $0 } ?? 0
        return Timestamp(seconds: Int64(second - offset))
    }
}

/// Towards the past.
private func floorDivide(_ left: Int, _ right: Int) -> Int { left >= 0 ? left / right : -((right - 1 - left) / right) }

extension BudgetWindow {
    /// The days of the window that a day is in; nil for all days.
    func dayNumbers(around day: Int) -> Range<Int>? {
        switch self {
        case .day: return day..<day + 1
        case .week:
            let monday = day - (day + 3) % 7
            return monday..<monday + 7
        case .month:
            let first = day - Int(CivilDate(daysSinceEpoch: Int64(day)).day) + 1
            var end = first + 28
            while CivilDate(daysSinceEpoch: Int64(end)).day != 1 { end += 1 }
            return first..<end
        case .total: return nil
        }
    }
}
