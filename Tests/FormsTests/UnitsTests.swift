import Forms
import Testing

@Suite("Durations and sizes")
struct UnitsTests {
    @Test(
        "a duration is a whole number and a unit",
        arguments: [
            ("0s", .zero), ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("15m", .seconds(900)),
            ("24h", .seconds(86_400)), ("30d", .seconds(2_592_000)), ("007s", .seconds(7)),
            ("9223372036854775807ms", .milliseconds(Int64.max)), ("106751991167d", .seconds(106_751_991_167 * 86_400)),
        ] as [(String, Duration)]
    )
    func durations(_ text: String, _ duration: Duration) { #expect(Units.duration(text) == duration) }

    @Test(
        "a size is a whole number and a unit",
        arguments: [
            ("0B", 0), ("512B", 512), ("64KiB", 65_536), ("256MiB", 268_435_456), ("1GiB", 1_073_741_824),
            ("9223372036854775807B", Int.max), ("8589934591GiB", 8_589_934_591 << 30),
        ]
    )
    func sizes(_ text: String, _ size: Int) { #expect(Units.size(text) == size) }

    @Test(
        "what overflows is no duration and no size",
        arguments: [
            "9223372036854775808ms", "9223372036854775807s", "106751991168d", "9223372036854775808B", "8589934592GiB",
            "99999999999999999999999999999999999d", "99999999999999999999999999999999999KiB",
        ]
    )
    func overflow(_ text: String) {
        #expect(Units.duration(text) == nil)
        #expect(Units.size(text) == nil)
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "5", "s", "B", "5 s", " 5s", "5s ", "+5s", "-5s", "5.5s", "5,000ms", "5S", "5sec", "5us", "5w", "5y",
            "0x5s",
            "1h30m", "5K", "5KB", "5kib", "5Ki", "5TiB", "5 B", "\u{0665}s", "5\u{301}s", "5ms\0",
        ]
    )
    func others(_ text: String) {
        #expect(Units.duration(text) == nil)
        #expect(Units.size(text) == nil)
    }

    @Test(
        "a size is written in the largest unit that it is a whole number of",
        arguments: [
            (0, "0B"), (1, "1B"), (1_023, "1023B"), (1_024, "1KiB"), (1_025, "1025B"), (3 << 20, "3MiB"),
            (1 << 40, "1024GiB"),
        ]
    )
    func written(_ size: Int, _ text: String) {
        #expect(Units.text(size) == text)
        #expect(Units.size(text) == size)
    }
}
