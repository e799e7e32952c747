import Budgeting
import Coalescing
import TestSupport
import Testing
import Upstream
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// A model of equal questions from teams with plenty, little and no room, with messages in random order and a store and
/// a vendor that fail: the real table, gate and courses, with the simplest possible leader.
@Suite("Flights, budgets and reservations together")
struct FlightModelTests {
    @Test("one call at a time, nobody refused who has room, nobody let through who has none, nothing left open")
    func model() {
        let seed = SeededGenerator().seed
        for run in 0..<300 {
            let world = World(random: SeededGenerator(seed: seed &+ UInt64(run)))
            world.run()
            if let complaint = world.complaint {
                Issue.record("\(complaint), run \(run), TOLLGATE_TEST_SEED=\(seed)")
                return
            }
        }
    }
}

private final class World {
    enum Team: String, CaseIterable { case none, little, plenty }

    private final class Asker {
        let team: Team
        var answers = 0
        var isGone = false

        init(_ team: Team) { self.team = team }
    }

    private final class Leader {
        let asker: Int
        var course = FlightCourse()
        var permit: FlightPermit<FlightTicket>?
        var open: OpenReservation?

        init(_ asker: Int, _ permit: consuming FlightPermit<FlightTicket>) {
            self.asker = asker
            self.permit = .some(permit)
        }
    }

    private typealias Sample = FlightSamples
    private var random: SeededGenerator
    private let table = FlightTable<FlightTicket>(followersMax: .max)
    private let gate: BudgetGate
    private var askers: [Asker] = []
    /// Pending messages, which are delivered in random order.
    private var messages: [() -> Void] = []
    private var callsUnderWay = 0
    private var isDraining = false
    private var endings: [ReservationID: Int] = [:]
    private var admitted = 0
    private(set) var complaint: String?

    init(random: SeededGenerator) {
        self.random = random
        func limit(_ credits: Int64) -> [Budget] {
            [Budget(window: .total, limit: FlightSamples.credits(credits), isEnforced: true)]
        }
        let plan = BudgetPlan(
            teams: [TeamID(rawValue: "none"): limit(0), TeamID(rawValue: "little"): limit(25)],
            assumedPages: 10
        )
        gate = BudgetGate(plan: plan, opening: LedgerOpening(), node: 1, at: FlightSamples.now)
    }

    func run() {
        let isDrained = random.chance(1, in: 3)
        for step in 0..<120 {
            if isDrained, step == 90 { isDraining = true }
            if random.chance(1, in: 2) { ask() } else { deliverOne() }
            if random.chance(1, in: 10), let asker = askers.randomElement(using: &random) { asker.isGone = true }
        }
        while !messages.isEmpty { deliverOne() }
        for (number, asker) in askers.enumerated() where !asker.isGone {
            expect(asker.answers == 1, "asker \(number) of \(asker.team) has \(asker.answers) answers")
        }
        expect(table.flightsUnderWay == 0 && table.followersWaiting == 0, "a flight is left")
        expect(gate.openCount == 0, "I9: a reservation is left open")
        expect(endings.count == admitted && endings.values.allSatisfy { $0 == 1 }, "I3: \(endings) of \(admitted)")
        let little = gate.remaining(of: .team(TeamID(rawValue: "little")), at: Sample.now)
        expect(little.map { $0 >= .zero } ?? false, "I1: \(String(describing: little)) is left")
    }

