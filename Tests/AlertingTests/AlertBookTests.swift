import Alerting
import Testing
import Vocabulary

@Suite("Which conditions are told of")
struct AlertBookTests {
    private let start = Timestamp(seconds: 1_800_000_000)

    private func lasting(_ kind: AlertKind, _ subject: String) -> AlertCondition {
        AlertCondition(kind, subject, .lasting, AlertFacts("it is so"))
    }

    private func dated(_ subject: String, until: Timestamp?) -> AlertCondition {
        AlertCondition(.budgetThreshold, subject, .dated(until: until), AlertFacts("it was reached"))
    }

    private func day(_ number: Int64) -> Duration { .seconds(number * 86_400) }

    /// One look whose findings are all made durable. Returns the names raised and closed.
    private func look(
        _ book: inout AlertBook,
        _ conditions: [AlertCondition],
        for kinds: Set<AlertKind> = [.keyQuarantined, .circuitOpen],
        at now: Timestamp
    ) -> (new: [String], over: [String]) {
        let findings = book.look(conditions, for: kinds, at: now)
        for condition in findings.new { book.raised(condition, at: now) }
        book.closed(findings.over)
        return (findings.new.map(\.name), findings.over.sorted())
    }

    @Test("a lasting condition is raised once while it lasts, and again when it begins anew after the quiet time")
    func lasting() {
        var book = AlertBook([])
        let key = lasting(.keyQuarantined, "k1")
        #expect(look(&book, [key, key], at: start).new == ["key_quarantined|k1"])
        #expect(look(&book, [key], at: start + .seconds(3_600)) == ([], []))
        let end = start + .seconds(4_000)
        #expect(look(&book, [], at: end) == ([], ["key_quarantined|k1"]))
        #expect(look(&book, [], at: end) == ([], []))
        #expect(look(&book, [key], at: end + .seconds(1)).new == ["key_quarantined|k1"])
    }

    @Test("one that comes and goes is raised once in the quiet time, and when it stays beyond it")
    func flapping() {
        var book = AlertBook([])
        let key = lasting(.keyQuarantined, "k1")
        #expect(look(&book, [key], at: start).new.count == 1)
        for second in stride(from: 2, to: 599, by: 2) {
            let now = start + .seconds(second)
            #expect(look(&book, second % 4 == 0 ? [key] : [], at: now).new == [])
        }
        #expect(look(&book, [key], at: start + .seconds(599)).new == [])
        #expect(look(&book, [key], at: start + .seconds(600)).new == ["key_quarantined|k1"])
    }

    @Test("a clock that was set back makes nothing quiet for ever")
    func clockSetBack() {
        var book = AlertBook([])
        let key = lasting(.keyQuarantined, "k1")
        _ = look(&book, [key], at: start)
        _ = look(&book, [], at: start + .seconds(10))
        let before = start + (.zero - .seconds(86_400 * 365))
        #expect(look(&book, [key], at: before).new == ["key_quarantined|k1"])
    }

    @Test("a dated condition stays told until its moment, whether it holds or not")
    func dated() {
        var book = AlertBook([])
        let end = start + .seconds(1_000)
        let budget = dated("month|0.8", until: end)
        #expect(look(&book, [budget], at: start).new == ["budget_threshold|month|0.8"])
        // A raised limit: it holds no longer, and then again.
        #expect(look(&book, [], at: start + .seconds(1)) == ([], []))
        #expect(look(&book, [budget], at: start + .seconds(2)) == ([], []))
        #expect(look(&book, [budget], at: end) == ([], ["budget_threshold|month|0.8"]))
        // One seen late, from a window that is over, is no news.
        #expect(look(&book, [budget], at: end).new == [])
        #expect(book.openCount == 0)
        let always = dated("total|1", until: nil)
        #expect(look(&book, [always], at: end).new.count == 1)
        #expect(look(&book, [always], at: Timestamp(microseconds: .max)) == ([], []))
    }

    @Test("a dated condition is told once, wherever the clock goes: it may be set past its moment and back")
    func datedAcrossSteps() {
        var book = AlertBook([])
        let (today, nextYear) = (
            dated("day|1", until: start + .seconds(3_600)), dated("day|366", until: start + day(366))
        )
        #expect(look(&book, [today], at: start).new == [today.name])
        #expect(look(&book, [nextYear], at: start + day(365)) == ([nextYear.name], [today.name]))
        #expect(look(&book, [today], at: start + .seconds(10)) == ([], []))
        #expect(look(&book, [nextYear], at: start + day(365)) == ([], []))
        #expect(look(&book, [], at: start + day(366)) == ([], [nextYear.name]))
        #expect(look(&book, [nextYear], at: start + day(365)) == ([], []))
    }

    @Test("of those that have ended, the last are remembered, and no more than twice as many as that")
    func endedBound() {
        var book = AlertBook([])
        func conditions(_ numbers: Range<Int>) -> [AlertCondition] {
            numbers.map { dated("day|\($0)", until: start + .seconds(1)) }
        }
        let all = conditions(0..<3 * AlertBook.endedMax)
        #expect(look(&book, all, at: start).new.count == all.count)
        // They end one after the other.
        for condition in all { book.closed([condition.name]) }
        // Counts, as a failure would list tens of thousands.
        let last = look(&book, conditions(2 * AlertBook.endedMax..<3 * AlertBook.endedMax), at: start).new.count
        let first = look(&book, conditions(0..<AlertBook.endedMax), at: start).new.count
        #expect(last == 0)
        #expect(first == AlertBook.endedMax)
    }

    @Test("lasting conditions are closed only when their kind was looked for")
    func kinds() {
        var book = AlertBook([])
        _ = look(&book, [lasting(.keyQuarantined, "k1"), lasting(.circuitOpen, "a")], at: start)
        #expect(look(&book, [], for: [.circuitOpen], at: start + .seconds(5)).over == ["circuit_open|a"])
        #expect(look(&book, [], for: [.keyQuarantined], at: start + .seconds(6)).over == ["key_quarantined|k1"])
    }

    @Test("what the store has open after a restart is not told again, and is closed when it is over")
    func restart() {
        let key = lasting(.keyQuarantined, "k1")
        let budget = dated("month", until: start + .seconds(60))
        var book = AlertBook([
            AlertBook.Entry(name: key.name, raisedAt: start, course: key.course),
            AlertBook.Entry(name: budget.name, raisedAt: start, course: budget.course),
        ])
        #expect(look(&book, [key, budget], at: start + .seconds(30)) == ([], []))
        #expect(look(&book, [], at: start + .seconds(60)).over == [budget.name, key.name])
    }

    @Test("what another node has raised or closed meanwhile counts, and what was raised lately stays quiet")
    func taken() {
        let (key, other) = (lasting(.keyQuarantined, "k1"), lasting(.keyQuarantined, "k2"))
        var book = AlertBook([])
        #expect(look(&book, [key], at: start).new == [key.name])
        #expect(look(&book, [], at: start + .seconds(1)).over == [key.name])
        book.replace([AlertBook.Entry(name: other.name, raisedAt: start, course: other.course)])
        #expect(look(&book, [key, other], at: start + .seconds(2)) == ([], []))
        book.replace([])
        #expect(look(&book, [other], at: start + .seconds(3)).new == [other.name])
    }

    @Test("what could not be made durable is found again")
    func notRecorded() {
        var book = AlertBook([])
        let key = lasting(.keyQuarantined, "k1")
        #expect(book.look([key], for: [.keyQuarantined], at: start).new.count == 1)
        #expect(book.look([key], for: [.keyQuarantined], at: start + .seconds(2)).new.count == 1)
    }
}
