import Budgeting
import Dispatch
import EventLoops
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// Several nodes spend from one database: docs/nodes.md §3, "Scopes" and "Endings first".
@Suite("Budgets over nodes")
struct SharedBudgetTests {
    private let place = TemporaryStore(.postgreSQL)
    private static let sales = TeamID(rawValue: "sales")

    private func nodes(_ count: Int, _ plan: BudgetPlan) throws -> [SharedNode] {
        try (0..<count).map { _ in try SharedNode(at: place, plan: plan) }
    }

    private func close(_ nodes: [SharedNode]) { for node in nodes { node.store.close() } }

    @Test(
        "many asks at three nodes: as many are admitted as there is room for, and no more",
        arguments: [BudgetScope.organization, .team(sales), .upstreamKey(UpstreamKeyID(rawValue: "main"))]
    )
    func race(_ scope: BudgetScope) throws {
        let room: Int64 = 40
        let plan: BudgetPlan =
            switch scope {
            case .organization: .ofPages(organization: [enforced(.day, room)])
            case .team, .key: .ofPages(teams: [Self.sales: [enforced(.month, room)]])
            case .upstreamKey(let key): .ofPages(upstreamKeys: [key: MicroCredits(micros: room * 1_000_000)])
            }
        let nodes = try nodes(3, plan)
        defer { close(nodes) }
        let admitted = Guarded<[(Int, Reservation)]>([])
        let refused = Guarded(0)
        let answers = DispatchGroup()
        for number in 0..<120 {
            answers.enter()
            let node = number % nodes.count
            nodes[node].admit { answer in
                switch answer {
                case .success(.admitted(let reservation)): admitted.withLock { $0.append((node, reservation)) }
                case .success(.refused(let refusal)):
                    #expect(refusal.scope == scope)
                    refused.withLock { $0 += 1 }
                default: Issue.record("\(answer)")
                }
                answers.leave()
            }
        }
        answers.wait()
        let reservations = admitted.withLock { $0 }
        #expect(reservations.count == Int(room) && refused.withLock { $0 } == 120 - Int(room))
        #expect(Set(reservations.map(\.1.id)).count == Int(room))
        try place.auditBalances()
        // What one node gives back is there for the others.
        let (node, last) = try #require(reservations.last)
        try nodes[node].endAndWait(last, .released)
        _ = try nodes[(node + 1) % 3].reserveAndWait()
        for number in 0..<3 {
            guard case .success(.refused) = nodes[number].admitAndWait() else { return fail("room for one more") }
        }
        try place.auditBalances()
    }

    @Test("what a call cost above its estimate, and what is unconfirmed, counts at the other nodes")
    func endings() throws {
        let nodes = try nodes(2, .ofPages(organization: [enforced(.total, 10)]))
        defer { close(nodes) }
        let (first, second) = (try nodes[0].reserveAndWait(pages: 2), try nodes[0].reserveAndWait(pages: 2))
        try nodes[0].endAndWait(first, .settled(MicroCredits(micros: 5_000_000)))
        try nodes[0].endAndWait(second, .unconfirmed)
        guard case .success(.refused) = nodes[1].admitAndWait(pages: 4) else { return fail("5 + 2 + 4 > 10") }
        let rest = try nodes[1].reserveAndWait(pages: 3)
        guard case .success(.refused) = nodes[0].admitAndWait() else { return fail("nothing is left") }
        try nodes[1].endAndWait(rest, .released)
        try place.auditBalances()
        #expect(nodes[0].gate.openCount == 0 && nodes[1].gate.openCount == 0)
    }

    @Test("a resolution at another node is booked once, and gives its room back to all")
    func resolution() throws {
        let nodes = try nodes(2, .ofPages(organization: [enforced(.day, 4)]))
        defer { close(nodes) }
        let reservation = try nodes[0].reserveAndWait(pages: 3)
        try nodes[0].endAndWait(reservation, .unconfirmed)
        let resolution = Resolution(of: reservation, credits: MicroCredits(micros: 1_000_000), at: SystemClock.wall())
        nodes[1].gate.hold(resolution)
        let answer = Answer<Result<ResolutionAnswer, StoreFault>>()
        nodes[1].store.resolve(resolution, audit: auditEntry("ledger.resolve")) { answer.give($0) }
        #expect(try answer.wait().get() == .done)
        nodes[1].gate.resolve(resolution)
        try place.auditBalances()
        for node in nodes { try node.endAndWait(try node.reserveAndWait(pages: 3), .released) }
        guard case .success(.refused) = nodes[0].admitAndWait(pages: 4) else { return fail("1 + 4 > 4") }
    }

    @Test("a reservation moves to another upstream key if its month has room over all nodes, and its balance with it")
    func moves() throws {
        let spare = UpstreamKeyID(rawValue: "spare")
        let nodes = try nodes(2, .ofPages(upstreamKeys: [spare: MicroCredits(micros: 3_000_000)]))
        defer { close(nodes) }
        func move(_ reservation: Reservation, by node: SharedNode) throws -> Reservation? {
            let answer = Answer<Result<BudgetGate.Moving, StoreFault>>()
            node.store.move(reservation, to: spare, by: node.gate) { answer.give($0) }
            guard case .moved(let moved) = try answer.wait().get() else { return nil }
            node.gate.moved(moved)
            return moved
        }
        let moved = try #require(try move(try nodes[0].reserveAndWait(pages: 2), by: nodes[0]))
        try place.auditBalances()
        let other = try nodes[1].reserveAndWait(pages: 2)
        #expect(try move(other, by: nodes[1]) == nil, "2 + 2 > 3")
        try nodes[0].endAndWait(moved, .released)
        let late = try #require(try move(other, by: nodes[1]))
        try nodes[1].endAndWait(late, .settled(MicroCredits(micros: 2_000_000)))
        try place.auditBalances()
    }

