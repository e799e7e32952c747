import Budgeting
import Synchronization
import Testing
import Vocabulary

@testable import Storage

@Suite("WriteGroup")
struct WriteGroupTests {
    private let place = TemporaryStore()

    @Test("I3: the others of a group in which some fail are done once, although the group is begun again")
    func someFail() throws {
        let store = try place.open()
        defer { store.close() }
        let reservations = (1...5).map { reservation(id: Int64($0), document: UInt64($0)) }
        for reservation in reservations { try store.reserveAndWait(reservation).get() }
        try store.refuseInsertions(into: "results", when: "new.document_id LIKE '%3' OR new.document_id LIKE '%4'")
        let commits = store.commitCount
        let gate = Gate(store)
        let answers = reservations.map { _ in Answer<Result<EndingAnswer, StoreFault>>() }
        for (reservation, answer) in zip(reservations, answers) {
            let number = UInt64(reservation.id.rawValue)
            store.end(settlement(of: reservation, credits: 10), storing: result(number)) { answer.give($0) }
        }
        gate.open()
        let outcomes = answers.map { $0.wait() }
        #expect(outcomes.map { try? $0.get() } == [.done, .done, nil, nil, .done])
        #expect(store.commitCount == commits + 2)
        #expect(try store.rows("SELECT spent FROM usage") == ["30"])
        #expect(try store.rows("SELECT state FROM ledger ORDER BY id") == ["1", "1", "0", "0", "1"])
    }

    @Test("each operation that fails has its own fault, and no other")
    func severalFail() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: 1)).get()
        let gate = Gate(store)
        let answers = (1...4).map { _ in Answer<Result<EndingAnswer, StoreFault>>() }
        for (id, answer) in zip([7, 8, 1, 1] as [Int64], answers) {
            store.end(settlement(of: reservation(id: id)), storing: nil) { answer.give($0) }
        }
        gate.open()
        let faults = answers.prefix(2).map { answer in #expect(throws: StoreFault.self) { _ = try answer.wait().get() }
        }
        #expect(
            faults.map { $0?.detail } == [
                "the reservation 7 is not in the ledger", "the reservation 8 is not in the ledger",
            ]
        )
        #expect(try answers[2].wait().get() == .done)
        #expect(try answers[3].wait().get() == .repeated)
    }

    @Test("an operation alone is tried once")
    func alone() throws {
        struct Refusal: Error {}
        let store = try place.open()
        defer { store.close() }
        let attempts = Atomic<Int>(0)
        let answer = Answer<Result<Void, StoreFault>>()
        store.perform(
            { _ in
                attempts.add(1, ordering: .relaxed)
                throw Refusal()
            },
            then: { answer.give($0) }
        )
        #expect(throws: StoreFault.self) { try answer.wait().get() }
        #expect(attempts.load(ordering: .relaxed) == 1)
    }

    @Test(
        "I2: what a full disk refuses is refused whole, what was answered stays, and it is over when there is room",
        .filesOnly("a limit of SQLite's is the full disk")
    )
    func full() throws {
        let store = try place.open()
        defer { store.close() }
        let first = reservation(id: 1)
        try store.reserveAndWait(first).get()
        let pages = try #require(Int(try store.rows("PRAGMA page_count")[0]))
        _ = try store.rows("PRAGMA max_page_count = \(pages)")
        var answered = [first.id.rawValue]
        var fault: StoreFault?
        for id in 2...100 as ClosedRange<Int64> where fault == nil {
            do { try store.reserveAndWait(reservation(id: id)).get() } catch { fault = error }
            if fault == nil { answered.append(id) }
        }
        #expect(fault?.code == .full)
        let refused = store.endAndWait(settlement(of: first), storing: result(1, bodyBytes: 20_000))
        #expect(#expect(throws: StoreFault.self) { _ = try refused.get() }?.code == .full)
        #expect(try store.rows("SELECT id, state FROM ledger ORDER BY id") == answered.map { "\($0) 0" })
        #expect(try store.rows("SELECT spent FROM usage") == [])
        _ = try store.rows("PRAGMA max_page_count = 1000000")
        #expect(try store.endAndWait(settlement(of: first), storing: result(1, bodyBytes: 20_000)).get() == .done)
        #expect(try store.rows("SELECT spent FROM usage") == ["2500000"])
    }
}
