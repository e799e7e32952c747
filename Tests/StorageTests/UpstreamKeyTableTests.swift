import Budgeting
import Testing
import Vocabulary

@testable import Storage

@Suite("What is remembered of upstream keys")
struct UpstreamKeyTableTests {
    private let place = TemporaryStore()

    private func record(_ id: String, _ state: UpstreamKeyRecord.State, secret: UInt64 = 1) -> UpstreamKeyRecord {
        UpstreamKeyRecord(id: UpstreamKeyID(rawValue: id), secretDigest: digest(secret), state: state)
    }

    @Test("each state of a key takes the place of the one before, and is there after the store was opened again")
    func states() throws {
        var store = try place.open()
        #expect(try store.upstreamKeyRecords() == [])
        var expected = QuarantineReason.allCases.enumerated().map { record("q\($0)", .quarantined($1)) }
        for record in expected { try store.saveAndWait(record).get() }
        try store.saveAndWait(record("a", .cooling(until: Timestamp(seconds: 5)))).get()
        try store.saveAndWait(record("a", .quarantined(.forbidden))).get()
        try store.saveAndWait(record("a", .cooling(until: Timestamp(seconds: 7)), secret: 2)).get()
        expected.insert(record("a", .cooling(until: Timestamp(seconds: 7)), secret: 2), at: 0)
        #expect(try store.upstreamKeyRecords() == expected)
        store.close()
        store = try place.open()
        #expect(try store.upstreamKeyRecords() == expected)
        // An active key is nothing to remember.
        for known in expected { try store.saveAndWait(record(known.id.rawValue, .active)).get() }
        try store.saveAndWait(record("never", .active)).get()
        #expect(try store.upstreamKeyRecords() == [])
        store.close()
    }

    @Test("a key that is enabled has no state any more, another one keeps its own; as durable as the change around it")
    func enabled() throws {
        let store = try place.open()
        defer { store.close() }
        for id in ["a", "b"] { try store.saveAndWait(record(id, .quarantined(.unauthorized))).get() }
        try store.applyAndWait([.enableUpstreamKey(UpstreamKeyID(rawValue: "a"))], audit: nil)
        #expect(try store.upstreamKeyRecords() == [record("b", .quarantined(.unauthorized))])
    }

    @Test("a state that is damaged, or that no version has written, is a fault and not a guess")
    func damaged() throws {
        let store = try place.open()
        defer { store.close() }
        try store.saveAndWait(record("a", .quarantined(.forbidden))).get()
        for change in ["reason = 'weather'", "state = 'asleep', reason = NULL"] {
            try store.execute("UPDATE upstream_key_states SET \(change)")
            #expect(throws: StoreFault.self) { try store.upstreamKeyRecords() }
        }
    }

    @Test("a reservation that moves is the other key's from then on: when it ends, and when a crash leaves it")
    func moved() throws {
        var store = try place.open()
        func name(_ upstreamKey: String, _ id: Int64) -> Reservation { reservation(id: id, upstreamKey: upstreamKey) }
        for id in 1...3 as ClosedRange<Int64> { try store.reserveAndWait(name("old", id)).get() }
        for id in 1...2 as ClosedRange<Int64> { try store.moveAndWait(name("new", id)).get() }
        #expect(try store.endAndWait(settlement(of: name("new", 1), credits: 5)).get() == .done)
        store.close()
        store = try place.open()
        defer { store.close() }
        let rows = try store.rollUps()
        #expect(rows.map(\.upstreamKey.rawValue) == ["new", "old"])
        #expect(rows.map(\.spent.micros) == [5, 0])
        #expect(rows.map(\.unconfirmed.micros) == [3_000_000, 3_000_000])
        // What has ended, and what never was, does not move.
        for id in [1, 9] as [Int64] {
            #expect(throws: StoreFault.self) { try store.moveAndWait(name("old", id)).get() }
        }
        #expect(try store.rollUps() == rows)
    }
}
