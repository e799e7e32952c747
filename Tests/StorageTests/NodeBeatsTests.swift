import Testing

@testable import Storage

@Suite("The beats of a node")
struct NodeBeatsTests {
    @Test("each beat is given once, whatever became of the one before")
    func ascending() {
        var beats = NodeBeats(joinedAt: 7)
        let first = beats.next()
        #expect(first == 8)
        // Rolled back: the row still has 7.
        let second = beats.next()
        #expect(second == 9 && beats.confirmed == 7)
        beats.confirm(second)
        #expect(beats.confirmed == 9 && beats.next() == 10)
    }

    @Test(
        "what the row has tells whether a commit in doubt was done",
        arguments: [
            (Int64(8), NodeBeats.Finding.wasCommitted(true)), (7, .wasCommitted(false)), (6, .lostCommits),
            (0, .lostCommits),
            (9, .lostCommits), (.max, .lostCommits), (.min, .lostCommits),
        ]
    )
    func judging(found: Int64, finding: NodeBeats.Finding) {
        var beats = NodeBeats(joinedAt: 7)
        let beat = beats.next()
        beats.lose(beat)
        #expect(beats.isInDoubt)
        #expect(beats.judge(found) == finding)
    }

    @Test("a beat whose transaction was rolled back is found in no row, so one that is says that commits were lost")
    func skipped() {
        var beats = NodeBeats(joinedAt: 7)
        let rolledBack = beats.next()
        beats.lose(beats.next())
        #expect(beats.judge(rolledBack) == .lostCommits)
        #expect(beats.judge(9) == .wasCommitted(true) && beats.judge(7) == .wasCommitted(false))
    }

    @Test("a recovery ends the doubt, and its own beat is the next one's fence", arguments: [true, false])
    func recovery(wasCommitted: Bool) {
        var beats = NodeBeats(joinedAt: 7)
        let beat = beats.next()
        beats.lose(beat)
        #expect(beats.judge(wasCommitted ? beat : 7) == .wasCommitted(wasCommitted))
        let recovery = beats.next()
        beats.confirmRecovery(recovery)
        #expect(!beats.isInDoubt && beats.confirmed == recovery && beats.next() == recovery + 1)
    }

    @Test("of recoveries in doubt each keeps what it found, whichever of them was committed", arguments: [true, false])
    func recoveriesInDoubt(wasCommitted: Bool) {
        var beats = NodeBeats(joinedAt: 7)
        let beat = beats.next()
        beats.lose(beat)
        let before = wasCommitted ? beat : 7
        var recoveries: [Int64] = []
        for _ in 0..<3 {
            // None of the earlier ones was committed: the row is as it was.
            #expect(beats.judge(before) == .wasCommitted(wasCommitted))
            recoveries.append(beats.next())
            beats.loseRecovery(recoveries.last!, whichFound: wasCommitted)
        }
        // One of them was committed after all: without its record the row would be read as "later than the commit".
        for recovery in recoveries { #expect(beats.judge(recovery) == .wasCommitted(wasCommitted)) }
        beats.confirmRecovery(beats.next())
        #expect(!beats.isInDoubt && beats.confirmed == recoveries.last! + 1)
        let next = beats.next()
        beats.lose(next)
        for recovery in recoveries { #expect(beats.judge(recovery) == .lostCommits) }
    }
}
