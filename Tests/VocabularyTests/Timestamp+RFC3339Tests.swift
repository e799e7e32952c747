import TestSupport
import Testing
import Vocabulary

@Suite("The text form of a moment, RFC 3339")
struct TimestampRFC3339Tests {
    private func read(_ text: String) -> Int64? { Timestamp(rfc3339: text)?.microseconds }

    @Test(
        "is read with any offset and fraction",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00z", 0),
            ("1970-01-01T00:00:00+00:00", 0),
            ("1970-01-01T00:00:00-00:00", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T19:00:00-05:00", 0),
            ("1970-01-02T05:44:59+05:45", 86_399_000_000),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("1985-04-12T23:20:50.52Z", 482_196_050_520_000),
            ("1996-12-19T16:39:57-08:00", 851_042_397_000_000),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000),
            ("2026-01-31T08:00:00.123456Z", 1_769_846_400_123_456),
            ("2026-01-31T08:00:00.1Z", 1_769_846_400_100_000),
            ("2026-01-31T08:00:00.0000019Z", 1_769_846_400_000_001),
            ("2026-01-31T08:00:00.12345678901234567890Z", 1_769_846_400_123_456),
            ("1990-12-31T23:59:60Z", 662_688_000_000_000),
            ("1990-12-31T15:59:60-08:00", 662_688_000_000_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("2026-01-31T08:00:00+23:59", 1_769_760_060_000_000),
        ] as [(String, Int64)]
    )
    func valid(_ text: String, _ microseconds: Int64) { #expect(read(text) == microseconds) }

    @Test(
        "is nothing else",
        arguments: [
            "", "2026-01-31", "2026-01-31T08:00:00", "2026-01-31T08:00Z", "2026-01-31 08:00:00Z",
            "2026-01-31T08:00:00 Z",
            "2026-1-31T08:00:00Z", "26-01-31T08:00:00Z", "02026-01-31T08:00:00Z", "20260131T080000Z",
            "2026-01-31T8:00:00Z",
            "2026-01-31T08:00:00.Z", "2026-01-31T08:00:00,5Z", "2026-01-31T08:00:00.5", "2026-01-31T08:00:00.-5Z",
            "2026-01-31T08:00:00+01", "2026-01-31T08:00:00+0100", "2026-01-31T08:00:00+1:00",
            "2026-01-31T08:00:00+01:60",
            "2026-01-31T08:00:00+24:00", "2026-01-31T08:00:00Z+01:00", "2026-01-31T08:00:00Zx", " 2026-01-31T08:00:00Z",
            "2026-01-31T08:00:00Z ", "2026-13-01T08:00:00Z", "2026-00-01T08:00:00Z", "2026-01-00T08:00:00Z",
            "2026-01-32T08:00:00Z",
            "2026-02-29T08:00:00Z", "1900-02-29T08:00:00Z", "2026-04-31T08:00:00Z", "2026-01-31T24:00:00Z",
            "2026-01-31T08:60:00Z",
            "2026-01-31T08:00:61Z", "-026-01-31T08:00:00Z", "+2026-01-31T08:00:00Z", "2026-01-31T08:00:00\u{2212}01:00",
            "2026-01-31T08:00:0\u{660}Z", "2026/01/31T08:00:00Z", "2026-01-31T08.00.00Z", "2026-W05-6T08:00:00Z", "now",
            "0", "0000-01-01T00:00:00+00:01", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-00:01",
            "9999-12-31T23:59:59.999999-23:59", "9999-12-31T23:59:60Z",
        ]
    )
    func invalid(_ text: String) { #expect(read(text) == nil) }

    @Test(
        "is written in UTC, with six digits of a fraction or none",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (-86_400_000_000, "1969-12-31T00:00:00Z"), (1_769_846_400_120_000, "2026-01-31T08:00:00.120000Z"),
            (951_868_799_000_000, "2000-02-29T23:59:59Z"), (-62_167_219_200_000_000, "0000-01-01T00:00:00Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func written(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test("every moment of ten thousand years is read back from its text, and texts have the order of their moments")
    func roundTrip() {
        var random = SeededGenerator()
        let all = -62_167_219_200_000_000...253_402_300_799_999_999 as ClosedRange<Int64>
        var moments = (0..<3_000).map { _ in Int64.random(in: all, using: &random) }
        // Some without a fraction; a fraction makes the text longer and changes its order.
        moments = moments.map { random.chance(1, in: 2) ? $0 : $0 - $0 % 1_000_000 }
        for moment in moments {
            let text = Timestamp(microseconds: moment).rfc3339
            let seed = random.seed
            #expect(read(text) == moment, "seed \(seed): \(text)")
            #expect(text.utf8.count == (moment % 1_000_000 == 0 ? 20 : 27), "seed \(seed): \(text)")
        }
        let whole = moments.filter { $0 % 1_000_000 == 0 }.sorted()
        let texts = whole.map { Timestamp(microseconds: $0).rfc3339 }
        #expect(texts == texts.sorted())
    }

    @Test("a substring can be read too")
    func substring() {
        #expect(Timestamp(rfc3339: "x1970-01-01T00:00:01Z".dropFirst()) == Timestamp(seconds: 1))
    }
}
