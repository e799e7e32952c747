public import EventLoops
import HTTPMessages
public import Transport
public import UpstreamKeys
public import Vocabulary

/// A worker's way to the vendor. Confined to the worker's loop.
///
/// A call passes the gate, which gives it a key, takes a pooled connection or makes one, and is sent once. It is
/// retried only when the vendor cannot have seen it (no connection could be made) or has said that it did not take it:
/// after a 429, and once with another key after a 401 or 403. Connections belong to no key: the key is a field of each
/// request.
public final class UpstreamClient {
    let loop: EventLoop
    private let gate: UpstreamGate
    private let resolver: NameResolver
    private let standing: NodeStanding
    let dialer: Dialer
    let pool = ConnectionPool()
    /// The head of a request is written into it, and sent before another one is written.
    var requestHead = HeadWriter(capacity: 1024)
    /// What is counted of its calls.
    public let metrics = UpstreamMetrics()
    private(set) var sharedSettings: SharedUpstreamSettings
    var settings: UpstreamSettings { sharedSettings.values }
    private(set) var tls: TLSClientContext?
    private var attempts = AttemptTable()
    private var pollTimer: LoopTimer?
    private var pollAt: MonotonicInstant?
    /// Called with each change of a key's state, to be reported and stored.
    private let onKeyChange: (UpstreamKeyRecord) -> Void
    private var mailbox: Mailbox<UpstreamGate.Answer>?
    /// The stage of the gateway's shutdown. Draining: no further call goes out. Cut: no call is waited for.
    private(set) var shutdown = Shutdown.none

    enum Shutdown { case none, draining, cut }

    private var resolved: Mailbox<Resolved>?

    private struct Resolved: Sendable {
        let attempt: UInt64
        let result: Result<[SocketAddress], ResolveFault>
    }

    /// - Parameter standing: says whether this node may still call the vendor.
    /// - Throws: there is no descriptor for the mailboxes of the gate and of the resolver.
    public init(
        loop: EventLoop,
        gate: UpstreamGate,
        resolver: NameResolver,
        settings: UpstreamSettings,
        tls: TLSClientContext?,
        standing: NodeStanding = NodeStanding(),
        onKeyChange: @escaping (UpstreamKeyRecord) -> Void
    ) throws(EventLoop.Fault) {
        self.loop = loop
        self.gate = gate
        self.resolver = resolver
        sharedSettings = SharedUpstreamSettings(settings)
        self.tls = tls
        self.standing = standing
        self.onKeyChange = onKeyChange
        dialer = Dialer(loop: loop, history: resolver.history)
        mailbox = try Mailbox(loop: loop) { [unowned self] answer in
            attempts[answer.call]?.entered(answer.entry)
        }
        resolved = try Mailbox(loop: loop) { [unowned self] message in
            attempts[message.attempt]?.resolved(message.result)
        }
        pollTimer = LoopTimer(loop: loop) { [unowned self] in poll() }
    }

    /// Sends a classify request.
    ///
    /// - Parameters:
    ///   - move: called when a key other than the booked one is to take the call, and again for each further one.
    ///   - then: called once, in a later pass of the loop.
    public func classify(
        _ call: consuming UpstreamCall,
        move: consuming @escaping UpstreamKeyMove,
        then: consuming @escaping (UpstreamOutcome) -> Void
    ) {
        begin(call, nil, move: move, then: then)
    }

    /// Passes a client's request through, and its reply back as it comes.
    ///
    /// - Parameters:
    ///   - handler: kept until `then` is called.
    ///   - move: as in `classify`.
    ///   - then: called once, in a later pass of the loop, after the last part of the reply. A reply has no body then.
    public func pass(
        _ call: consuming UpstreamCall,
        _ handler: any PassageHandler,
        move: consuming @escaping UpstreamKeyMove,
        then: consuming @escaping (UpstreamOutcome) -> Void
    ) -> PassageCall {
        PassageCall(begin(call, handler, move: move, then: then))
    }

    @discardableResult
    private func begin(
        _ call: consuming UpstreamCall,
        _ handler: (any PassageHandler)?,
        move: consuming @escaping UpstreamKeyMove,
        then: consuming @escaping (UpstreamOutcome) -> Void
    ) -> UpstreamAttempt {
        loop.preconditionInLoop()
        let attempt = UpstreamAttempt(
            number: attempts.takeNumber(),
            client: self,
            call: call,
            passageHandler: handler,
            move: move,
            then: then
        )
        attempts.add(attempt)
        // In a later pass: checking a pooled connection reads into memory that the caller's input may still occupy.
        loop.later { attempt.handle(.begin) }
        return attempt
    }

