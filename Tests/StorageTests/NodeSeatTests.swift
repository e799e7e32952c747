import Dispatch
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("The seat of a process")
struct NodeSeatTests {
    private let place = TemporaryStore(.postgreSQL)
    private let seats = "SELECT number, state FROM nodes ORDER BY number"

    private func check(_ store: Store) throws { try store.waitForAnswer { store.check(then: $0) } }

    private func open() throws -> Store {
        try Store.open(TestDatabases.target(place.database), as: TestDatabases.node) { Issue.record("fatal: \($0)") }
    }

    @Test("several processes have the database at a time, each with a number of its own that it gives back at its end")
    func several() throws {
        let first = try open()
        let second = try open()
        #expect(first.node == 0 && second.node == 1)
        try first.reserveAndWait(reservation(id: 7)).get()
        try second.reserveAndWait(reservation(id: 4_096 + 7)).get()
        #expect(try first.rows("SELECT id, state FROM ledger ORDER BY id") == ["7 0", "4103 0"])
        first.close()
        let third = try open()
        #expect(third.node == 2)
        second.close()
        third.close()
        #expect(try place.rows(seats) == ["0 dead", "1 dead", "2 dead"])
        let rest = "SELECT count(*) FROM nodes WHERE lease_until > extract(epoch FROM now()) * 1000000 - 3600000000"
        #expect(try place.rows(rest) == ["3"], "the numbers of those that have served rest from now on")
    }

    @Test("processes that start at a time get different numbers")
    func together() throws {
        let numbers = Guarded<[Int]>([])
        let stores = Guarded<[Store]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            do {
                let store = try open()
                numbers.withLock { $0.append(store.node) }
                stores.withLock { $0.append(store) }
            } catch {
                Issue.record("\(error)")
            }
        }
        for store in stores.withLock({ $0 }) { store.close() }
        #expect(numbers.withLock { $0.sorted() } == [0, 1, 2, 3])
    }

    @Test("a process whose start fails behind the seat gives it back")
    func failedStart() throws {
        let store = try place.open()
        try store.reserveAndWait(reservation()).get()
        try store.refuseInsertions(into: "usage")
        let killed = try place.killed()
        store.close()
        #expect(throws: StoreFault.self) { try killed.open() }
        #expect(try killed.rows("SELECT DISTINCT state FROM nodes") == ["dead"])
        #expect(try killed.rows("SELECT max(lease_until) FROM nodes") == ["0"], "its number need not rest")
    }

    @Test(
        "a process that was taken for dead, or whose commits the database has lost, ends itself and answers nothing as done",
        arguments: [
            "UPDATE nodes SET state = 'dead'", "UPDATE nodes SET incarnation = incarnation - 1",
            "UPDATE nodes SET beat = beat - 1", "DELETE FROM nodes",
        ]
    )
    func lost(_ change: String) throws {
        let faults = Guarded<[StoreFault]>([])
        let store = try place.open { fault in faults.withLock { $0.append(fault) } }
        try store.reserveAndWait(reservation(id: 7)).get()
        try place.execute(change)
        for id in 8...10 as ClosedRange<Int64> {
            let fault = #expect(throws: StoreFault.self) { try store.reserveAndWait(reservation(id: id)).get() }
            #expect(fault?.code == .unavailable)
        }
        store.close()
        let found = faults.withLock { $0 }
        #expect(found.count == 1 && found[0].detail.contains("to be started again"))
        #expect(try place.rows("SELECT id FROM ledger") == ["7"])
    }

    @Test("a process that does nothing finds out by itself that it was taken for dead")
    func idle() throws {
        let fatal = Answer<StoreFault>()
        let store = try place.open { fatal.give($0) }
        defer { store.close() }
        try place.execute("UPDATE nodes SET state = 'dead'")
        #expect(fatal.wait().detail.contains("node 0 was taken for dead"))
    }

    @Test("after a failure a check asks for room, which the beat of the seat does not need")
    func room() throws {
        let store = try place.open()
        defer { store.close() }
        try store.refuseInsertions(into: "landings")
        try check(store)
        try store.refuseInsertions(into: "ledger")
        #expect(throws: StoreFault.self) { try store.reserveAndWait(reservation()).get() }
        for _ in 0..<2 { #expect(throws: StoreFault.self) { try check(store) } }
        try store.allowChanges(of: "landings")
        try check(store)
        #expect(try place.rows("SELECT count(*) FROM landings") == ["0"])
    }

    @Test("a process that does nothing keeps its lease")
    func renewal() throws {
        let store = try place.open()
        defer { store.close() }
        let lease = { try place.rows("SELECT lease_until FROM nodes") }
        let deadline = Deadline.generous
        var (last, since) = (try lease(), ContinuousClock.now)
        // What the store does as it starts renews it too; what renews it later comes by itself.
        while true {
            try #require(!deadline.hasPassed)
            let next = try lease()
            if next == last { continue }
            if ContinuousClock.now - since >= NodeSeat.beatInterval / 2 { break }
            (last, since) = (next, ContinuousClock.now)
        }
        #expect(try place.rows("SELECT state FROM nodes") == ["live"])
    }
}
