import Alerting
import Testing
import Vocabulary

@testable import Storage

@Suite("AlertTable")
struct AlertTableTests {
    private let place = TemporaryStore()
    private static let now = Timestamp(seconds: 1_728_000_000)

    private func alert(
        _ subject: String,
        _ course: AlertCondition.Course = .lasting,
        at moment: Timestamp = now
    ) -> NewAlert {
        NewAlert(AlertCondition(.keyQuarantined, subject, course, AlertFacts("\(subject) \"is\" out")), at: moment)
    }

    private func raise(_ store: Store, _ alerts: [NewAlert]) throws -> [AlertOutbox.Item] {
        try store.waitForAnswer { store.raise(alerts, then: $0) }
    }

    private func opening(_ store: Store) throws -> AlertOpening {
        try store.waitForAnswer { store.openAlerts(then: $0) }
    }

    private func page(_ store: Store, before id: Int64? = nil, atMost count: Int = 100) throws -> [AlertRecord] {
        try store.waitForAnswer { store.alerts(before: id, atMost: count, then: $0) }
    }

    private func close(_ store: Store, _ names: [String]) throws {
        try store.waitForAnswer { store.closeAlerts(names, then: $0) }
    }

    private func note(
        _ store: Store,
        _ id: Int64,
        _ state: AlertState,
        _ attempts: Int,
        _ detail: String = "HTTP 500"
    ) throws {
        let delivery = AlertDelivery(id: id, state: state, attempts: attempts, detail: detail, at: Self.now)
        try store.waitForAnswer { store.note(delivery, then: $0) }
    }

    @Test("an open condition is recorded once, and again after it was closed")
    func once() throws {
        let store = try place.open()
        defer { store.close() }
        let first = try raise(store, [alert("k1"), alert("k1"), alert("k2")])
        #expect(first.map(\.id) == [Self.now.microseconds, Self.now.microseconds + 1])
        #expect(try raise(store, [alert("k1", at: Self.now + .seconds(5))]) == [])
        try close(store, ["key_quarantined|k1", "key_quarantined|unknown"])
        let again = try raise(store, [alert("k1", at: Self.now + .seconds(5))])
        #expect(again.map(\.id) == [(Self.now + .seconds(5)).microseconds])
        #expect(try page(store).count == 3)
    }

    @Test("what is open and what waits is there after a crash, with its attempts")
    func restart() throws {
        let end = Self.now + .seconds(100)
        let copy: TemporaryStore
        do {
            let store = try place.open()
            defer { store.close() }
            let items = try raise(
                store,
                [alert("k1"), alert("k2", .dated(until: end)), alert("k3", .dated(until: nil))]
            )
            try note(store, items[0].id, .delivered, 1, "HTTP 204")
            try note(store, items[1].id, .pending, 7)
            try close(store, ["key_quarantined|k3"])
            copy = try place.killed()
        }
        let store = try copy.open()
        defer { store.close() }
        let opening = try opening(store)
        #expect(
            opening.open == [
                AlertBook.Entry(name: "key_quarantined|k1", raisedAt: Self.now, course: .lasting),
                AlertBook.Entry(name: "key_quarantined|k2", raisedAt: Self.now, course: .dated(until: end)),
            ]
        )
        #expect(opening.pending.map(\.attempts) == [7, 0])
        #expect(opening.pending[0].facts == alert("k2").facts)
    }

    @Test("attempts that no program has written are damage", arguments: [1 << 32, Int64.max])
    func absurdAttempts(_ count: Int64) throws {
        let store = try place.open()
        defer { store.close() }
        _ = try raise(store, [alert("k1")])
        try place.execute("UPDATE alerts SET attempts = \(count)")
        #expect(#expect(throws: StoreFault.self) { try opening(store) }?.code == .corrupt)
        #expect(#expect(throws: StoreFault.self) { try page(store) }?.code == .corrupt)
    }

    @Test("the list is newest first, by pages, with what became of each")
    func list() throws {
        let store = try place.open()
        defer { store.close() }
        let items = try raise(store, (0..<5).map { alert("k\($0)") })
        try note(store, items[4].id, .givenUp, 100, "connection refused")
        let first = try page(store, atMost: 2)
        #expect(first.map(\.id) == [items[4].id, items[3].id])
        #expect(first[0].state == .givenUp && first[0].attempts == 100 && first[0].detail == "connection refused")
        #expect(first[0].triedAt == Self.now)
        #expect(first[1].state == .pending && first[1].attempts == 0 && first[1].detail == nil)
        #expect(try page(store, before: items[3].id).map(\.id) == items[..<3].reversed().map(\.id))
    }

    @Test("what is old, closed and waits no longer goes; what is open or waits stays")
    func retention() throws {
        let store = try place.open()
        defer { store.close() }
        let items = try raise(store, ["closed", "open", "waiting"].map { alert($0) })
        for item in items[..<2] { try note(store, item.id, .delivered, 1) }
        try close(store, ["key_quarantined|closed", "key_quarantined|waiting"])
        _ = try raise(store, [alert("later", at: Self.now + AlertLimits.kept)])
        #expect(try page(store).count == 4)
        _ = try raise(store, [alert("last", at: Self.now + AlertLimits.kept + .seconds(1))])
        #expect(try page(store).map(\.id).suffix(2) == [items[2].id, items[1].id])
    }

    @Test("one that finds too many waiting is listed as given up")
    func bound() throws {
        let store = try place.open()
        defer { store.close() }
        let most = Int(AlertLimits.pending)
        #expect(try raise(store, (0..<most + 1).map { alert("k\($0)") }).count == most)
        let last = try page(store, atMost: 1)[0]
        #expect(last.state == .givenUp && last.detail == "10000 alerts wait already")
        #expect(try opening(store).open.count == most + 1)
    }
}
