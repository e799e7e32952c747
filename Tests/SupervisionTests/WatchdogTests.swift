import Testing
import Vocabulary

@testable import Supervision

@Suite("The watchdog")
struct WatchdogTests {
    private func interval(_ time: String?, _ process: String? = nil) -> Duration? {
        var environment: [String: String] = [:]
        environment["WATCHDOG_USEC"] = time
        environment["WATCHDOG_PID"] = process
        return WatchdogInterval.read(environment, process: 4_711)
    }

    @Test("it is told twice in the manager's time")
    func half() {
        #expect(interval("30000000") == .seconds(15))
        #expect(interval("30000000", "4711") == .seconds(15))
        #expect(interval("1") == .milliseconds(5))
        #expect(interval("9223372036854775") != nil)
    }

    @Test(
        "what is malformed, or meant for another process, is no watch",
        arguments: [
            (nil, nil), ("", nil), ("0", nil), ("-1", nil), ("1s", nil), ("9223372036854776", nil),
            ("99999999999999999999999", nil), ("30000000", "1"), ("30000000", ""), ("30000000", "-4711"),
            (nil, "4711"),
        ] as [(String?, String?)]
    )
    func none(_ time: String?, _ process: String?) { #expect(interval(time, process) == nil) }

    @Test("a round is told when the last has answered, and no other begins before")
    func rounds() {
        var round = WatchdogRound()
        #expect(round.begin(2) == 1)
        #expect(round.answered(1) == false)
        // One hangs.
        #expect(round.begin(2) == nil)
        #expect(round.answered(1) == true)
        #expect(round.answered(1) == false)
        #expect(round.begin(1) == 2)
        #expect(round.answered(1) == false)
        #expect(round.answered(2) == true)
    }

    @Test("the answers of a round that was given up do not count")
    func givenUp() {
        var round = WatchdogRound()
        #expect(round.begin(1) == 1)
        round.giveUp()
        #expect(round.answered(1) == false)
        #expect(round.begin(1) == 2)
        #expect(round.answered(1) == false)
        #expect(round.answered(2) == true)
    }
}
