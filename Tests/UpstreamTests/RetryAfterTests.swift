import Testing
import Vocabulary

@testable import Upstream

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, and a fraction of a second.
    private static let now = Timestamp(microseconds: 784_111_777 * 1_000_000 + 500_000)

    private func parse(_ text: String) -> Duration? { RetryAfter.parse(Array(text.utf8).span, now: Self.now) }

    @Test(
        "a number is seconds, a day at most",
        arguments: [
            ("0", 0), ("1", 1), ("120", 120), ("0007", 7), ("86400", 86_400), ("86401", 86_400),
            ("99999999999999999999999999999999", 86_400),
        ] as [(String, Int64)]
    )
    func seconds(_ text: String, _ seconds: Int64) { #expect(parse(text) == .seconds(seconds)) }

    @Test(
        "a date in any of the three forms is the time until then",
        arguments: [
            "Sun, 06 Nov 1994 08:50:07 GMT", "Sunday, 06-Nov-94 08:50:07 GMT", "Sun Nov  6 08:50:07 1994",
        ]
    )
    func dates(_ text: String) { #expect(parse(text) == .seconds(30)) }

    @Test(
        "a date that is over is no time, one that is far away is a day",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ] as [(String, Int64)]
    )
    func bounds(_ text: String, _ seconds: Int64) { #expect(parse(text) == .seconds(seconds)) }

    @Test(
        "anything else is none",
        arguments: [
            "", "-1", "+5", "5.5", "1e3", "0x10", "5 s", "5s", " 5", "5,6", "soon", "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 31 Feb 1994 08:49:37 GMT", "1994-11-06T08:50:07Z", "\u{0665}",
        ]
    )
    func garbage(_ text: String) { #expect(parse(text) == nil) }
}
