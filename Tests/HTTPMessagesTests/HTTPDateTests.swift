import HTTPMessages
import TestSupport
import Testing
import Vocabulary

@Suite("HTTPDate")
struct HTTPDateTests {
    private func parse(_ text: String) -> Int64? { HTTPDate.parse(wire(text).span) }

    private func written(_ seconds: Int64) -> String {
        var bytes: [UInt8] = []
        HTTPDate.write(secondsSinceEpoch: seconds, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the three forms of RFC 9110 §5.6.7 are the same instant")
    func forms() {
        #expect(parse("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(parse("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
        #expect(parse("Sun Nov  6 08:49:37 1994") == 784_111_777)
    }

    @Test(
        "known instants are written as IMF-fixdate and read back",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (-86_400, "Wed, 31 Dec 1969 00:00:00 GMT"), (-86_401, "Tue, 30 Dec 1969 23:59:59 GMT"),
        ] as [(Int64, String)]
    )
    func knownInstants(seconds: Int64, text: String) {
        #expect(written(seconds) == text)
        #expect(parse(text) == seconds)
    }

    @Test(
        "the two digits of a year are of this century, or of the past one",
        arguments: [
            ("Friday, 01-Jan-99 00:00:00 GMT", 915_148_800), ("Saturday, 01-Jan-00 00:00:00 GMT", 946_684_800),
            ("Thursday, 01-Jan-37 00:00:00 GMT", 2_114_380_800),
        ] as [(String, Int64)]
    )
    func twoDigitYears(text: String, seconds: Int64) { #expect(parse(text) == seconds) }

    @Test("a leap second is the first second of the next minute")
    func leapSecond() { #expect(parse("Sat, 31 Dec 2016 23:59:60 GMT") == parse("Sun, 01 Jan 2017 00:00:00 GMT")) }

    @Test(
        "what is no date is refused",
        arguments: [
            "", " ", "GMT", "120", "now", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun 06 Nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT", "sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 006 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 32 Dec 1994 08:49:37 GMT",
            "Wed, 29 Feb 2023 08:49:37 GMT", "Thu, 29 Feb 1900 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 11 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 19944 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 08:49:3x GMT", "Sun, 06 Nov 1994 -8:49:37 GMT", "Sun, 06 Nov 1994 08::37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov-9 08:49:37 GMT", "Sunday 06-Nov-94 08:49:37 GMT",
            "Sunday, 06 Nov-94 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37",
            "Sunday, 32-Nov-94 08:49:37 GMT", "Sunday, 06--Nov-94 08:49:37 GMT", "Funday, 06-Nov-94 08:49:37 GMT",
            "day, 06-Nov-94 08:49:37 GMT", "sunday, 06-Nov-94 08:49:37 GMT", "Sunday, 6-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 94", "Sun, Nov  6 08:49:37 1994", "Sun Nov  6 08:49:37 1994 GMT",
            "Sun Nov 31 08:49:37 1994", "Sunday Nov  6 08:49:37 1994", "Sun Nov  6 08:49:37", "1994-11-06T08:49:37Z",
            "Sun, \u{B2}6 Nov 1994 08:49:37 GMT", "Sun,\t06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT\u{0}",
        ]
    )
    func refused(text: String) { #expect(parse(text) == nil) }

    @Test("any instant of the years 1 to 9999 survives writing and reading")
    func roundTrip() {
        let run = SeededGenerator()
        var generator = run
        for _ in 0..<5_000 {
            let seconds = Int64.random(in: -62_135_596_800...253_402_300_799, using: &generator)
            let text = written(seconds)
            #expect(text.utf8.count == 29)
            #expect(parse(text) == seconds, "\(text), \(run)")
        }
    }

    @Test("any instant is read back from the two old forms")
    func oldForms() {
        let longDays = ["Sun": "Sunday", "Mon": "Monday", "Tue": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday"]
            .merging(["Fri": "Friday", "Sat": "Saturday"]) { $1 }
        let run = SeededGenerator()
        var generator = run
        for _ in 0..<2_000 {
            // 1980 to 2067, which two digits of a year can tell from now until 2029 and long after.
            let seconds = Int64.random(in: 315_532_800..<3_092_601_600, using: &generator)
            let parts = written(seconds).split(separator: " ").map(String.init)
            let day = String(parts[0].dropLast())
            let paddedDay = parts[1].first == "0" ? " \(parts[1].last!)" : parts[1]
            #expect(
                parse("\(day) \(parts[2]) \(paddedDay) \(parts[4]) \(parts[3])") == seconds,
                "\(run)"
            )
            let date = "\(parts[1])-\(parts[2])-\(parts[3].suffix(2))"
            #expect(parse("\(longDays[day]!), \(date) \(parts[4]) GMT") == seconds, "\(run)")
        }
    }

    @Test("any bytes are read without harm")
    func randomBytes() {
        let run = SeededGenerator()
        var generator = run
        let words = [
            "Sun", "Sunday,", "Sun,", " ", "06", "6", "Nov", "-", "94", "1994", "08:49:37", ":", "GMT", "\u{FF}",
        ]
        for _ in 0..<10_000 {
            let text = (0..<Int.random(in: 0...9, using: &generator)).map { _ in words.randomElement(using: &generator)!
            }
            guard let seconds = parse(text.joined()) else { continue }
            #expect((-62_167_219_200...253_402_300_800).contains(seconds), "\(text), \(run)")
        }
    }

    @Test(
        "a clock that no year of four digits holds is written as the nearest second that one does",
        arguments: [
            (.min, "Sat, 01 Jan 0000 00:00:00 GMT"), (-62_167_219_201, "Sat, 01 Jan 0000 00:00:00 GMT"),
            (253_402_300_800, "Fri, 31 Dec 9999 23:59:59 GMT"), (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)]
    )
    func absurdClock(seconds: Int64, text: String) { #expect(written(seconds) == text) }
}
