import Testing
import Vocabulary

@Suite("The standing of a node")
struct NodeStandingTests {
    /// Seconds on both clocks; the machine has slept so long before.
    private func boot(_ seconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: (seconds + 1_000) * 1_000_000_000)
    }

    private func steady(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

    private func record(_ number: Int, _ state: NodeRecord.State) -> NodeRecord {
        NodeRecord(
            number: number,
            name: "n",
            address: "a",
            version: "1",
            state: state,
            startedAt: Timestamp(seconds: 1),
            leaseLeft: .seconds(5),
            configurationDigest: Digest(1, 2, 3, 4)
        )
    }

    @Test("a process that has its store alone is first, and nothing of it ends")
    func alone() {
        let standing = NodeStanding()
        standing.confirm(sentAt: boot(0), sinceBoot: boot(0), now: steady(0))
        standing.refresh(sinceBoot: boot(1_000_000), now: steady(1_000_000))
        #expect(!standing.isShared && standing.isFirst && standing.liveCount == 1 && standing.nodes == [])
        #expect(standing.maySend(sinceBoot: boot(1_000_000)))
        #expect(!standing.isStale(at: steady(1_000_000)))
        #expect(standing.clockError == nil && standing.unknownSchema == nil)
    }

    @Test("a schema is unknown that is above the one that the program knows")
    func schema() {
        let standing = NodeStanding(joinedAt: boot(0))
        standing.note(schemaNeeded: 4, known: 4)
        #expect(standing.unknownSchema == nil)
        standing.note(schemaNeeded: 5, known: 4)
        #expect(standing.unknownSchema == 5 && standing.schemaFault?.code == .newerSchema)
        standing.note(schemaNeeded: .min, known: 4)
        #expect(standing.unknownSchema == nil && standing.schemaFault == nil)
    }

    @Test("six seconds after the last confirmed transaction was sent nothing goes to the vendor")
    func sixSeconds() {
        let standing = NodeStanding(joinedAt: boot(0))
        #expect(standing.isShared && standing.maySend(sinceBoot: boot(5)))
        #expect(!standing.maySend(sinceBoot: boot(6)))
        standing.confirm(sentAt: boot(7), sinceBoot: boot(8), now: steady(8))
        #expect(standing.maySend(sinceBoot: boot(12)))
        #expect(!standing.maySend(sinceBoot: boot(13)))
    }

    @Test("hits end when nothing was confirmed for as long as is set, and go on with the next confirmation")
    func stale() {
        let standing = NodeStanding(joinedAt: boot(0))
        standing.replace(staleFor: .seconds(20), sinceBoot: boot(0), now: steady(0))
        #expect(!standing.isStale(at: steady(19)) && standing.isStale(at: steady(20)))
        standing.confirm(sentAt: boot(21), sinceBoot: boot(22), now: steady(22))
        #expect(!standing.isStale(at: steady(40)) && standing.isStale(at: steady(41)))
        standing.replace(staleFor: .seconds(60), sinceBoot: boot(50), now: steady(50))
        #expect(!standing.isStale(at: steady(80)) && standing.isStale(at: steady(81)))
    }

    @Test("hits go on for a second at least, and for ever if so much is set")
    func bounds() {
        let standing = NodeStanding(joinedAt: boot(0))
        standing.replace(staleFor: .zero, sinceBoot: boot(0), now: steady(0))
        #expect(!standing.isStale(at: steady(0)) && standing.isStale(at: steady(1)))
        standing.replace(staleFor: .seconds(Int64.max), sinceBoot: boot(0), now: steady(0))
        #expect(!standing.isStale(at: steady(1_000_000_000)))
    }

    @Test("the sleep of the machine counts, once it is looked for")
    func sleep() {
        let standing = NodeStanding(joinedAt: boot(0))
        standing.refresh(sinceBoot: boot(0), now: steady(0))
        #expect(!standing.isStale(at: steady(1)))
        // An hour has passed, of which the monotonic clock knows nothing.
        standing.refresh(sinceBoot: boot(3_600), now: steady(1))
        #expect(standing.isStale(at: steady(1)))
    }

    @Test("the live node with the least number is first; dead ones do not count, and without itself none is")
    func first() {
        let standing = NodeStanding(joinedAt: boot(0))
        #expect(!standing.isFirst && standing.liveCount == 1)
        standing.see([record(1, .dead), record(3, .live), record(4, .live), record(9, .leaving)], as: 3)
        #expect(standing.rank == 0)
        #expect(standing.isFirst && standing.liveCount == 3 && standing.nodes.map(\.number) == [1, 3, 4, 9])
        standing.see([record(2, .live), record(3, .live)], as: 3)
        #expect(!standing.isFirst && standing.liveCount == 2 && standing.rank == 1)
        standing.see([record(3, .dead)], as: 3)
        #expect(!standing.isFirst && standing.liveCount == 1)
    }

    @Test("a clock is wrong that is more than 5 s ahead or behind", arguments: [1, -1] as [Int64])
    func clock(sign: Int64) {
        let standing = NodeStanding(joinedAt: boot(0))
        standing.note(clockLead: sign * 5_000_000)
        #expect(standing.clockError == nil)
        standing.note(clockLead: sign * 5_000_001)
        #expect(standing.clockError == .microseconds(sign * 5_000_001))
        standing.note(clockLead: sign < 0 ? .min : .max)
        #expect(standing.clockError != nil)
    }
}