    @Test("what could not be written is held nowhere")
    func failure() throws {
        let nodes = try nodes(1, .ofPages(organization: [enforced(.day, 5)]))
        defer { close(nodes) }
        try nodes[0].store.refuseInsertions(into: "ledger")
        for _ in 0..<3 { #expect(throws: StoreFault.self) { try nodes[0].admitAndWait(pages: 5).get() } }
        #expect(nodes[0].gate.openCount == 0)
        try place.allowChanges(of: "ledger")
        _ = try nodes[0].reserveAndWait(pages: 5)
        try place.auditBalances()
    }

    @Test("a node that starts knows what all have booked, and a gate is told what others book meanwhile")
    func opening() throws {
        let plan = BudgetPlan.ofPages(organization: [enforced(.month, 20)])
        let first = try SharedNode(at: place, plan: plan)
        defer { first.store.close() }
        try first.endAndWait(try first.reserveAndWait(pages: 4), .settled(MicroCredits(micros: 4_000_000)))
        _ = try first.reserveAndWait(pages: 3)
        let second = try SharedNode(at: place, plan: plan)
        defer { second.store.close() }
        func left(_ node: SharedNode) -> MicroCredits? {
            node.gate.remaining(of: .organization, at: SystemClock.wall())
        }
        #expect(left(second) == MicroCredits(micros: 13_000_000))
        _ = try second.reserveAndWait(pages: 1)
        first.store.tellBudgets(to: first.gate)
        let deadline = Deadline.generous
        while left(first) != MicroCredits(micros: 12_000_000) { try #require(!deadline.hasPassed) }
    }

    @Test("what replies taught a node, and what its shadow budgets would have refused, others know within seconds")
    func lessons() throws {
        let shadow = Budget(window: .total, limit: .zero, isEnforced: false)
        let nodes = try nodes(2, .ofPages(organization: [shadow]))
        defer { close(nodes) }
        for node in nodes { node.store.tellBudgets(to: node.gate) }
        let deadline = Deadline.generous
        func refusals(_ node: SharedNode) -> Int64 {
            node.gate.standing(of: .organization, days: 1, at: SystemClock.wall()).budgets[0].shadowRefusals
        }
        func price(_ node: SharedNode) -> MicroCredits? { node.gate.lesson(of: "gpt-4o-mini")?.rate.creditsPerPage }

        let reservation = try nodes[0].reserveAndWait(pages: 2)
        let cost = MicroCredits(micros: 6_000_000)
        let lesson = nodes[0].gate.lesson(pages: 2, credits: cost, model: "gpt-4o-mini", isWholeDocument: true)
        try nodes[0].endAndWait(reservation, .settled(cost), lesson: lesson)
        // Each adds what it has counted to the same row.
        _ = try nodes[1].reserveAndWait()
        for node in nodes {
            var report = UsageReport(at: SystemClock.wall())
            report.refusals = node.gate.takeShadowRefusals()
            #expect(report.refusals.map(\.count) == [1])
            let answer = Answer<Result<Void, StoreFault>>()
            let (gate, refusals) = (node.gate, report.refusals)
            node.store.add(report) { result in
                gate.noteStored(refusals)
                answer.give(result)
            }
            try answer.wait().get()
        }
        for node in nodes {
            while refusals(node) != 2 || price(node) != MicroCredits(micros: 3_000_000) {
                try #require(!deadline.hasPassed, "\(refusals(node)) refusals, \(String(describing: price(node)))")
            }
        }
        #expect(nodes[1].gate.lesson(of: "gpt-4o-mini")?.replies.map(\.reservation) == [reservation.id])
    }

    @Test("an amount that no program has written is damage, before it is added to another")
    func damaged() throws {
        let nodes = try nodes(2, .ofPages(organization: [enforced(.month, 20)]))
        defer { close(nodes) }
        try nodes[0].endAndWait(try nodes[0].reserveAndWait(), .settled(MicroCredits(micros: 1)))
        for amount in ["9e37", "-9e37", "1e26"] {
            try place.execute("UPDATE balances SET spent = \(amount) WHERE scope = 'organization'")
            #expect(#expect(throws: StoreFault.self) { try nodes[1].store.opening() }?.code == .corrupt)
            #expect(throws: StoreFault.self) { try nodes[1].reserveAndWait() }
        }
    }

    @Test("the most absurd amounts are added up without overflow")
    func absurd() throws {
        let shadow = Budget(window: .total, limit: .maximum, isEnforced: false)
        let nodes = try nodes(2, .ofPages(organization: [shadow]))
        defer { close(nodes) }
        for node in nodes {
            for _ in 0..<3 { try node.endAndWait(try node.reserveAndWait(), .settled(MicroCredits(micros: .max))) }
        }
        #expect(
            try place.rows("SELECT CAST(sum(spent) AS TEXT) FROM balances WHERE scope = 'organization'")
                == ["\(6 * Int128(Int64.max))"]
        )
        _ = try nodes[0].reserveAndWait()
    }
}
