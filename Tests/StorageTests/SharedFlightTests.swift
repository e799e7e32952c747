import Budgeting
import Caching
import Dispatch
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// One call for one question, over nodes: docs/nodes.md §2, "Batch", and §3.
@Suite("Flights over nodes")
struct SharedFlightTests {
    private let place = TemporaryStore(.postgreSQL)
    private let landing = Landing(outcome: #"{"kind": "a\0b"}"#, body: [0, 255])

    private func nodes(_ count: Int) throws -> [SharedNode] {
        try (0..<count).map { _ in try SharedNode(at: place, plan: .ofPages()) }
    }

    private func close(_ nodes: [SharedNode]) { for node in nodes { node.store.close() } }

    private func elsewhere(_ answer: SharedNode.Answer) -> ReservationID? {
        guard case .success(.elsewhere(let flight)) = answer else { return nil }
        return flight
    }

    private var left: [String] {
        get throws {
            try place.rows("SELECT (SELECT count(*) FROM flights), (SELECT count(*) FROM claims)")
        }
    }

    @Test("one question at three nodes: one has it under way, all others follow that one and get its landing")
    func once() throws {
        let nodes = try nodes(3)
        defer { close(nodes) }
        let answers = DispatchGroup()
        let found = Guarded<[(Int, SharedNode.Answer)]>([])
        for number in 0..<30 {
            answers.enter()
            nodes[number % 3].admit(question: 1) { answer in
                found.withLock { $0.append((number % 3, answer)) }
                answers.leave()
            }
        }
        answers.wait()
        let all = found.withLock { $0 }
        let admitted = all.compactMap { node, answer -> (Int, Reservation)? in
            guard case .success(.admitted(let reservation)) = answer else { return nil }
            return (node, reservation)
        }
        try #require(admitted.count == 1)
        let (leader, reservation) = admitted[0]
        #expect(all.compactMap { elsewhere($0.1) } == Array(repeating: reservation.id, count: 29))
        let landed = Guarded<[Result<LandingAnswer, StoreFault>]>([])
        for node in nodes {
            answers.enter()
            node.store.follow(reservation.id) { answer in
                landed.withLock { $0.append(answer) }
                answers.leave()
            }
        }
        try nodes[leader].endAndWait(reservation, .settled(MicroCredits(micros: 1_000_000)), landing: landing)
        answers.wait()
        #expect(try landed.withLock { $0 }.map { try $0.get() } == Array(repeating: .landed(landing), count: 3))
        #expect(try left == ["0 0"])
    }

    @Test("what another node has stored meanwhile answers a question, unless only something newer does")
    func stored() throws {
        let nodes = try nodes(2)
        defer { close(nodes) }
        let first = try nodes[0].reserveAndWait(question: 2)
        let stored = result(2, storedAt: Timestamp(seconds: 1_000))
        try nodes[0].endAndWait(first, .settled(MicroCredits(micros: 1)), storing: stored, landing: landing)
        guard case .success(.stored) = nodes[1].admitAndWait(question: 2) else { return fail("paid for again") }
        #expect(try left == ["0 0"], "and nothing is claimed")
        #expect(try place.rows("SELECT count(*) FROM landings") == ["0"], "nobody waited")
        for accepted in [Timestamp(seconds: 1_000), nil] {
            let answer = Answer<SharedNode.Answer>()
            nodes[1].admit(question: 2, acceptsStoredAfter: accepted) { answer.give($0) }
            guard case .success(.admitted(let reservation)) = answer.wait() else { return fail("not asked") }
            try nodes[1].endAndWait(reservation, .released, landing: landing)
        }
    }

    @Test("a question is free again after a refusal, and after an ending of any kind")
    func free() throws {
        let place = place
        let nodes = try (0..<2).map { _ in
            try SharedNode(at: place, plan: .ofPages(organization: [enforced(.day, 2)]))
        }
        defer { close(nodes) }
        for node in nodes {
            guard case .success(.refused) = node.admitAndWait(pages: 3, question: 3) else {
                return fail("3 > 2")
            }
        }
        #expect(try left == ["0 0"])
        for outcome in [ReservationEnding.Outcome.released, .unconfirmed, .settled(.zero)] {
            let reservation = try nodes[0].reserveAndWait(question: 3)
            #expect(elsewhere(nodes[1].admitAndWait(question: 3)) == reservation.id)
            try nodes[0].endAndWait(reservation, outcome, landing: landing)
            #expect(try nodes[1].followAndWait(reservation.id) == .landed(landing))
            #expect(try left == ["0 0"])
        }
    }

    @Test("a flight that is gone without a landing is lost, and so is one that never was")
    func lost() throws {
        let nodes = try nodes(2)
        defer { close(nodes) }
        let reservation = try nodes[0].reserveAndWait(question: 4)
        #expect(elsewhere(nodes[1].admitAndWait(question: 4)) == reservation.id)
        try place.execute("DELETE FROM claims", "DELETE FROM flights")
        #expect(try nodes[1].followAndWait(reservation.id) == .lost)
        #expect(try nodes[1].followAndWait(ReservationID(rawValue: 0)) == .lost)
        _ = try nodes[1].reserveAndWait(question: 4)
    }

    @Test(
        "nothing is stored of an answer whose flight a purge concerned, was taken away, or whose document is being changed",
        arguments: [
            "UPDATE flights SET is_storable = 0", "DELETE FROM flights",
            "INSERT INTO document_changes (document_id, id, node) SELECT document_id, 1, 0 FROM flights",
        ]
    )
    func overtaken(_ change: String) throws {
        let nodes = try nodes(1)
        defer { close(nodes) }
        let reservation = try nodes[0].reserveAndWait(question: 5)
        try place.execute(change)
        try nodes[0].endAndWait(
            reservation,
            .settled(MicroCredits(micros: 1_000_000)),
            storing: result(5),
            landing: landing
        )
        #expect(try nodes[0].store.findAndWait(key(5)).get() == nil)
        #expect(try place.rows("SELECT state FROM ledger") == ["1"], "booked all the same")
        #expect(try left == ["0 0"])
    }

    @Test("a request that shares nothing claims nothing")
    func alone() throws {
        let nodes = try nodes(1)
        defer { close(nodes) }
        let reservation = try nodes[0].reserveAndWait()
        #expect(try left == ["0 0"])
        try nodes[0].endAndWait(reservation, .released)
    }

    @Test("those who follow are told when the store ends")
    func closing() throws {
        let nodes = try nodes(2)
        defer { close(nodes) }
        let reservation = try nodes[0].reserveAndWait(question: 6)
        let answer = Answer<Result<LandingAnswer, StoreFault>>()
        nodes[1].store.follow(reservation.id) { answer.give($0) }
        nodes[1].store.close()
        #expect(throws: StoreFault.self) { try answer.wait().get() }
        #expect(throws: StoreFault.self) { try nodes[1].followAndWait(reservation.id) }
    }

    @Test("questions at two nodes in opposite order, many at a time, are in nobody's way")
    func order() throws {
        let nodes = try nodes(2)
        defer { close(nodes) }
        let answers = DispatchGroup()
        let admitted = Guarded(0)
        for round in 0..<20 {
            for number in 0..<20 {
                for (index, node) in nodes.enumerated() {
                    answers.enter()
                    let question = UInt64(100 + (index == 0 ? number : 19 - number) + 20 * round)
                    node.admit(question: question) { answer in
                        guard case .success(.admitted(let reservation)) = answer else { return answers.leave() }
                        admitted.withLock { $0 += 1 }
                        DispatchQueue.global().async {
                            _ = try? node.endAndWait(reservation, .released, landing: Landing(outcome: "", body: []))
                            answers.leave()
                        }
                    }
                }
            }
        }
        answers.wait()
        #expect(admitted.withLock { $0 } >= 400)
        #expect(try left == ["0 0"])
        #expect(nodes.allSatisfy { $0.gate.openCount == 0 })
    }
}
