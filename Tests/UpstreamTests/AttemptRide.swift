import Testing
import Transport
import UpstreamKeys
import Vocabulary

@testable import Upstream

/// The events of a call, in short form.
enum Step: Sendable, Equatable {
    enum Fault: Sendable { case network, tls, exhausted }

    case begin
    /// Let out with this key.
    case go(String)
    case wait
    case refused(UpstreamFailure.Code)
    case leftQueue(UpstreamFailure.Code)
    case moved(UpstreamKeyMoved)
    /// A connection is ready.
    case idle
    case none
    case resolved
    case notResolved(Fault)
    case dialFailed(Fault)
    case waitsForClient
    case waitsForVendor
    case final
    case limited
    case rejected(Rejection)
    case ruled(Ruling)
    /// This many milliseconds after the start, when the call's deadline must be due.
    case at(Int64)
    /// This many milliseconds after the start, without an event.
    case passed(Int64)
    /// The store has confirmed nothing for too long from here on, without an event.
    case cutOff
    case drain
    case cut
    case abandon
}

/// A call driven by steps. Tracks the places at the gate and the events that may happen next.
struct Ride {
    private(set) var machine: UpstreamAttempt.StateMachine
    private var now = MonotonicInstant(nanoseconds: 0)
    private var shutdown = UpstreamClient.Shutdown.none
    private var isAbandoned = false
    private var maySend = true
    /// Whether the request is out, and holds no place.
    private var isAside = false
    private var turns = 0
    /// The number of places at the gate that were not returned.
    private(set) var placesTaken = 0
    private(set) var hasFinished = false
    private(set) var faults: [String] = []
    /// The events that may happen next, besides time and shutdown.
    private var answers: [Step] = [.begin]
    private var sends = 0

    /// Whether the request is passed through, and so sent once.
    private let isPassed: Bool

    private static let gate = UpstreamGate(
        limits: UpstreamGate.Limits(
            concurrencyMax: .max,
            queueMax: 0,
            breaker: CircuitBreaker.Settings(failures: 1, window: .seconds(1), openFor: .seconds(1))
        ),
        keys: [upstreamKey("a"), upstreamKey("b"), upstreamKey("c")]
    )
    private static let inbox = NoAnswers()

    private final class NoAnswers: GateInbox { func post(_ answer: UpstreamGate.Answer) {} }

    init(isPassed: Bool = false) {
        self.isPassed = isPassed
        let (team, account) = (TeamID(rawValue: "team"), AccountID(rawValue: "default"))
        let key = UpstreamKeyID(rawValue: "a")
        let request = PassageRequest(
            method: .get,
            target: [],
            fields: [],
            framing: .none,
            content: [],
            isWhole: true,
            expectsContinue: false
        )
        let call =
            isPassed
            ? UpstreamCall(passing: request, requestID: .chosen([]), team: team, account: account, key: key)
            : UpstreamCall(
                body: [],
                requestID: .chosen([]),
                team: team,
                account: account,
                documentID: "document",
                key: key
            )
        machine = UpstreamAttempt.StateMachine(call, queueTimeout: .seconds(30))
    }

    /// A pass with this key.
    private static func pass(_ key: String) -> UpstreamGate.Pass? {
        let waiting = UpstreamGate.Waiting(
            call: 1,
            account: AccountID(rawValue: "default"),
            team: TeamID(rawValue: "team"),
            booked: UpstreamKeyID(rawValue: key),
            without: [],
            inbox: inbox
        )
        let moment = Moment(steady: MonotonicInstant(nanoseconds: 0), wall: Timestamp(microseconds: 0))
        guard case .go(let pass) = gate.enter(waiting, isRepeated: false, at: moment).0 else { return nil }
        return pass
    }

