import Testing
import Vocabulary

@testable import Storage

@Suite("ExpirySchedule")
struct ExpiryScheduleTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    private let wall = Timestamp(seconds: 1_000_000)

    @Test("without a retention nothing is ever due")
    func none() {
        var schedule = ExpirySchedule(now: start, wall: wall)
        #expect(schedule.pause(now: start) == nil)
        #expect(schedule.next(now: start + .seconds(1_000_000), wall: wall) == nil)
    }

    @Test("a retention is looked at at once and then once in an interval")
    func interval() {
        var schedule = ExpirySchedule(now: start, wall: wall)
        schedule.replace(retention: .seconds(100), now: start)
        #expect(schedule.pause(now: start) == .zero)
        #expect(schedule.next(now: start, wall: wall)?.cutoff == wall + .seconds(-100))
        #expect(schedule.next(now: start, wall: wall) == nil)
        #expect(schedule.pause(now: start + .seconds(20)) == .seconds(40))
        let later = start + ExpirySchedule.interval
        #expect(schedule.next(now: later, wall: wall + .seconds(60))?.cutoff == wall + .seconds(-40))
        schedule.replace(retention: .seconds(10), now: later)
        #expect(schedule.next(now: later, wall: wall + .seconds(60))?.cutoff == wall + .seconds(50))
        schedule.replace(retention: nil, now: later)
        #expect(schedule.next(now: later + .seconds(100), wall: wall) == nil)
    }

    @Test("on a node that is not the first nothing is due but what was asked for there")
    func notFirst() {
        var schedule = ExpirySchedule(now: start, wall: wall)
        schedule.replace(retention: .seconds(100), now: start)
        #expect(schedule.pause(now: start, isFirst: false) == nil)
        #expect(schedule.next(now: start, wall: wall, isFirst: false) == nil)
        #expect(schedule.request(.init(cutoff: Timestamp(seconds: 7), then: nil)) == .taken)
        #expect(schedule.pause(now: start, isFirst: false) == .zero)
        #expect(schedule.next(now: start, wall: wall, isFirst: false)?.cutoff == Timestamp(seconds: 7))
        // It takes over without a pause.
        #expect(schedule.pause(now: start) == .zero)
        #expect(schedule.next(now: start, wall: wall)?.cutoff == wall + .seconds(-100))
    }

    @Test("a clock set forward by a year removes nothing early, one set back nothing at all")
    func clockSteps() {
        var schedule = ExpirySchedule(now: start, wall: wall)
        schedule.replace(retention: .seconds(100), now: start)
        let year = Duration.seconds(31_536_000)
        #expect(schedule.next(now: start, wall: wall + year)?.cutoff == wall + .seconds(-100))
        schedule.replace(retention: .seconds(100), now: start)
        #expect(schedule.next(now: start, wall: wall + .seconds(-500))?.cutoff == wall + .seconds(-600))
    }

    @Test("what is asked for comes first, and only so much may wait")
    func requests() {
        var schedule = ExpirySchedule(now: start, wall: wall)
        schedule.replace(retention: .seconds(100), now: start)
        let requesting = schedule.request(.init(cutoff: Timestamp(seconds: 7), then: nil))
        #expect(requesting == .taken)
        #expect(schedule.next(now: start, wall: wall)?.cutoff == Timestamp(seconds: 7))
        #expect(schedule.next(now: start, wall: wall)?.cutoff == wall + .seconds(-100))
        var taken = 0
        while schedule.request(.init(cutoff: wall, then: nil)) == .taken { taken += 1 }
        #expect(taken == 64)
        let (givenUp, afterwards) = (schedule.close(), schedule.request(.init(cutoff: wall, then: nil)))
        #expect(givenUp.count == 64)
        #expect(afterwards == .closed)
    }
}
