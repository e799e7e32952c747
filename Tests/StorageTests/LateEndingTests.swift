import Budgeting
import Dispatch
import Registry
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// What a process ends that was taken for dead: docs/nodes.md §3, "End from its state".
@Suite("Late endings")
final class LateEndingTests: Sendable {
    private let place = TemporaryStore(.postgreSQL)
    private let losses = Guarded<[StoreFault]>([])

    private static let plan = BudgetPlan.ofPages(organization: [enforced(.total, 100)])

    /// A node whose seat may be lost.
    private func node() throws -> SharedNode {
        try SharedNode(at: place, plan: Self.plan, onFatal: { [self] fault in losses.withLock { $0.append(fault) } })
    }

    /// Another process at the database. It has ended what it could when it is there.
    private func beside() throws -> Store {
        try Store.open(TestDatabases.target(place.database), as: TestDatabases.node) { Issue.record("fatal: \($0)") }
    }

    private func credits(_ number: Int64) -> MicroCredits { MicroCredits(micros: number * 1_000_000) }

    /// Has another node end what the first one has open.
    private func sweep() throws {
        try place.execute("UPDATE nodes SET state = 'dead', lease_until = 0 WHERE number = 0")
        let other = try beside()
        #expect(try place.rows("SELECT count(*) FROM ledger WHERE state = 0") == ["0"])
        other.close()
    }

    private let ledger = "SELECT state, coalesce(credits, -1) FROM ledger ORDER BY id"
    private let sums = "SELECT sum(spent), sum(unconfirmed) FROM usage"