    /// Applies new settings from the next request on; requests under way finish under the old ones.
    public func replace(settings: UpstreamSettings, tls: TLSClientContext?) {
        loop.preconditionInLoop()
        let isElsewhere = settings.host != self.settings.host || settings.port != self.settings.port
        if isElsewhere || settings.isTLS != self.settings.isTLS || tls !== self.tls { pool.renew() }
        sharedSettings = SharedUpstreamSettings(settings)
        self.tls = tls
        // Other keys may be ready earlier than the ones that were waited for.
        poll()
    }

    /// Lets no further call out, neither waiting nor new; calls that are out continue.
    public func drain() {
        loop.preconditionInLoop()
        if shutdown == .none { shutdown = .draining }
        for attempt in attempts.all { attempt.handle(.drain) }
    }

    /// Ends every call now; `charged` of its failure says whether the vendor may have taken it.
    public func cut() {
        loop.preconditionInLoop()
        shutdown = .cut
        for attempt in attempts.all { attempt.handle(.cut) }
    }

    /// Closes idle connections.
    public func closeIdle() {
        loop.preconditionInLoop()
        pool.renew()
    }

    // MARK: For attempts

    /// Whether the first byte of a call may go out now.
    var maySend: Bool { standing.maySend(sinceBoot: SystemClock.sinceBoot()) }

    func end(_ attempt: UpstreamAttempt) { attempts.remove(attempt) }

    func enter(_ attempt: UpstreamAttempt, isRepeated: Bool) -> UpstreamGate.Entry {
        let (entry, consequences) = gate.enter(waiting(attempt), isRepeated: isRepeated, at: loop.moment)
        follow(consequences)
        return entry
    }

    func setAside(_ pass: UpstreamGate.Pass) { follow(gate.setAside(pass, at: loop.moment)) }

    func takeUp(_ pass: UpstreamGate.Pass) { gate.takeUp(pass) }

    func leave(_ pass: UpstreamGate.Pass, _ report: UpstreamGate.Report, after first: FirstRejection?) {
        follow(gate.leave(pass, report, after: first, at: loop.moment))
    }

    func leave(_ pass: UpstreamGate.Pass, _ rejection: FirstRejection, after first: FirstRejection?) -> Ruling {
        let (ruling, consequences) = gate.leave(pass, rejection, after: first, at: loop.moment)
        follow(consequences)
        return ruling
    }

    func ruleAlone(on first: FirstRejection) -> Ruling {
        let (ruling, consequences) = gate.ruleAlone(on: first, at: loop.moment)
        follow(consequences)
        return ruling
    }

    func giveUp(_ attempt: UpstreamAttempt) -> UpstreamFailure? { gate.giveUp(waiting(attempt), at: loop.moment) }

    func resolve(for attempt: UpstreamAttempt) {
        guard let resolved else { preconditionFailure("a client without a mailbox") }
        let number = attempt.number
        resolver.resolve(host: settings.host, port: settings.port) { result in
            resolved.post(Resolved(attempt: number, result: result))
        }
    }

    private func waiting(_ attempt: UpstreamAttempt) -> UpstreamGate.Waiting {
        guard let mailbox else { preconditionFailure("a client without a mailbox") }
        return UpstreamGate.Waiting(
            call: attempt.number,
            account: attempt.call.account,
            team: attempt.call.team,
            booked: attempt.booked,
            without: attempt.without,
            mayTry: attempt.call.mayTry,
            inbox: mailbox
        )
    }

    private func follow(_ consequences: UpstreamGate.Consequences) {
        for record in consequences.records { onKeyChange(record) }
        guard let next = consequences.pollAt else { return }
        if let pollAt, pollAt <= next { return }
        pollAt = next
        pollTimer?.schedule(at: next)
    }

    private func poll() {
        pollAt = nil
        pollTimer?.cancel()
        follow(gate.poll(at: loop.moment))
    }
}

extension Mailbox: GateInbox where Message == UpstreamGate.Answer {}

extension EventLoop {
    /// This pass of the loop on both clocks.
    public var moment: Moment { Moment(steady: now, wall: wallClock) }
}
