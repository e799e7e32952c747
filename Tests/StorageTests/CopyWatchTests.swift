import Reporting
import Testing

@testable import Storage

@Suite("CopyWatch")
struct CopyWatchTests {
    private static let reserve = CopyWatch.reserveBytes

    @Test(
        "a copy is begun when the disk has room for it and for what the gateway writes",
        arguments: [
            (100, 100 + reserve, true), (100, 99 + reserve, false), (0, reserve, true), (0, 0, false),
            (.max, .max, true), (.max, .max - 1, false), (.max - 5, .max - 6, false),
        ] as [(Int64, Int64, Bool)]
    )
    func begin(_ size: Int64, _ free: Int64, _ isAllowed: Bool) {
        let refusal = CopyWatch.refusal(copyBytes: size, freeBytes: free)
        #expect((refusal == nil) == isAllowed)
        if !isAllowed { #expect(refusal == .noRoom(needed: size.saturatingAdd(Self.reserve), free: free)) }
    }

    @Test(
        "a copy ends when the log has grown too far since it began",
        arguments: [
            (0, CopyWatch.logGrowthMax, true), (0, CopyWatch.logGrowthMax + 1, false),
            (50, CopyWatch.logGrowthMax + 50, true), (50, CopyWatch.logGrowthMax + 51, false),
            // A log that was cut back.
            (CopyWatch.logGrowthMax, 0, true), (.max, .min, true), (.min, .max, false),
        ] as [(Int64, Int64, Bool)]
    )
    func log(_ start: Int64, _ now: Int64, _ goesOn: Bool) {
        let refusal = CopyWatch(logBytes: start).refusal(restBytes: 0, freeBytes: .max, logBytes: now)
        #expect((refusal == nil) == goesOn)
        if !goesOn { #expect(refusal == .logGrown(bytes: now.saturatingSubtract(start))) }
    }

    @Test(
        "a copy ends before it takes the disk from the gateway",
        arguments: [
            (0, reserve / 2, true), (0, reserve / 2 - 1, false), (7, reserve / 2 + 7, true),
            (7, reserve / 2 + 6, false), (.max, .max - 1, false),
        ] as [(Int64, Int64, Bool)]
    )
    func room(_ rest: Int64, _ free: Int64, _ goesOn: Bool) {
        let refusal = CopyWatch(logBytes: 0).refusal(restBytes: rest, freeBytes: free, logBytes: 0)
        #expect((refusal == nil) == goesOn)
    }
}
