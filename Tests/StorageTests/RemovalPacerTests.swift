import Testing
import Vocabulary

@testable import Storage

@Suite("RemovalPacer")
struct RemovalPacerTests {
    @Test("a batch takes about as long as it may, whatever a row takes", arguments: [1, 20, 300] as [Int64])
    func goal(microsecondsPerRow: Int64) {
        var pacer = RemovalPacer()
        for _ in 0..<40 {
            let rows = pacer.rows(isIdle: false)
            pacer.note(rows: rows, took: .microseconds(microsecondsPerRow * Int64(rows)))
        }
        let expected = min(max(3_000 / microsecondsPerRow, 8), 4_096)
        #expect(abs(Int64(pacer.rows(isIdle: false)) - expected) <= 1)
        #expect(pacer.rows(isIdle: true) >= pacer.rows(isIdle: false))
    }

    @Test("no time at all, a batch without rows and an endless one leave a batch within its bounds")
    func extremes() {
        var pacer = RemovalPacer()
        pacer.note(rows: 0, took: .seconds(1))
        #expect(pacer.rows(isIdle: false) == 60)
        for _ in 0..<100 { pacer.note(rows: 1, took: .zero) }
        #expect(pacer.rows(isIdle: true) == 4_096)
        pacer.note(rows: 1, took: .seconds(Int64.max / 4))
        #expect(pacer.rows(isIdle: true) == 8)
    }

    @Test("a purge rests for three times as long as it worked, however long that was")
    func rest() {
        for worked in [Duration.zero, .microseconds(1), .milliseconds(20), .seconds(3_600)] {
            #expect(RemovalPacer.rest(after: worked) == worked * 3)
        }
    }
}
