import EventLoops
import Foundation
import Testing
import Vocabulary

@Suite("SystemClock")
struct SystemClockTests {
    @Test("the monotonic clock never goes back, and it goes on")
    func monotonic() {
        let start = SystemClock.monotonic()
        var last = start
        for _ in 0..<20_000 {
            let now = SystemClock.monotonic()
            #expect(now >= last)
            last = now
        }
        #expect(last > start)
    }

    @Test("the wall clock tells the time of day")
    func wall() {
        let before = Date().timeIntervalSince1970
        let wall = Double(SystemClock.wall().microseconds) / 1_000_000
        let after = Date().timeIntervalSince1970
        #expect(wall > before - 0.001)
        #expect(wall < after + 0.001)
    }
}
