import Testing

@testable import Vocabulary

@Suite("A day of the calendar")
struct CivilDateTests {
    /// The length of a month, from a table and the leap year rule.
    private func length(_ month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
        return month == 2 && isLeap ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
    }

    @Test("is the one that counting days one by one leads to, from the year -401 to 2801, and back")
    func counting() throws {
        let first = try #require(CivilDate(year: -401, month: 1, day: 1))
        var number = first.daysSinceEpoch
        var weekday = first.dayOfWeek
        var strange: [Int64] = []
        for year in -401...2801 as ClosedRange<Int64> {
            for month in 1...12 as ClosedRange<Int64> {
                for day in 1...length(month, year) {
                    let date = CivilDate(daysSinceEpoch: number)
                    if date.year != year || date.month != month || date.day != day || date.daysSinceEpoch != number
                        || date.dayOfWeek != weekday || CivilDate(year: year, month: month, day: day) != date
                    {
                        strange.append(number)
                    }
                    number += 1
                    weekday = (weekday + 1) % 7
                }
            }
        }
        #expect(strange.isEmpty)
    }

    @Test(
        "is where it is known to be",
        arguments: [
            (1970, 1, 1, 0, 4), (1969, 12, 31, -1, 3), (2000, 2, 29, 11_016, 2), (2000, 3, 1, 11_017, 3),
            (2026, 1, 31, 20_484, 6),
            (1600, 1, 1, -135_140, 6), (1900, 3, 1, -25_508, 4), (2038, 1, 19, 24_855, 2), (0, 3, 1, -719_468, 3),
            (9999, 12, 31, 2_932_896, 5),
        ] as [(Int64, Int64, Int64, Int64, Int64)]
    )
    func known(_ year: Int64, _ month: Int64, _ day: Int64, _ number: Int64, _ weekday: Int64) throws {
        let date = try #require(CivilDate(year: year, month: month, day: day))
        #expect(date.daysSinceEpoch == number)
        #expect(date.dayOfWeek == weekday)
        #expect(CivilDate(daysSinceEpoch: number) == date)
    }

    @Test(
        "is none when the month has no such day",
        arguments: [
            (2026, 0, 1), (2026, 13, 1), (2026, -1, 1), (2026, 1, 0), (2026, 1, 32), (2026, 1, -1), (2026, 4, 31),
            (2026, 6, 31),
            (2026, 9, 31), (2026, 11, 31), (2026, 2, 29), (2024, 2, 30), (1900, 2, 29), (2100, 2, 29), (2000, 2, 30),
        ] as [(Int64, Int64, Int64)]
    )
    func none(_ year: Int64, _ month: Int64, _ day: Int64) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }

    @Test("the 29th of February is there in leap years", arguments: [2024, 2000, 1600, 2400, -4, 0] as [Int64])
    func leapDay(_ year: Int64) { #expect(CivilDate(year: year, month: 2, day: 29) != nil) }

    @Test("division rounds towards the past")
    func division() {
        #expect(floorDivide(7, 7) == 1)
        #expect(floorDivide(6, 7) == 0)
        #expect(floorDivide(0, 7) == 0)
        #expect(floorDivide(-1, 7) == -1)
        #expect(floorDivide(-7, 7) == -1)
        #expect(floorDivide(-8, 7) == -2)
    }
}