    private func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds, complaint == nil { complaint = what() }
    }

    private func deliverOne() {
        guard let index = messages.indices.randomElement(using: &random) else { return }
        messages.remove(at: index)()
    }

    // MARK: Askers

    private func ticket(_ asker: Int) -> FlightTicket {
        let team = askers[asker].team.rawValue
        return FlightTicket(
            worker: 0,
            exchange: UInt64(asker),
            team: TeamID(rawValue: team),
            key: TeamKeyID(rawValue: "\(team)-\(asker % 2)"),
            documentID: FlightSamples.document,
            classifier: nil
        )
    }

    private func ask() {
        askers.append(Asker(random.pick(Team.allCases)))
        let asker = askers.count - 1
        switch table.join(Sample.key, ticket: ticket(asker)) {
        case .leader(let permit): lead(asker, permit)
        case .follower: break
        case .full: expect(false, "full")
        }
    }

    private func lead(_ asker: Int, _ permit: consuming FlightPermit<FlightTicket>) {
        let leader = Leader(asker, permit)
        perform(leader.course.begin(.nothing, needsPages: true, isDraining: isDraining), leader)
    }

    private func offer(_ permit: consuming FlightPermit<FlightTicket>, to ticket: FlightTicket) {
        let offer = FlightOffer(permit)
        messages.append { [self] in
            let asker = Int(ticket.exchange)
            guard askers[asker].isGone else { return lead(asker, offer.take()) }
            var permit = offer.take()
            if let next = permit.handOn(without: { _ in false }).next { self.offer(permit, to: next) }
        }
    }

    // MARK: What a leader performs

    private func perform(_ step: FlightCourse.Step, _ leader: Leader) {
        switch step {
        case .lookUp:
            let fails = random.chance(1, in: 20)
            messages.append { [self] in
                let look: FlightCourse.StoreLook =
                    fails ? .failed(Sample.fault) : .missing(stale: nil, documentPages: nil)
                perform(leader.course.looked(look, isDraining: isDraining), leader)
            }
        case .reserve: reserve(leader)
        case .follow: expect(false, "another node's flight, on the only node")
        case .forward(let reservation):
            leader.open = OpenReservation(reservation)
            callsUnderWay += 1
            expect(callsUnderWay == 1, "two calls for one question")
            expect(askers[leader.asker].team != .none, "a team without room was let through")
            messages.append { [self] in
                callsUnderWay -= 1
                conclude(vendorsOutcome(leader), leader)
            }
        case .conclude(let reservation, let conclusion):
            leader.open = OpenReservation(reservation)
            conclude(conclusion, leader)
        case .land(let outcome, _): land(outcome, leader)
        case .landStored(let result): land(.found(result), leader)
        case .handOn(let denial):
            guard var permit = leader.permit.take() else { return expect(false, "handed on twice") }
            let (out, next) = permit.handOn { denial.concerns(team: $0.team, key: $0.key) }
            deliver(.denied(denial), to: out)
            if let next { offer(permit, to: next) }
        }
    }

    private func reserve(_ leader: Leader) {
        let ticket = ticket(leader.asker)
        let ask = ReservationAsk(
            team: ticket.team,
            key: ticket.key,
            account: Sample.account,
            upstreamKey: Sample.upstreamKey,
            documentID: Sample.document,
            model: "gpt-4o-mini",
            pages: nil,
            cacheKey: Sample.key,
            requestID: "request"
        )
        let fails = random.chance(1, in: 10)
        let answer: SpendingAnswer
        switch gate.admit(ask, at: Sample.now) {
        case .denied(let denial): answer = .denied(denial)
        case .admitted(let reservation) where fails:
            gate.withdraw(reservation)
            answer = .failed(Sample.fault)
        case .admitted(let reservation):
            admitted += 1
            answer = .admitted(reservation)
        }
        messages.append { [self] in
            perform(leader.course.reserved(answer, isDraining: isDraining), leader)
        }
    }

    private func vendorsOutcome(_ leader: Leader) -> FlightCourse.Conclusion {
        let good = Sample.completed(#""classification":"invoice""#, #""credits_used":10"#)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return leader.course.failed(Sample.failure(.timeout, .unknown), moveDenial: nil)
        case 1: return leader.course.failed(Sample.failure(.unreachable, .no), moveDenial: nil)
        case 2: return leader.course.givenUp(Sample.fault)
        default: return leader.course.answered(good, to: Sample.question(), upstreamKey: Sample.upstreamKey)
        }
    }

    private func conclude(_ conclusion: FlightCourse.Conclusion, _ leader: Leader) {
        guard let ending = leader.open?.end(conclusion.ending, at: Sample.now, Lesson()) else {
            return expect(false, "an ending without a reservation")
        }
        settle(ending, leader)
    }

    private func settle(_ ending: ReservationEnding, _ leader: Leader) {
        let fails = random.chance(1, in: 4)
        messages.append { [self] in
            guard fails else {
                guard let (booked, isTold) = leader.open?.becameDurable() else { return }
                endings[booked.reservation.id, default: 0] += 1
                expect(gate.end(booked), "I3: \(booked) was booked before")
                if !isTold { land(leader.course.concluded(withheld: nil), leader) }
                return
            }
            switch leader.open?.stayedOpen() {
            case .everything: land(leader.course.concluded(withheld: nil), leader)
            case .nothing: land(leader.course.concluded(withheld: Sample.fault), leader)
            case nil: break
            }
            messages.append { [self] in
                guard let again = leader.open?.retry() else { return }
                settle(again, leader)
            }
        }
    }

    private func land(_ outcome: FlightOutcome, _ leader: Leader) {
        guard let permit = leader.permit.take() else { return expect(false, "landed twice") }
        deliver(outcome, to: permit.land())
    }

    private func deliver(_ outcome: FlightOutcome, to tickets: [FlightTicket]) {
        for ticket in tickets {
            let asker = askers[Int(ticket.exchange)]
            asker.answers += 1
            if case .denied(let denial) = outcome {
                expect(asker.team != .plenty, "refused though it has room")
                expect(denial.concerns(team: ticket.team, key: ticket.key), "refused for another's budget")
            }
        }
    }
}
