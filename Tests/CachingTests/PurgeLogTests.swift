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

    @Test("P6: an answer about a document that is being changed is for memory only, until the end of the change")
    func changes() {
        let log = PurgeLog()
        let document = documentID(1)
        let found = result(key(1), documentID: document)
        func answer(_ asked: PurgeStamp) -> StampedAnswer { StampedAnswer(found, asked: asked) }
        let before = log.stamp()
        #expect(!answer(before).isOvertaken)
        log.begin([document, documentID(2)])
        let meanwhile = log.stamp()
        #expect(answer(meanwhile).isOvertaken)
        #expect(answer(meanwhile).forMemory?.isPurged == false, "memory has it until the change ends")
        #expect(!StampedAnswer(result(key(3), documentID: documentID(3)), asked: meanwhile).isOvertaken)
        // A second change of the same document, which outlives the first.
        log.begin([document])
        log.note([.document(document), .document(documentID(2))])
        log.end([document, documentID(2)])
        let after = log.stamp()
        #expect(answer(meanwhile).isOvertaken && answer(meanwhile).forMemory?.isPurged == true)
        #expect(answer(after).isOvertaken, "the second one is under way")
        log.note(.document(document))
        log.end([document])
        #expect(answer(after).isOvertaken && answer(before).isOvertaken)
        #expect(!answer(log.stamp()).isOvertaken)
        #expect(log.changesCount == 0)
    }

    @Test("P6: an answer that leaves no result is overtaken as one that does")
    func withoutResult() {
        let log = PurgeLog()
        func answer(_ asked: PurgeStamp) -> StampedAnswer {
            StampedAnswer(
                nil,
                key: key(1),
                documentID: documentID(1),
                team: Self.team,
                classifier: nil,
                asked: asked
            )
        }
        let before = log.stamp()
        #expect(!answer(before).isOvertaken)
        log.begin([documentID(1)])
        #expect(answer(log.stamp()).isOvertaken)
        log.note(.document(documentID(1)))
        log.end([documentID(1)])
        #expect(answer(before).isOvertaken && !answer(log.stamp()).isOvertaken)
    }

    @Test("changes of very many documents take bounded memory")
    func manyChanges() {
        let log = PurgeLog(targetsMax: 1_000)
        for number in 0..<10_000 {
            log.begin(["\(number)"])
            log.note(.document("\(number)"))
            log.end(["\(number)"])
            #expect(log.rememberedCount <= 2_000)
        }
        #expect(log.changesCount == 0)
    }
}