    /// Takes a step; returns the resulting actions in words.
    mutating func take(_ step: Step) -> String {
        switch step {
        case .at(let milliseconds):
            now = MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
            if machine.deadline != now { faults.append("the deadline is \(String(describing: machine.deadline))") }
            return handle(.timeIsUp)
        case .passed(let milliseconds):
            now = MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
            return ""
        case .cutOff:
            maySend = false
            return ""
        case .begin: return handle(.begin)
        case .go(let key):
            guard let pass = Self.pass(key), pass.key.id.rawValue == key else { return "no pass of \(key)" }
            placesTaken += 1
            if placesTaken > 1 { faults.append("two places") }
            return handle(.entered(.go(pass)))
        case .wait: return handle(.entered(.wait))
        case .refused(let code): return handle(.entered(.refused(Self.failure(code))))
        case .leftQueue(let code): return handle(.leftQueue(Self.failure(code)))
        case .moved(let moved): return handle(.moved(moved))
        case .idle: return handle(.connected)
        case .none: return handle(.noneIdle(host: "vendor.test"))
        case .resolved: return handle(.resolved(.success([])))
        case .notResolved(let fault): return handle(.resolved(.failure(Self.fault(fault))))
        case .dialFailed(let fault): return handle(.dialFailed(Self.fault(fault)))
        case .waitsForClient, .waitsForVendor:
            turns += 1
            return handle(step == .waitsForClient ? .waitsForClient : .waitsForVendor)
        case .final: return handle(.answered(.final(.reply(Self.reply(200, "")), .succeeded)))
        case .limited: return handle(.answered(.limited(nil)))
        case .rejected(let rejection):
            let key = machine.booked.rawValue
            return handle(.answered(.rejected(rejection, Self.reply(403, "refused by \(key)"))))
        case .ruled(let ruling): return handle(.ruled(ruling))
        case .drain:
            shutdown = .draining
            return handle(.drain)
        case .cut:
            shutdown = .cut
            return handle(.cut)
        case .abandon:
            isAbandoned = true
            return handle(.abandon)
        }
    }

    private mutating func handle(_ event: UpstreamAttempt.StateMachine.Event) -> String {
        let scene = UpstreamAttempt.StateMachine.Scene(
            now: now,
            shutdown: shutdown,
            connectTimeout: .seconds(5),
            jitter: { .milliseconds(7) },
            maySend: maySend
        )
        let actions = Array(machine.handle(event, in: scene))
        if !keepsAnswers(event, actions) { answers = [] }
        return actions.map { note($0) }.joined(separator: ", ")
    }

    /// Whether the events that were possible before still are.
    private func keepsAnswers(
        _ event: UpstreamAttempt.StateMachine.Event,
        _ actions: [UpstreamAttempt.StateMachine.Action]
    ) -> Bool {
        switch event {
        case .drain, .cut, .abandon, .waitsForClient, .waitsForVendor: true
        default: actions.contains { if case .leaveQueue = $0 { true } else { false } }
        }
    }

    // MARK: What may happen

    /// All events that may happen next.
    var possible: [Step] {
        var steps = answers
        if maySend, answers.contains(.idle) { steps.append(.cutOff) }
        // A request whose content follows, and then its reply, is set aside twice.
        if isPassed, machine.awaitsAnswer, turns < 3 { steps.append(isAside ? .waitsForVendor : .waitsForClient) }
        if let deadline = machine.deadline { steps.append(.at(deadline.nanoseconds / 1_000_000)) }
        let isAtOnce = steps.contains { if case .ruled = $0 { true } else { $0 == .none } }
        if !isAtOnce, !hasFinished {
            if shutdown == .none { steps.append(.drain) }
            if shutdown != .cut { steps.append(.cut) }
            if isPassed, !isAbandoned { steps.append(.abandon) }
        }
        return steps
    }

    private var otherKeys: [Step] {
        let without = machine.without.map(\.id.rawValue)
        return ["a", "b"].filter { !without.contains($0) }.map { .go($0) }
    }