    @Test(
        "the vendor's figure resolves what a sweep has made unconfirmed, once; it is in the audit log and in all sums"
    )
    func resolved() throws {
        let node = try node()
        defer { node.store.close() }
        let reservation = try node.reserveAndWait(pages: 5, question: 1)
        try sweep()
        #expect(try place.rows(ledger) == ["3 -1"])
        let stored = result(1)
        let landing = Landing(outcome: "{}", body: [])
        #expect(try node.endAndWait(reservation, .settled(credits(3)), storing: stored, landing: landing) == .done)
        #expect(try place.rows(ledger) == ["4 3000000"])
        #expect(try place.rows(sums) == ["3000000 0"])
        #expect(try place.rows("SELECT sum(spent), sum(unconfirmed) FROM usage_accounts") == ["3000000 0"])
        #expect(try place.rows("SELECT sum(spent), sum(unconfirmed) FROM usage_documents") == ["3000000 0"])
        try place.auditBalances()
        let entries = try place.rows(
            "SELECT actor, role, action, target, before, after FROM audit ORDER BY id DESC LIMIT 1"
        )
        #expect(
            entries == [
                "node 0, late program reservation.resolve reservation/\(reservation.id.rawValue) "
                    + #"{"state": "unconfirmed", "credits": null} {"state": "resolved", "credits": 3}"#
            ]
        )
        #expect(try place.rows("SELECT count(*) FROM results") == ["0"], "nobody noted whether it was purged")
        #expect(try node.endAndWait(reservation, .settled(credits(3))) == .repeated)
        #expect(try place.rows(sums) == ["3000000 0"])
        #expect(losses.withLock { $0.count } == 1)
    }

    @Test("what was not sent, or cost nothing, is resolved at 0; what nobody knows stays unconfirmed")
    func free() throws {
        let node = try node()
        defer { node.store.close() }
        let (free, unknown) = (try node.reserveAndWait(pages: 5), try node.reserveAndWait(pages: 7))
        try sweep()
        #expect(try node.endAndWait(free, .released) == .done)
        #expect(try node.endAndWait(unknown, .unconfirmed) == .repeated)
        #expect(try place.rows(ledger) == ["4 0", "3 -1"])
        #expect(try place.rows(sums) == ["0 7000000"])
        #expect(try place.rows("SELECT count(*) FROM payments") == ["1"])
        try place.auditBalances()
    }

    @Test("what an operator has resolved meanwhile stays as it is")
    func operatorFirst() throws {
        let node = try node()
        defer { node.store.close() }
        let reservation = try node.reserveAndWait(pages: 5)
        try sweep()
        let other = try beside()
        let resolution = Resolution(of: reservation, credits: credits(4), at: Timestamp(seconds: 9))
        let audit = AuditEntry(
            at: Timestamp(seconds: 9),
            actor: "ops",
            role: "operator",
            action: "reservation.resolve",
            target: "",
            address: "",
            before: nil,
            after: nil
        )
        #expect(try other.waitForAnswer { other.resolve(resolution, audit: audit, then: $0) } == .done)
        other.close()
        #expect(try node.endAndWait(reservation, .settled(credits(3))) == .repeated)
        #expect(try place.rows(ledger) == ["4 4000000"])
        #expect(try place.rows(sums) == ["4000000 0"])
        try place.auditBalances()
    }

    @Test(
        "what no sweep has ended yet ends as if the seat were there, booked to the upstream key of its row",
        arguments: ["UPDATE nodes SET incarnation = incarnation - 1", "UPDATE nodes SET beat = beat - 1"]
    )
    func reserved(_ change: String) throws {
        let node = try node()
        defer { node.store.close() }
        let (paid, free) = (try node.reserveAndWait(pages: 5), try node.reserveAndWait(pages: 7))
        let moved = "UPDATE ledger SET upstream_key = 'other' WHERE id = \(paid.id.rawValue)"
        let balance = "UPDATE balances SET reserved = reserved - 5000000 WHERE scope = 'upstream_key'"
        let other = "INSERT INTO balances SELECT scope, 'other', day, node, 0, 0, 5000000 FROM balances"
        try place.execute(change, moved, balance, other + " WHERE scope = 'upstream_key'")
        #expect(try node.endAndWait(paid, .settled(credits(3))) == .done)
        #expect(try node.endAndWait(free, .released) == .done)
        #expect(try place.rows(ledger) == ["1 3000000", "2 -1"])
        #expect(try place.rows(sums) == ["3000000 0"])
        try place.auditBalances()
        try sweep()
        #expect(try place.rows(ledger) == ["1 3000000", "2 -1"])
        try place.auditBalances()
    }

    @Test("a row that the database has lost is inserted whole, once")
    func lostRow() throws {
        let node = try node()
        defer { node.store.close() }
        let reservation = try node.reserveAndWait(pages: 5)
        try place.execute("DELETE FROM ledger", "DELETE FROM balances", "UPDATE nodes SET beat = beat - 1")
        #expect(try node.endAndWait(reservation, .settled(credits(3))) == .done)
        #expect(try node.endAndWait(reservation, .settled(credits(3))) == .repeated)
        #expect(try place.rows(ledger) == ["1 3000000"])
        #expect(try place.rows(sums) == ["3000000 0"])
        try place.auditBalances()
    }

    @Test("a row of another process with the same identifier stays as it is")
    func otherRow() throws {
        let node = try node()
        defer { node.store.close() }
        let reservation = try node.reserveAndWait(pages: 5)
        try place.execute("UPDATE ledger SET request_id = 'another'", "UPDATE nodes SET beat = beat - 1")
        let fault = #expect(throws: StoreFault.self) { try node.endAndWait(reservation, .settled(credits(3))) }
        #expect(fault?.code == .corrupt)
        #expect(try place.rows(ledger) == ["0 -1"])
        try place.auditBalances()
    }

    @Test("a charge without a reservation is booked as well")
    func charge() throws {
        let node = try node()
        defer { node.store.close() }
        try place.execute("UPDATE nodes SET state = 'dead'")
        let charge = settlement(of: reservation(id: 9), credits: 3_000_000)
        #expect(try node.store.waitForAnswer { node.store.charge(charge, then: $0) } == .done)
        #expect(try node.store.waitForAnswer { node.store.charge(charge, then: $0) } == .repeated)
        #expect(try place.rows(ledger) == ["1 3000000"])
        try place.auditBalances()
    }

    @Test("endings that come while a sweep ends their rows are counted once, and nobody waits in a circle")
    func race() throws {
        let node = try node()
        let reservations = try (0..<80).map { _ in try node.reserveAndWait(pages: 1) }
        try place.execute("UPDATE nodes SET state = 'dead', lease_until = 0 WHERE number = 0")
        let answers = DispatchGroup()
        for reservation in reservations {
            answers.enter()
            node.store.end(ending(reservation, .settled(credits(1))), storing: nil) { answer in
                if case .failure(let fault) = answer { Issue.record("\(fault)") }
                answers.leave()
            }
        }
        let other = try beside()
        answers.wait()
        other.close()
        #expect(node.store.writer.metrics.node.failureCounts.allSatisfy { $0.0 != .conflict || $0.1 == 0 })
        node.store.close()
        #expect(try place.rows("SELECT count(*) FROM ledger WHERE state IN (1, 4) AND credits = 1000000") == ["80"])
        #expect(try place.rows(sums) == ["80000000 0"])
        try place.auditBalances()
    }

    @Test("who waits for a flight of another node is told at once, since nobody looks for its landing any more")
    func follower() throws {
        let node = try node()
        defer { node.store.close() }
        let flight = ReservationID(rawValue: 1 << 40 | 5 << 12)
        let key = "CAST(repeat('1', 32) AS BYTEA)"
        try place.execute("INSERT INTO flights VALUES (\(flight.rawValue), \(key), 5, 'a', 'd', 't', NULL, 1, 1)")
        let answer = Answer<Result<LandingAnswer, StoreFault>>()
        node.store.follow(flight) { answer.give($0) }
        try place.execute("UPDATE nodes SET state = 'dead' WHERE number = 0")
        #expect(throws: StoreFault.self) { try answer.wait().get() }
    }

    @Test("nothing is begun without a seat")
    func refused() throws {
        let node = try node()
        defer { node.store.close() }
        let reservation = try node.reserveAndWait(pages: 5)
        try place.execute("UPDATE nodes SET state = 'dead'")
        for _ in 0..<2 {
            let fault = #expect(throws: StoreFault.self) { try node.admitAndWait().get() }
            #expect(fault?.detail.contains("taken for dead") == true)
        }
        #expect(!node.store.standing.maySend(sinceBoot: MonotonicInstant(nanoseconds: 0)))
        #expect(node.store.standing.isStale(at: MonotonicInstant(nanoseconds: 0)))
        #expect(!node.store.standing.isFirst)
        #expect(try place.rows("SELECT id FROM ledger") == ["\(reservation.id.rawValue)"])
    }
}
