import UpstreamKeys
import Vocabulary

@testable import Gateway
@testable import Upstream
@testable import UpstreamKeys

/// One call on its way to the vendor: performs the actions of its state machine, as `UpstreamAttempt` does.
///
/// Sendable because everything of a run is on one thread.
final class Attempt: @unchecked Sendable {
    /// What it waits for from the network.
    enum Network { case nothing, resolving, dialing }

    private unowned let process: Process
    let number: UInt64
    private let call: UpstreamCall
    let leader: Leader
    let keeper: Keeper
    private let then: (UpstreamOutcome) -> Void
    private var machine: UpstreamAttempt.StateMachine
    private(set) var network = Network.nothing
    /// When the vendor's time is up; nil while nothing is out.
    private var answerDeadline: MonotonicInstant?

    private var world: World { process.world }
    var worker: Int { leader.asker.worker }
    var awaitsAnswer: Bool { machine.awaitsAnswer }

    init(
        _ process: Process,
        _ call: UpstreamCall,
        leader: Leader,
        keeper: Keeper,
        then: @escaping (UpstreamOutcome) -> Void
    ) {
        self.process = process
        self.call = call
        self.leader = leader
        self.keeper = keeper
        self.then = then
        number = process.world.nextAttempt()
        machine = UpstreamAttempt.StateMachine(call, queueTimeout: Places.queueTimeout)
    }

    func handle(_ event: UpstreamAttempt.StateMachine.Event) {
        if case .cut = event, machine.awaitsAnswer {
            keeper.expected = .unconfirmed
            world.forget(self)
        }
        let scene = UpstreamAttempt.StateMachine.Scene(
            now: world.now.steady,
            shutdown: process.isCut ? .cut : process.isLeaving ? .draining : .none,
            connectTimeout: Places.connectTimeout,
            jitter: { .milliseconds(7) },
            maySend: true
        )
        for action in machine.handle(event, in: scene) { perform(action) }
    }

    private var waiting: UpstreamGate.Waiting {
        UpstreamGate.Waiting(
            call: number,
            account: call.account,
            team: call.team,
            booked: machine.booked,
            without: machine.without,
            inbox: process.inboxes[worker]
        )
    }

    private func perform(_ action: UpstreamAttempt.StateMachine.Action) {
        let gate = process.rooms.gate
        switch action {
        case .enter(let isRepeated):
            let (entry, consequences) = gate.enter(waiting, isRepeated: isRepeated, at: world.now)
            process.follow(consequences)
            switch entry {
            case .go: process.passesOut += 1
            case .wait: world.counts.queued += 1
            case .refused: break
            }
            handle(.entered(entry))
        case .leaveQueue(let told):
            if let failure = gate.giveUp(waiting, at: world.now) { handle(.leftQueue(told ?? failure)) }
        case .move(let key): keeper.move(to: key) { [self] in handle(.moved($0)) }
        case .connect:
            if world.chance(3, in: 4) { handle(.connected) } else { handle(.noneIdle(host: "vendor.test")) }
        case .resolve: network = .resolving
        case .dial: network = .dialing
        case .send(let pass): send(pass)
        case .closeConnection: break
        case .abandonExchange, .setAside, .takeUp: preconditionFailure("a question that is passed through")
        case .leave(let pass, let report, let first):
            process.passesOut -= 1
            guard world.rules.has(.leave) else { return }
            process.follow(gate.leave(pass, report, after: first, at: world.now))
        case .rule(let pass, let rejection, let first):
            process.passesOut -= 1
            let (ruling, consequences) = gate.leave(pass, rejection, after: first, at: world.now)
            process.follow(consequences)
            handle(.ruled(ruling))
        case .ruleAlone(let first):
            let (ruling, consequences) = gate.ruleAlone(on: first, at: world.now)
            process.follow(consequences)
            handle(.ruled(ruling))
        case .finish(let outcome):
            process.attempts.removeAll { $0 === self }
            then(outcome)
        }
    }

    private func send(_ pass: UpstreamGate.Pass) {
        answerDeadline = world.now.steady + Places.responseTimeout
        world.send(self, with: pass.key.id)
    }

    // MARK: From outside

    /// The network answers.
    func networkAnswers(_ choice: Int) {
        let waited = network
        network = .nothing
        switch (waited, choice % 8) {
        case (.resolving, 0): handle(.resolved(.failure(.network("no such host"))))
        case (.resolving, _): handle(.resolved(.success([])))
        case (.dialing, 0): handle(.dialFailed(.network("refused")))
        case (.dialing, 1): handle(.dialFailed(choice / 8 % 2 == 0 ? .tls("expired") : .exhausted("no descriptor")))
        case (.dialing, _): handle(.connected)
        case (.nothing, _): break
        }
    }

    func answered(_ answer: UpstreamAttempt.StateMachine.Answer) {
        guard machine.awaitsAnswer else { return }
        answerDeadline = nil
        handle(.answered(answer))
    }

    func timePassed() {
        if let due = answerDeadline, due <= world.now.steady, machine.awaitsAnswer {
            answerDeadline = nil
            world.counts.timeouts += 1
            keeper.expected = .unconfirmed
            world.forget(self)
            let failure = UpstreamFailure(.timeout, charged: .unknown, source: .vendor, "simulated")
            return handle(.answered(.final(.failure(failure), .failed)))
        }
        guard let due = machine.deadline, due <= world.now.steady else { return }
        handle(.timeIsUp)
    }
}
