import Budgeting
import Dispatch
import EventLoops
import Foundation
import Synchronization
import Testing
import Vocabulary

@testable import Storage

@Suite("LedgerTable")
struct LedgerTableTests {
    private let place = TemporaryStore()
    private let states = "SELECT id, state, credits, ended_at FROM ledger ORDER BY id"

    @Test("I2: a reservation is in the files when it is answered, with all its parts")
    func reserve() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: 7, estimate: 3_000_001)).get()
        let crashed = try place.killed().open()
        defer { crashed.close() }
        let row = """
            7 20000 accounts-payable 11111111 default main 0b13c9f2-5148-4ffb-bb7b-000000000001 gpt-4o-mini \
            \(key(1)) 0123456789abcdef 3000001 1728000000000000
            """
        let parts = """
            id, day, team, key, account, upstream_key, document_id, model, \(TestSQL.hexadecimal("cache_key")), request_id, estimate,
            created_at
            """
        #expect(try crashed.rows("SELECT \(parts) FROM ledger") == [row])
        #expect(try store.rows(states) == ["7 0 - -"])
    }

    @Test("I3: a reservation made twice is one, and one that has ended does not open again")
    func reserveTwice() throws {
        let store = try place.open()
        defer { store.close() }
        let first = reservation(id: 7)
        for _ in 1...2 { try store.reserveAndWait(first).get() }
        #expect(try store.rows(states) == ["7 0 - -"])
        #expect(try store.endAndWait(settlement(of: first)).get() == .done)
        try store.reserveAndWait(first).get()
        #expect(try store.rows(states) == ["7 1 2500000 1728000001000000"])
    }

    @Test("L14: a charge makes and ends its row in one transaction, with its roll-up, and a second one changes nothing")
    func charge() throws {
        let store = try place.open()
        defer { store.close() }
        let reservation = reservation(id: 7, estimate: 2_500_000)
        let before = store.commitCount
        #expect(try store.chargeAndWait(settlement(of: reservation)).get() == .done)
        #expect(store.commitCount == before + 1)
        #expect(try store.chargeAndWait(settlement(of: reservation)).get() == .repeated)
        let crashed = try place.killed().open()
        defer { crashed.close() }
        #expect(try crashed.rows(states) == ["7 1 2500000 1728000001000000"])
        #expect(try crashed.rows("SELECT spent, unconfirmed FROM usage") == ["2500000 0"])
        #expect(try crashed.opening().recoveredCount == 0)
    }

    @Test("L14: a charge whose booking fails leaves no row")
    func chargeThatFails() throws {
        let store = try place.open()
        defer { store.close() }
        try store.refuseInsertions(into: Self.writtenWithEndings[0])
        #expect(throws: StoreFault.self) { try store.chargeAndWait(settlement(of: reservation(id: 7))).get() }
        #expect(try store.rows(states) == [])
    }

    static let outcomes: [(outcome: ReservationEnding.Outcome, row: String, usage: [String])] = [
        (.settled(MicroCredits(micros: 2)), "7 1 2 1728000001000000", ["2 0"]),
        (.settled(.zero), "7 1 0 1728000001000000", []),
        (.released, "7 2 - 1728000001000000", []),
        (.unconfirmed, "7 3 - 1728000001000000", ["0 3000000"]),
    ]

    @Test(
        "I3: the first end holds, and a second one changes nothing, whatever it says",
        arguments: outcomes.indices,
        outcomes.indices
    )
    func endTwice(_ first: Int, _ second: Int) throws {
        let store = try place.open()
        defer { store.close() }
        let reservation = reservation(id: 7)
        try store.reserveAndWait(reservation).get()
        let (firstly, secondly) = (Self.outcomes[first], Self.outcomes[second])
        #expect(try store.endAndWait(ending(reservation, firstly.outcome)).get() == .done)
        let lesson = Lesson(documentPages: 3, rate: PageRate(credits: MicroCredits(micros: 1), pages: 1))
        let again = ending(reservation, secondly.outcome, lesson: lesson)
        #expect(try store.endAndWait(again, storing: result(1)).get() == .repeated)
        #expect(try store.rows(states) == [firstly.row])
        #expect(try store.rows("SELECT spent, unconfirmed FROM usage") == firstly.usage)
        #expect(try store.rows("SELECT spent, unconfirmed FROM usage_accounts") == firstly.usage)
        #expect(try store.rows("SELECT pages FROM documents UNION ALL SELECT pages FROM rates") == [])
        #expect(try store.findAndWait(key(1)).get() == nil)
    }

    @Test("I5: a settlement and its result are in the files when they are answered")
    func settle() throws {
        let store = try place.open()
        defer { store.close() }
        let reservation = reservation(id: 7)
        try store.reserveAndWait(reservation).get()
        #expect(try store.endAndWait(settlement(of: reservation), storing: result(1)).get() == .done)
        let crashed = try place.killed().open()
        defer { crashed.close() }
        #expect(try crashed.rows(states) == ["7 1 2500000 1728000001000000"])
        #expect(try crashed.rows("SELECT spent, unconfirmed FROM usage") == ["2500000 0"])
        #expect(try crashed.findAndWait(key(1)).get()?.body == result(1).body)
        #expect(try crashed.opening().recoveredCount == 0)
    }

    /// What a transaction with an ending writes beside the ledger: in a file sums and rates are booked later.
    private static let writtenWithEndings =
        StoreKind.tested == .file
        ? ["unbooked", "documents", "results"] : ["usage", "usage_accounts", "documents", "rates", "results"]

    @Test(
        "I3: an end of which one part fails leaves nothing, and can be made again",
        arguments: writtenWithEndings
    )
    func whole(_ table: String) throws {
        let store = try place.open()
        defer { store.close() }
        let reservation = reservation(id: 7)
        try store.reserveAndWait(reservation).get()
        try store.refuseInsertions(into: table)
        let lesson = Lesson(documentPages: 3, rate: PageRate(credits: MicroCredits(micros: 1), pages: 1))
        let settlement = ending(reservation, .settled(MicroCredits(micros: 2)), lesson: lesson)
        let fault = #expect(throws: StoreFault.self) {
            _ = try store.endAndWait(settlement, storing: result(1)).get()
        }
        #expect(fault?.detail.contains("refused") == true)
        #expect(try store.rows(states) == ["7 0 - -"])
        for table in ["usage", "usage_accounts", "documents", "rates", "results"] {
            #expect(try store.rows("SELECT count(*) FROM \(table)") == ["0"], "\(table)")
        }
        try store.allowChanges(of: table)
        #expect(try store.endAndWait(settlement, storing: result(1)).get() == .done)
        for table in ["usage", "usage_accounts", "documents", "rates", "results"] {
            #expect(try store.rows("SELECT count(*) FROM \(table)") == ["1"], "\(table)")
        }
    }

    @Test("the end of a reservation that is not there is a fault, and nothing is booked")
    func missing() throws {
        let store = try place.open()
        defer { store.close() }
        let fault = #expect(throws: StoreFault.self) {
            _ = try store.endAndWait(settlement(of: reservation(id: 8)), storing: result(1)).get()
        }
        #expect(fault?.code == .corrupt)
        #expect(fault?.detail == "the reservation 8 is not in the ledger")
        #expect(try store.rows("SELECT spent FROM usage") == [])
        #expect(try store.findAndWait(key(1)).get() == nil)
    }

    @Test("I3: reservations and ends from many threads are each done once, and share commits")
    func manyThreads() throws {
        let store = try place.open()
        defer { store.close() }
        let gate = Gate(store)
        let answers = DispatchGroup()
        let done = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<20 {
                let reservation = reservation(team: "team-\(thread)", estimate: 1)
                for _ in 1...3 { answers.enter() }
                store.reserve(reservation) { _ in answers.leave() }
                for credits in [10, 1_000] as [Int64] {
                    store.end(settlement(of: reservation, credits: credits), storing: nil) { outcome in
                        if case .success(.done) = outcome { done.add(1, ordering: .relaxed) }
                        answers.leave()
                    }
                }
            }
        }
        gate.open()
        answers.wait()
        #expect(done.load(ordering: .relaxed) == 160)
        #expect(store.commitCount == 2)
        #expect(try store.rows("SELECT team, spent FROM usage ORDER BY team") == (0..<8).map { "team-\($0) 200" })
    }
}

