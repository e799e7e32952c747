import Budgeting
import Testing
import Vocabulary

@testable import Storage

@Suite("FoldSchedule")
struct FoldScheduleTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    private let wall = Timestamp(seconds: 20_000 * 86_400)

    @Test("days are looked at a minute after the start, and then in each interval")
    func interval() {
        var schedule = FoldSchedule(now: start, wall: wall)
        #expect(schedule.pause(now: start) == .seconds(60))
        #expect(schedule.next(now: start + .milliseconds(59_999), wall: wall) == nil)
        let first = start + .seconds(60)
        #expect(schedule.pause(now: first) == .zero)
        let fold = schedule.next(now: first, wall: wall)
        #expect(fold?.recent == BudgetDay(number: 20_000 - 32) && fold?.named == BudgetDay(number: 20_000 - 400))
        #expect(schedule.next(now: first, wall: wall) == nil)
        #expect(schedule.pause(now: first + .seconds(600)) == .seconds(3_000))
        #expect(schedule.next(now: first + .seconds(3_600), wall: wall + .seconds(3_600)) != nil)
    }

    @Test("a clock set forward folds nothing early, and one that makes no sense does no harm")
    func clockSteps() {
        var schedule = FoldSchedule(now: start, wall: wall)
        let forward = schedule.next(now: start + .seconds(60), wall: wall + .seconds(400 * 86_400))
        #expect(forward?.recent == BudgetDay(number: 20_000 - 32))
        for microseconds in [Int64.min, .max] {
            let absurd = Timestamp(microseconds: microseconds)
            var schedule = FoldSchedule(now: start, wall: absurd)
            let fold = schedule.next(now: start + .seconds(60), wall: absurd)
            #expect(fold.map { $0.named <= $0.recent } == true)
        }
    }
}
