import Budgeting
import Foundation
import TestSupport
import Testing
import Vocabulary

@Suite("The calendar of the budgets")
struct BudgetCalendarTests {
    @Test(
        "a day starts at the first instant of its local date, also where midnight is left out or comes twice",
        arguments: [
            ("UTC", "2026-03-01", "2026-03-01T00:00:00Z"),
            ("Europe/Zurich", "2026-03-29", "2026-03-28T23:00:00Z"),
            ("Europe/Zurich", "2026-03-30", "2026-03-29T22:00:00Z"),
            ("Europe/Zurich", "2026-10-26", "2026-10-25T23:00:00Z"),
            // 00:00 was skipped: the day started at 01:00.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            // 23:00 to 24:00 was repeated, on the previous day.
            ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"),
            ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z"),
            // At 00:01 clocks went back to 23:01: the day had begun, and continues.
            ("America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z"),
            ("America/St_Johns", "2006-04-02", "2006-04-02T03:30:00Z"),
            // The zone skipped this day: it starts when the next one does.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z"),
        ]
    )
    func starts(_ zone: String, _ date: String, _ start: String) throws {
        let calendar = try #require(BudgetCalendar(timeZone: zone))
        #expect(calendar.start(of: day(date)) == at(start))
    }

    @Test(
        "an instant lies in the day that has started and has not ended",
        arguments: [
            ("UTC", "1969-12-31T23:59:59.999999Z", "1969-12-31"),
            ("Europe/Zurich", "2026-03-28T22:59:59.999999Z", "2026-03-28"),
            ("Europe/Zurich", "2026-03-28T23:00:00Z", "2026-03-29"),
            ("America/Sao_Paulo", "2018-11-04T02:59:59.999999Z", "2018-11-03"),
            ("America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04"),
            ("America/Sao_Paulo", "2018-02-18T02:30:00Z", "2018-02-17"),
            ("America/St_Johns", "2006-10-29T02:30:30Z", "2006-10-29"),
            // Local time is 23:30 of the previous day again.
            ("America/St_Johns", "2006-10-29T03:00:00Z", "2006-10-29"),
            ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),
        ]
    )
    func days(_ zone: String, _ instant: String, _ date: String) throws {
        let calendar = try #require(BudgetCalendar(timeZone: zone))
        #expect(calendar.day(of: at(instant)) == day(date))
    }

    @Test("in every time zone days follow each other without a gap, and agree with the local date at noon")
    func everyZone() throws {
        let run = SeededGenerator()
        var random = run
        for zone in TimeZone.knownTimeZoneIdentifiers {
            let calendar = try #require(BudgetCalendar(timeZone: zone))
            var civil = Calendar(identifier: .gregorian)
            civil.timeZone = try #require(TimeZone(identifier: zone))
            for _ in 0..<40 {
                let number = Int32.random(in: 0..<25_000, using: &random)
                let today = BudgetDay(number: number)
                let (start, end) = (calendar.start(of: today), calendar.start(of: BudgetDay(number: number + 1)))
                guard start < end else { continue }  // a day that the zone left out
                let middle = Timestamp(microseconds: start.microseconds / 2 + end.microseconds / 2)
                let date = CivilDate(daysSinceEpoch: Int64(number))
                let parts = civil.dateComponents(
                    [.year, .month, .day],
                    from: Date(timeIntervalSince1970: TimeInterval(middle.wholeSeconds))
                )
                let isRight =
                    parts.year == Int(date.year) && parts.month == Int(date.month) && parts.day == Int(date.day)
                    && calendar.day(of: start) == today && calendar.day(of: middle) == today
                    && calendar.day(of: Timestamp(microseconds: end.microseconds - 1)) == today
                    && calendar.day(of: end) > today
                #expect(isRight, "\(zone), day \(number), \(run)")
            }
        }
    }

    @Test("no instant is beyond it: a clock that makes no sense counts as the years 1900 and 9999")
    func extremes() throws {
        let calendar = try #require(BudgetCalendar(timeZone: "Asia/Tokyo"))
        #expect(calendar.day(of: Timestamp(microseconds: .min)) == day("1900-01-01"))
        #expect(calendar.day(of: Timestamp(microseconds: .max)).number == 2_932_897)
    }

    @Test("a time zone that does not exist is none", arguments: ["", "Mars/Olympus_Mons", "Europe/Zürich"])
    func unknown(_ zone: String) { #expect(BudgetCalendar(timeZone: zone) == nil) }

    @Test(
        "a window is the days from one calendar bound to the next",
        arguments: [
            (BudgetWindow.day, "2026-02-28", "2026-02-28", "2026-03-01"),
            (.week, "2026-03-01", "2026-02-23", "2026-03-02"),  // a Sunday
            (.week, "2026-03-02", "2026-03-02", "2026-03-09"),  // a Monday
            (.week, "2025-12-31", "2025-12-29", "2026-01-05"),
            (.month, "2026-02-28", "2026-02-01", "2026-03-01"),
            (.month, "2028-02-29", "2028-02-01", "2028-03-01"),
            (.month, "2026-12-31", "2026-12-01", "2027-01-01"),
            (.month, "2026-04-01", "2026-04-01", "2026-05-01"),
        ]
    )
    func windows(_ window: BudgetWindow, _ date: String, _ first: String, _ end: String) {
        #expect(window.days(around: day(date)) == day(first)..<day(end))
    }

    @Test("a total has no bounds")
    func total() { #expect(BudgetWindow.total.days(around: day("2026-02-28")) == nil) }

    @Test("UTC, of which Foundation is not asked, has the days of a zone that is always equal to it")
    func universalTime() throws {
        var random = SeededGenerator()
        let own = try #require(BudgetCalendar(timeZone: "UTC"))
        let foundations = try #require(BudgetCalendar(timeZone: "Etc/GMT"))
        for _ in 0..<2_000 {
            let instant = Timestamp(
                microseconds: Int64.random(in: -3_000_000_000...300_000_000_000, using: &random) * 1_000_000
            )
            let day = own.day(of: instant)
            #expect(day == foundations.day(of: instant), "seed \(random.seed)")
            #expect(own.start(of: day) == foundations.start(of: day), "seed \(random.seed)")
        }
    }
}