@Suite("Recovery of the ledger")
struct LedgerRecoveryTests {
    private let place = TemporaryStore()

    @Test("I3, I4: what a crash left reserved is unconfirmed at its estimate from the next start on, and once")
    func recovery() throws {
        let store = try place.open()
        defer { store.close() }
        for (id, day, estimate) in [(1, 20_000, 5), (2, 20_000, 7), (3, 20_001, 11), (4, 20_001, 13)] {
            let reservation = reservation(id: Int64(id), day: Int32(day), estimate: Int64(estimate))
            try store.reserveAndWait(reservation).get()
            if id == 2 { _ = try store.endAndWait(ending(reservation, .released)).get() }
            if id == 4 { _ = try store.endAndWait(ending(reservation, .unconfirmed)).get() }
        }
        let copy = try place.killed()
        let before = SystemClock.wall()
        for round in 1...2 {
            let crashed = try copy.open()
            #expect(try crashed.rows("SELECT id, state FROM ledger ORDER BY id") == ["1 3", "2 2", "3 3", "4 3"])
            #expect(try crashed.opening().recoveredCount == (round == 1 ? 2 : 0))
            let rows = try crashed.rollUps()
            #expect(rows.map(\.day.number) == [20_000, 20_001])
            #expect(rows.map(\.unconfirmed.micros) == [5, 24])
            #expect(
                try crashed.rows("SELECT * FROM usage_accounts ORDER BY day") == [
                    "default 20000 0 5", "default 20001 0 24",
                ]
            )
            #expect(rows.map(\.spent.micros) == [0, 0])
            let ended = try crashed.rows("SELECT ended_at FROM ledger WHERE id IN (1, 3)").map { Int64($0)! }
            #expect(ended.allSatisfy { $0 >= before.microseconds && $0 <= SystemClock.wall().microseconds })
            crashed.close()
        }
    }

    @Test("I3: a reservation that was made unconfirmed does not settle afterwards")
    func settledTooLate() throws {
        let store = try place.open()
        defer { store.close() }
        let reservation = reservation(id: 1, estimate: 5)
        try store.reserveAndWait(reservation).get()
        let crashed = try place.killed().open()
        defer { crashed.close() }
        #expect(try crashed.endAndWait(settlement(of: reservation)).get() == .repeated)
        #expect(try crashed.rows("SELECT spent, unconfirmed FROM usage") == ["0 5"])
    }

    @Test("a store that was closed in order has nothing to recover, and an empty one knows nothing")
    func nothing() throws {
        var store = try place.open()
        #expect(try store.opening() == LedgerOpening())
        try store.saveAndWait(result(1)).get()
        store.close()
        store = try place.open()
        defer { store.close() }
        #expect(try store.opening().recoveredCount == 0)
    }

    @Test(
        "recovery is whole: where its booking fails the store is refused, and the ledger is as it was",
        arguments: ["usage", "usage_accounts"]
    )
    func whole(_ table: String) throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: 1)).get()
        try store.refuseInsertions(into: table)
        let copy = try place.killed()
        #expect(throws: StoreFault.self) { try copy.open() }
        try copy.allowChanges(of: table)
        let crashed = try copy.open()
        defer { crashed.close() }
        #expect(try crashed.opening().recoveredCount == 1)
        #expect(try crashed.rows("SELECT unconfirmed FROM usage") == ["3000000"])
    }

    @Test("an identifier that leaves no room behind it is of no gateway: the ledger is not opened on it")
    func absurdIdentifier() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: ReservationID.greatestFound.rawValue)).get()
        #expect(try store.opening().lastReservation == .greatestFound)
        try store.reserveAndWait(reservation(id: .max)).get()
        #expect { try store.opening() } throws: { ($0 as? StoreFault)?.code == .corrupt }
    }
}
