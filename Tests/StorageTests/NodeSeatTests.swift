import Dispatch
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// One process at a time has the database.
@Suite("The seat of a process")
struct NodeSeatTests {
    private let place = TemporaryStore(.postgreSQL)
    private let seats = "SELECT number, state FROM nodes ORDER BY number"

    private func open(onWait: (String) -> Void) throws -> Store {
        try Store.open(TestDatabases.target(place.database), as: TestDatabases.node, onWait: onWait) {
            Issue.record("fatal: \($0)")
        }
    }

    /// Takes as long as a lease.
    @Test("a second process waits, says for whom, and is refused while the first one lives; it changes nothing")
    func second() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: 7)).get()
        var told: [String] = []
        let fault = #expect(throws: StoreFault.self) { try open { told.append($0) } }
        #expect(fault?.code == .inUse && fault?.detail.contains("node 0 (test, 127.0.0.1) has the database") == true)
        #expect(told == ["node 0 (test, 127.0.0.1)"])
        #expect(try place.rows(seats) == ["0 live"])
        #expect(try store.rows("SELECT state FROM ledger") == ["0"], "and has recovered nothing")
        try store.reserveAndWait(reservation()).get()
    }

    @Test("a process that waits is let in when the first one ends, without waiting for its lease")
    func successor() throws {
        let first = try place.open()
        let (waits, opened) = (DispatchSemaphore(value: 0), Answer<Result<Store, any Error>>())
        DispatchQueue.global().async { opened.give(Result { try open { _ in waits.signal() } }) }
        waits.wait()
        first.close()
        let ended = ContinuousClock.now
        let second = try opened.wait().get()
        defer { second.close() }
        #expect(ContinuousClock.now - ended < NodeSeat.lease)
        #expect(try place.rows(seats) == ["0 dead", "1 live"])
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
