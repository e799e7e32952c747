import Testing
import Vocabulary

@testable import Caching

@Suite("Purges in the order of requests")
struct PurgeLogTests {
    private static let team = TeamID(rawValue: "accounts-payable")

    @Test(
        "P1: what was asked before a purge is purged by it, if it concerns it",
        arguments: [
            (.all, true), (.team(team), true), (.team(TeamID(rawValue: "sales")), false),
            (.document(documentID(1)), true), (.document(documentID(2)), false), (.key(key(1)), true),
            (.key(key(2)), false),
        ] as [(PurgeTarget, Bool)]
    )
    func before(target: PurgeTarget, isPurged: Bool) {
        let log = PurgeLog()
        let asked = log.stamp()
        log.note(target)
        let found = result(key(1), documentID: documentID(1))
        #expect(asked.isPurged(found) == isPurged)
        #expect(target.covers(found) == isPurged)
        #expect(!log.stamp().isPurged(found), "what is asked after it is not")
        log.note(.key(key(9)))
        #expect(asked.isPurged(found) == isPurged, "nor does a later purge of something else change it")
    }

    @Test("the latest purge of a target counts, not the first one")
    func again() {
        let log = PurgeLog()
        log.note(.all)
        let asked = log.stamp()
        #expect(!asked.isPurged(result(key(1))))
        log.note(.all)
        #expect(asked.isPurged(result(key(1))))
    }

    @Test("what was asked before the oldest purge that is remembered counts as purged")
    func forgotten() {
        let log = PurgeLog(targetsMax: 2)
        let first = log.stamp()
        for number in 1...4 as ClosedRange<UInt64> { log.note(.key(key(number))) }
        let found = result(key(9))
        #expect(!first.isPurged(found), "four purges are remembered in two halves")
        log.note(.key(key(5)))
        #expect(first.isPurged(found))
        let later = log.stamp()
        log.note(.key(key(6)))
        #expect(!later.isPurged(found))
        #expect(first.isPurged(result(key(6))))
    }
}
