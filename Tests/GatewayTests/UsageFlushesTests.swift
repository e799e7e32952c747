import Testing
import Vocabulary

@testable import Gateway

@Suite("Those who wait for counts to be stored")
struct UsageFlushesTests {
    private final class Answers: Sendable {
        let names = Guarded<[String]>([])

        func note(_ name: String) -> UsageFlushes.Flushed { { _ in self.names.withLock { $0.append(name) } } }

        func call(_ flushes: [UsageFlushes.Flushed]) -> [String] {
            for flushed in flushes { flushed(nil) }
            return names.withLock { names in
                defer { names = [] }
                return names
            }
        }
    }

    private let answers = Answers()

    @Test("one who asks while a report is under way waits for the next")
    func next() {
        var flushes = UsageFlushes()
        #expect(flushes.isEmpty && !flushes.needsReport)
        for name in ["a", "b"] { _ = flushes.add(answers.note(name)) }
        #expect(flushes.needsReport)
        flushes.reportBegan()
        #expect(!flushes.needsReport && !flushes.isEmpty)
        _ = flushes.add(answers.note("c"))
        let first = flushes.reportEnded()
        #expect(answers.call(first) == ["a", "b"])
        let none = flushes.reportEnded()
        #expect(flushes.needsReport && none.isEmpty)
        flushes.reportBegan()
        let second = flushes.reportEnded()
        #expect(answers.call(second) == ["c"])
        #expect(flushes.isEmpty)
    }

    @Test("when the time is over nobody waits any longer")
    func giveUp() {
        var flushes = UsageFlushes()
        _ = flushes.add(answers.note("a"))
        flushes.reportBegan()
        _ = flushes.add(answers.note("b"))
        let all = flushes.giveUp()
        #expect(answers.call(all) == ["a", "b"])
        #expect(flushes.isEmpty && !flushes.needsReport)
    }

    @Test("so many wait and no more")
    func bound() {
        var flushes = UsageFlushes()
        for number in 0..<UsageFlushes.waitingMax {
            let isTaken = flushes.add(answers.note("\(number)"))
            #expect(isTaken)
            if number == 10 { flushes.reportBegan() }
        }
        let isTaken = flushes.add(answers.note("too many"))
        let all = flushes.giveUp()
        #expect(!isTaken && answers.call(all).count == UsageFlushes.waitingMax)
        let isTakenAgain = flushes.add(answers.note("room again"))
        #expect(isTakenAgain)
    }
}
