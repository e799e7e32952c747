import Budgeting
import Testing
import Vocabulary

@testable import Storage

@Suite("LedgerFloorTable", .filesOnly("a database has an index of what is reserved"))
struct LedgerFloorTableTests {
    private let place = TemporaryStore()

    /// Has everything booked, too.
    private func floor(_ store: Store) throws -> Int64? {
        try store.rows("SELECT open_from FROM ledger_floor").first.flatMap(Int64.init)
    }

    private func settle(_ store: Store, _ id: Int64) throws {
        #expect(try store.endAndWait(settlement(of: reservation(id: id))).get() == .done)
    }

    @Test("it rises to the first row that is reserved, and to the newest row when none is")
    func rises() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try floor(store) == 0)
        for id: Int64 in [7, 8, 9] { try store.reserveAndWait(reservation(id: id)).get() }
        try settle(store, 8)
        #expect(try floor(store) == 7)
        try settle(store, 7)
        #expect(try floor(store) == 9)
        try settle(store, 9)
        #expect(try floor(store) == 9)
    }

    @Test("it rises with counts of requests, also when no ending waits to be booked")
    func risesWithCounts() throws {
        let store = try place.open()
        defer { store.close() }
        for id: Int64 in [7, 8] { try store.reserveAndWait(reservation(id: id)).get() }
        #expect(try store.endAndWait(ending(reservation(id: 7), .released)).get() == .done)
        #expect(try floor(store) == 0)
        try store.addAndWait([], uses: [TeamKeyUse(key: TeamKeyID(rawValue: "k"), at: Timestamp(seconds: 1))]).get()
        #expect(try floor(store) == 8)
    }

    @Test("I4: a reservation from before it lowers it, is listed, and becomes unconfirmed after a kill")
    func lowers() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: 9)).get()
        try settle(store, 9)
        #expect(try floor(store) == 9)
        try store.reserveAndWait(reservation(id: 7)).get()
        #expect(try floor(store) == 7)
        try store.reserveAndWait(reservation(id: 8)).get()
        #expect(try floor(store) == 7)
        var question = LedgerQuestion(count: 10)
        question.state = .reserved
        #expect(try store.rowsAndWait(question).get().rows.map(\.reservation.id.rawValue) == [8, 7])
        let crashed = try place.killed().open()
        defer { crashed.close() }
        #expect(try crashed.opening().recoveredCount == 2)
        #expect(try crashed.rows("SELECT id, state FROM ledger ORDER BY id") == ["7 3", "8 3", "9 1"])
        #expect(try floor(crashed) == 9)
    }

    @Test("what a reservation that failed did to it is undone, and the next one lowers it")
    func failure() throws {
        let store = try place.open()
        defer { store.close() }
        try store.reserveAndWait(reservation(id: 9)).get()
        try settle(store, 9)
        try store.refuseInsertions(into: "ledger")
        #expect(throws: StoreFault.self) { try store.reserveAndWait(reservation(id: 7)).get() }
        #expect(try floor(store) == 9)
        try store.allowChanges(of: "ledger")
        try store.reserveAndWait(reservation(id: 8)).get()
        #expect(try floor(store) == 8)
    }

    @Test("a start looks at no row before it, and a restore tells one that is reserved there")
    func behind() throws {
        let store = try place.open()
        for id: Int64 in [7, 8] { try store.reserveAndWait(reservation(id: id)).get() }
        try store.execute("UPDATE ledger_floor SET open_from = 8")
        #expect(
            try store.performAndWait { try StoreSums.faults($0.database, schema: StoreSchema.version) }.get() == [
                "reserved rows of the ledger that no start would end: 1"
            ]
        )
        store.close()
        let next = try place.open()
        defer { next.close() }
        #expect(try next.rows("SELECT id, state FROM ledger ORDER BY id") == ["7 0", "8 3"])
    }

    @Test("a store without one is damaged")
    func missing() throws {
        let store = try place.open()
        try store.execute("DELETE FROM ledger_floor")
        store.close()
        let fault = #expect(throws: StoreFault.self) { try place.open() }
        #expect(fault?.code == .corrupt)
    }
}
