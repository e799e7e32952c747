import Budgeting
import Testing
import Vocabulary

@testable import Reporting

@Suite("The days of a report")
struct ReportPeriodTests {
    private static let now = Timestamp(rfc3339: "2026-11-10T23:30:00Z")!

    private static func days(_ from: String?, _ to: String?, zone: String = "UTC") throws -> [String] {
        let calendar = BudgetCalendar(timeZone: zone)!
        let period = try ReportPeriod(from: from, to: to, in: calendar, now: now)
        return [period.days.lowerBound.text, period.days.upperBound.text]
    }

    @Test("without ends it is the running month up to today")
    func standard() throws {
        #expect(try Self.days(nil, nil) == ["2026-11-01", "2026-11-11"])
        #expect(try Self.days(nil, nil, zone: "Europe/Berlin") == ["2026-11-01", "2026-11-12"])
    }

    @Test(
        "a day belongs to the period at both ends; a moment is its day, and one at the end ends it",
        arguments: [
            ("2026-11-03", "2026-11-03", "2026-11-03", "2026-11-04"),
            ("2026-11-03T00:00:00Z", "2026-11-05T00:00:00Z", "2026-11-03", "2026-11-05"),
            ("2026-11-03T23:59:59Z", "2026-11-05T00:00:00.000001Z", "2026-11-03", "2026-11-06"),
            ("2026-11-03T01:00:00+02:00", "2026-11-04", "2026-11-02", "2026-11-05"),
            ("2024-02-29", "2024-02-29", "2024-02-29", "2024-03-01"),
            ("0001-01-01", "9999-12-31", "0001-01-01", "9999-12-31"),
        ]
    )
    func ends(from: String, to: String, first: String, end: String) throws {
        #expect(try Self.days(from, to) == [first, end])
    }

    @Test("moments are days of the budgets' zone, over the changes of summer time too")
    func zone() throws {
        let berlin = try Self.days("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", zone: "Europe/Berlin")
        #expect(berlin == ["2026-10-25", "2026-10-26"])
        let later = try Self.days("2026-10-24T22:00:00Z", "2026-10-25T23:00:00.000001Z", zone: "Europe/Berlin")
        #expect(later == ["2026-10-25", "2026-10-27"])
    }

    private static let form = "must be a day like 2026-11-01 or a moment like 2026-11-01T00:00:00Z"

    @Test(
        "what is no day, and an end before the start, is told of the right end",
        arguments: [
            ("2026-02-30", nil, ReportPeriod.Fault.from(form)), ("", nil, .from(form)), ("yesterday", nil, .from(form)),
            ("2026-11-1", nil, .from(form)), ("+026-11-01", nil, .from(form)), (nil, "2026-11-01T24:00:00Z", .to(form)),
            (nil, "2026-11-01T00:00:00", .to(form)), ("2026-11-11", nil, .from("lies in the future")),
            ("2026-11-03", "2026-11-02", .to("must not be before from")),
            ("2026-11-03", "2026-11-03T00:00:00Z", .to("must not be before from")),
            ("9999-12-31", nil, .from("lies in the future")),
        ] as [(String?, String?, ReportPeriod.Fault)]
    )
    func faults(from: String?, to: String?, fault: ReportPeriod.Fault) {
        #expect(throws: fault) {
            try ReportPeriod(from: from, to: to, in: BudgetCalendar(timeZone: "UTC")!, now: Self.now)
        }
    }
}
