import Testing
import Vocabulary

@testable import UpstreamKeys

/// Keeps the answers to a worker's requests until the test takes them.
final class KeptAnswers: GateInbox {
    private let answers = Guarded<[UpstreamGate.Answer]>([])

    func post(_ answer: UpstreamGate.Answer) { answers.withLock { $0.append(answer) } }

    func take() -> [UpstreamGate.Answer] {
        answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
    }
}

/// A gate with two workers' inboxes, in a test's own time.
final class GateBench {
    let gate: UpstreamGate
    private(set) var answers: [UpstreamGate.Answer] = []
    private let inbox = KeptAnswers()
    private let otherInbox = KeptAnswers()
    private var passesOut: [UInt64: UpstreamGate.Pass] = [:]
    private var waiting: [UInt64: UpstreamGate.Waiting] = [:]
    private var otherWaiting: [UInt64: UpstreamGate.Waiting] = [:]
    /// The records that the gate returned.
    private(set) var records: [UpstreamKeyRecord] = []

    init(_ limits: UpstreamGate.Limits, keys: [UpstreamKey] = [upstreamKey("key")], asideMax: Int = .max) {
        gate = UpstreamGate(limits: limits, keys: keys, asideMax: asideMax)
    }

    private func take(_ answer: UpstreamGate.Answer) {
        answers.append(answer)
        if case .go(let pass) = answer.entry { passesOut[answer.call] = pass }
    }

    /// Asks for a call to be let out; returns the outcome in words.
    @discardableResult
    func enter(
        _ call: UInt64,
        at time: Int64 = 0,
        isRepeated: Bool = false,
        other: Bool = false,
        account: String = "default",
        team: String = "team",
        booked: String = "key",
        without: [UpstreamKey] = [],
        mayTry: Bool = true
    ) -> String {
        let ticket = UpstreamGate.Waiting(
            call: call,
            account: AccountID(rawValue: account),
            team: TeamID(rawValue: team),
            booked: UpstreamKeyID(rawValue: booked),
            without: without,
            mayTry: mayTry,
            inbox: other ? otherInbox : inbox
        )
        if other { otherWaiting[call] = ticket } else { waiting[call] = ticket }
        let (entry, consequences) = gate.enter(ticket, isRepeated: isRepeated, at: moment(time))
        if case .go(let pass) = entry { passesOut[call] = pass }
        return Self.words(entry, pollAt: consequences.pollAt)
    }

    func leave(_ call: UInt64, _ sign: CircuitBreaker.Sign = .success, at time: Int64 = 0) throws {
        let report: UpstreamGate.Report =
            switch sign {
            case .success: .succeeded
            case .failure: .failed
            case .neutral: .unused
            }
        try leave(call, report, at: time)
    }

    func leave(_ call: UInt64, limitedFor pause: Duration?, at time: Int64 = 0) throws {
        try leave(call, .limited(pause), at: time)
    }

    func leave(
        _ call: UInt64,
        _ report: UpstreamGate.Report,
        after first: FirstRejection? = nil,
        at time: Int64
    ) throws {
        records += gate.leave(try takePass(of: call), report, after: first, at: moment(time)).records
    }

    /// The call comes back rejected; returns the gate's ruling.
    func leave(_ call: UInt64, _ rejection: Rejection, document: String = "d", at time: Int64 = 0) throws -> Ruling {
        let pass = try takePass(of: call)
        let rejected = FirstRejection(key: pass.key, rejection: rejection, document: document)
        let (ruling, consequences) = gate.leave(pass, rejected, after: nil, at: moment(time))
        records += consequences.records
        return ruling
    }

    /// The call, which is out, gives its place back.
    func setAside(_ call: UInt64, at time: Int64 = 0) throws {
        let pass = try takePass(of: call)
        records += gate.setAside(pass, at: moment(time)).records
        passesOut[call] = pass.holdingPlace(false)
    }

    func takeUp(_ call: UInt64) throws {
        let pass = try takePass(of: call)
        gate.takeUp(pass)
        passesOut[call] = pass.holdingPlace(true)
    }

    /// The key that a call is out with.
    func key(of call: UInt64) -> String? { passesOut[call]?.key.id.rawValue }

    private func takePass(of call: UInt64) throws -> UpstreamGate.Pass {
        let pass = passesOut.removeValue(forKey: call)
        return try #require(pass, "\(call) is not out")
    }

    func giveUp(_ call: UInt64, at time: Int64 = 0, other: Bool = false) -> UpstreamFailure? {
        guard let ticket = other ? otherWaiting[call] : waiting[call] else { return nil }
        return gate.giveUp(ticket, at: moment(time))
    }

    /// The answers since the last time this was called.
    func takeAnswers() -> [String] {
        defer { answers = [] }
        return answers.map { "\($0.call) \(Self.words($0.entry, pollAt: nil))" }
    }

    static func words(_ entry: UpstreamGate.Entry, pollAt: MonotonicInstant?) -> String {
        switch entry {
        case .go: "go"
        case .wait: pollAt.map { "wait until \($0.nanoseconds / 1_000_000)" } ?? "wait"
        case .refused(let failure): words(failure)
        }
    }

    static func words(_ failure: UpstreamFailure) -> String {
        "\(failure.code.errorCode.rawValue) \(failure.status) charged \(failure.charged.rawValue) "
            + "after \(failure.retryAfterSeconds.map(String.init) ?? "-")"
    }

    func replace(_ limits: UpstreamGate.Limits, keys: [UpstreamKey] = [upstreamKey("key")], at time: Int64 = 0) {
        records += gate.replace(limits: limits, keys: keys, at: moment(time))
    }

    /// Runs steps in order; the effects of one have arrived before the next begins.
    func run(_ steps: (() throws -> Void)...) {
        for step in steps {
            do { try step() } catch {
                Issue.record(error)
                return
            }
            for answer in inbox.take() + otherInbox.take() { take(answer) }
        }
    }
}
