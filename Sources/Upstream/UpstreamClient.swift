public import EventLoops
import HTTPMessages
public import Transport
import Vocabulary

/// A worker's way to the vendor. Confined to the worker's loop.
///
/// A call goes through the gate, takes a pooled connection or makes one, and is sent once. It is sent again only when
/// the vendor cannot have seen it (no connection could be made) or has said that it did not take it (429).
public final class UpstreamClient {
    private let loop: EventLoop
    private let gate: UpstreamGate
    private let resolver: NameResolver
    let dialer: Dialer
    let pool = ConnectionPool()
    private(set) var settings: UpstreamSettings
    private(set) var key: UpstreamKey
    private(set) var tls: TLSClientContext?
    private var attempts: [UInt64: UpstreamAttempt] = [:]
    private var nextAttempt: UInt64 = 1
    private var pollTimer: LoopTimer?
    private var mailbox: Mailbox<UpstreamGate.Answer>?
    private var resolved: Mailbox<Resolved>?

    private struct Resolved: Sendable {
        let attempt: UInt64
        let result: Result<[SocketAddress], ResolveFault>
    }

    public init(
        loop: EventLoop,
        gate: UpstreamGate,
        resolver: NameResolver,
        settings: UpstreamSettings,
        key: UpstreamKey,
        tls: TLSClientContext?
    ) {
        self.loop = loop
        self.gate = gate
        self.resolver = resolver
        self.settings = settings
        self.key = key
        self.tls = tls
        dialer = Dialer(loop: loop)
        mailbox = Mailbox(loop: loop) { [unowned self] answer in attempts[answer.call]?.receive(answer.entry) }
        resolved = Mailbox(loop: loop) { [unowned self] message in
            attempts[message.attempt]?.resolved(message.result)
        }
        pollTimer = LoopTimer(loop: loop) { [unowned self] in poll() }
    }

    /// Sends a classify request.
    ///
    /// - Parameter then: called once, in a later pass.
    public func classify(_ call: UpstreamCall, then: @escaping (UpstreamOutcome) -> Void) {
        let attempt = UpstreamAttempt(number: nextAttempt, client: self, loop: loop, call: call, then: then)
        nextAttempt += 1
        attempts[attempt.number] = attempt
        // In a later pass: looking at a pooled connection reads into the memory that the caller's input may stand in.
        loop.later { attempt.begin() }
    }

    /// Takes new settings into use from the next request on; requests under way end on the old ones.
    public func replace(settings: UpstreamSettings, key: UpstreamKey, tls: TLSClientContext?) {
        let isElsewhere = settings.host != self.settings.host || settings.port != self.settings.port
        if isElsewhere || settings.isTLS != self.settings.isTLS || tls !== self.tls { pool.renew() }
        self.settings = settings
        self.key = key
        self.tls = tls
    }

    /// Closes idle connections.
    public func closeIdle() { pool.renew() }

    // MARK: For attempts

    func end(_ attempt: UpstreamAttempt) { attempts[attempt.number] = nil }

    func enter(_ attempt: UpstreamAttempt, deadline: MonotonicInstant, isRepeated: Bool) -> UpstreamGate.Entry {
        guard let mailbox else { preconditionFailure("a client without a mailbox") }
        let waiting = UpstreamGate.Waiting(
            call: attempt.number,
            team: attempt.call.team,
            deadline: deadline,
            mailbox: mailbox
        )
        let entry = gate.enter(waiting, isRepeated: isRepeated, at: loop.now)
        if case .wait(let pollAt?) = entry { pollTimer?.schedule(at: pollAt) }
        return entry
    }

    func leave(_ sign: CircuitBreaker.Sign, _ permit: CircuitBreaker.Permit) {
        gate.leave(sign, permit, at: loop.now)
    }

    func leave(limitedFor retryAfter: Duration?, _ permit: CircuitBreaker.Permit) {
        gate.leave(limitedFor: retryAfter, permit, at: loop.now)
    }

    func giveUp(_ attempt: UpstreamAttempt) -> UpstreamFailure? {
        guard let mailbox else { preconditionFailure("a client without a mailbox") }
        return gate.giveUp(attempt.number, mailbox: mailbox, at: loop.now)
    }

    func resolve(for attempt: UpstreamAttempt) {
        guard let resolved else { preconditionFailure("a client without a mailbox") }
        let number = attempt.number
        resolver.resolve(host: settings.host, port: settings.port) { result in
            resolved.post(Resolved(attempt: number, result: result))
        }
    }

    private func poll() {
        if let next = gate.poll(at: loop.now) { pollTimer?.schedule(at: next) }
    }
}