    private mutating func note(_ action: UpstreamAttempt.StateMachine.Action) -> String {
        if hasFinished, case .closeConnection = action {} else if hasFinished { faults.append("after the end") }
        switch action {
        case .enter(let isRepeated):
            answers = otherKeys + [.wait, .refused(.noKey)]
            let without = machine.without.map(\.id.rawValue).joined(separator: " ")
            return "enter" + (isRepeated ? " again" : "") + (without.isEmpty ? "" : " without \(without)")
        case .leaveQueue(let told):
            answers = otherKeys + [.leftQueue(told?.code ?? .overloaded)]
            return "leaveQueue" + (told.map { " \($0.code.errorCode.rawValue)" } ?? "")
        case .move(let key):
            answers = [.moved(.done), .moved(.noRoom), .moved(.failed)]
            return "move \(key)"
        case .connect:
            answers = [.idle, .none]
            return "connect"
        case .resolve:
            answers = [.resolved, .notResolved(.network)]
            return "resolve"
        case .dial(_, let timeout):
            answers = [.idle, .dialFailed(.network), .dialFailed(.tls), .dialFailed(.exhausted)]
            return "dial \(timeout)"
        case .send(let pass):
            sends += 1
            answers = [.final, .rejected(.unauthorized), .rejected(.refused)] + (isPassed ? [] : [.limited])
            if isPassed, sends > 1 { faults.append("sent twice") }
            return "send \(pass.key.id)"
        case .closeConnection: return "close"
        case .abandonExchange: return "abandon exchange"
        case .setAside(let pass):
            if isAside || !pass.holdsPlace { faults.append("set aside twice") }
            isAside = true
            placesTaken -= 1
            return "set aside \(pass.key.id)"
        case .takeUp(let pass):
            if !isAside || pass.holdsPlace { faults.append("taken up twice") }
            isAside = false
            placesTaken += 1
            return "take up \(pass.key.id)"
        case .leave(let pass, let report, let first):
            comeBack(pass)
            if placesTaken < 0 { faults.append("a place that was not taken") }
            return "leave \(pass.key.id) \(Self.words(report))" + (first.map { " after \($0.key.id)" } ?? "")
        case .rule(let pass, _, let first):
            comeBack(pass)
            if placesTaken < 0 { faults.append("a place that was not taken") }
            answers = [.ruled(.passOn), .ruled(.keyRejected)] + (first == nil ? [.ruled(.tryAnother)] : [])
            return "rule \(pass.key.id)" + (first.map { " after \($0.key.id)" } ?? "")
        case .ruleAlone(let first):
            answers = [.ruled(.passOn), .ruled(.keyRejected)]
            return "ruleAlone \(first.key.id)"
        case .finish(let outcome):
            hasFinished = true
            answers = []
            return "finish \(Self.words(outcome))"
        }
    }

    private mutating func comeBack(_ pass: UpstreamGate.Pass) {
        if pass.holdsPlace == isAside { faults.append("a pass that says otherwise whether it holds a place") }
        if !isAside { placesTaken -= 1 }
        isAside = false
    }

    // MARK: Words

    private static func words(_ report: UpstreamGate.Report) -> String {
        switch report {
        case .unused: "unused"
        case .failed: "failed"
        case .succeeded: "succeeded"
        case .answered: "answered"
        case .limited: "limited"
        }
    }

    private static func words(_ outcome: UpstreamOutcome) -> String {
        switch outcome {
        case .reply(let reply): reply.body.isEmpty ? "\(reply.status)" : String(decoding: reply.body, as: UTF8.self)
        case .unusable(_, let failure), .failure(let failure):
            "\(failure.code.errorCode.rawValue) \(failure.charged.rawValue)"
        case .givenUp: "given up"
        case .abandoned(let wasSent): wasSent ? "abandoned out" : "abandoned"
        }
    }

    private static func failure(_ code: UpstreamFailure.Code) -> UpstreamFailure {
        UpstreamFailure(code, charged: .no, source: .gateway, "why")
    }

    private static func fault(_ fault: Step.Fault) -> UpstreamAttempt.StateMachine.ConnectFault {
        switch fault {
        case .network: .network("why")
        case .tls: .tls("why")
        case .exhausted: .exhausted("why")
        }
    }

    private static func reply(_ status: Int, _ body: String) -> UpstreamReply {
        UpstreamReply(
            status: status,
            contentType: nil,
            retryAfter: nil,
            contentEncoding: nil,
            body: Array(body.utf8),
            duration: .zero,
            queued: .zero
        )
    }
}
