import Budgeting
import Testing
import Vocabulary

@testable import Reporting

@Suite("When a budget runs out")
struct RunOutForecastTests {
    private static let calendar = BudgetCalendar(timeZone: "UTC")!
    /// 2026-11-10T12:00:00Z.
    private static let now = Timestamp(seconds: 1_794_312_000)
    private static let today = calendar.day(of: now)
    private static let monthEnd = Timestamp(seconds: 1_796_083_200)

    private static func day(_ ago: Int32) -> BudgetDay { BudgetDay(number: today.number - ago) }

    private static func credits(_ whole: Int64) -> MicroCredits { MicroCredits(micros: whole * 1_000_000) }

    private func runsOut(
        _ used: [(day: BudgetDay, credits: MicroCredits)],
        remaining: MicroCredits,
        now: Timestamp = RunOutForecastTests.now,
        end: Timestamp? = RunOutForecastTests.monthEnd
    ) -> Timestamp? {
        RunOutForecast(used: used, calendar: Self.calendar).runsOut(remaining: remaining, at: now, before: end)
    }

    @Test("the pace is that of today and the six days before")
    func pace() {
        // 65 credits in 6.5 days: ten a day.
        let used = (0..<7).map { (day: Self.day($0), credits: Self.credits($0 == 0 ? 5 : 10)) }
        #expect(runsOut(used, remaining: Self.credits(50)) == Self.now + .seconds(5 * 86_400))
        let older = used + [(day: Self.day(7), credits: Self.credits(1_000_000))]
        #expect(runsOut(older, remaining: Self.credits(50)) == Self.now + .seconds(5 * 86_400))
    }

    @Test("a scope that began lately has the pace since its first day")
    func young() {
        // 30 credits since yesterday's midnight, 36 hours.
        let used = [(day: Self.day(1), credits: Self.credits(30))]
        #expect(runsOut(used, remaining: Self.credits(10)) == Self.now + .seconds(12 * 3_600))
    }

    @Test("null when the window ends before, exactly at its end too")
    func windowEnds() {
        let used = [(day: Self.day(1), credits: Self.credits(36))]
        let hours = (Self.monthEnd - Self.now).components.seconds / 3_600
        #expect(runsOut(used, remaining: Self.credits(hours)) == nil)
        let before = runsOut(used, remaining: MicroCredits(micros: hours * 1_000_000 - 1))
        #expect(before.map { $0 < Self.monthEnd } == true)
        #expect(runsOut(used, remaining: Self.credits(hours), end: nil) == Self.monthEnd)
    }

    @Test("a moment between two microseconds is the later one")
    func roundedUp() {
        let used = [(day: Self.day(0), credits: MicroCredits(micros: 7 * 12 * 3_600))]
        // Seven micro-credits a second: one in 142,857.14 microseconds.
        let moment = runsOut(used, remaining: MicroCredits(micros: 1))
        #expect(moment == Timestamp(microseconds: Self.now.microseconds + 142_858))
    }

    @Test("what is gone is gone now; without recent spend nobody knows")
    func edges() {
        let used = [(day: Self.day(0), credits: Self.credits(1))]
        #expect(runsOut(used, remaining: .zero) == Self.now)
        #expect(runsOut(used, remaining: MicroCredits(micros: -1)) == Self.now)
        #expect(runsOut([], remaining: Self.credits(1)) == nil)
        #expect(runsOut([(day: Self.day(9), credits: Self.credits(1))], remaining: Self.credits(1)) == nil)
        #expect(runsOut([(day: Self.day(-1), credits: Self.credits(1))], remaining: Self.credits(1)) == nil)
        let early = Self.calendar.start(of: Self.today) + .seconds(3_599)
        #expect(runsOut(used, remaining: Self.credits(1), now: early) == nil, "less than an hour tells nothing")
        #expect(runsOut(used, remaining: Self.credits(1), now: early + .seconds(1)) == early + .seconds(3_601))
    }

    @Test(
        "absurd numbers neither trap nor wrap",
        arguments: [1, Int64.max],
        [Timestamp(microseconds: .min), Timestamp(microseconds: .max), now]
    )
    func absurd(micros: Int64, now: Timestamp) {
        let used = [Int32.min, 0, .max].map { (day: BudgetDay(number: $0), credits: MicroCredits(micros: micros)) }
        let more = used + used + [(day: Self.calendar.day(of: now), credits: MicroCredits(micros: .max))]
        for used in [used, more] {
            for end in [nil, now, Timestamp(microseconds: .max)] {
                let moment = runsOut(used, remaining: MicroCredits(micros: micros), now: now, end: end)
                if let moment { #expect(moment >= now) }
            }
        }
    }
}
