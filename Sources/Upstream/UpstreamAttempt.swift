import EventLoops
import HTTPMessages
import Transport
import UpstreamKeys
import Vocabulary

/// One call on its way to the vendor: performs the actions of its state machine and reports their results to it.
/// Confined to its client's loop.
final class UpstreamAttempt {
    let number: UInt64
    let call: UpstreamCall
    /// It has the attempt until the call has ended.
    let client: UpstreamClient
    private var loop: EventLoop { client.loop }
    private let move: UpstreamKeyMove
    private let then: (UpstreamOutcome) -> Void
    private var machine: StateMachine
    /// The exchange of a request that is passed through, from its first byte on; see `UpstreamAttempt+Passage`.
    var passage: PassageExchange?
    /// Takes the reply of such a request as it comes; nil for others, and after the end.
    var passageHandler: (any PassageHandler)?
    /// The settings when it began to connect: a call that waited in the queue goes out under the current ones.
    private var sharedSettings: SharedUpstreamSettings
    var settings: UpstreamSettings { sharedSettings.values }
    /// The connection that was reported as connected, until the request is sent on it.
    private var connection: UpstreamConnection?
    /// Of the secrets that were sent with a question: none of them may appear in its reply.
    private var scrubbers: [SecretScrubber] = []
    /// When the request went out last; nil before that.
    var sentAt: MonotonicInstant?
    /// When it asked the gate that has not answered yet.
    private var askedAt: MonotonicInstant?
    /// How long it has waited at the gate.
    private(set) var queued = Duration.zero
    private var timer: LoopTimer?
    /// The deadline that the timer is set to.
    private var timerDeadline: MonotonicInstant?

    init(
        number: UInt64,
        client: UpstreamClient,
        call: UpstreamCall,
        passageHandler: (any PassageHandler)? = nil,
        move: @escaping UpstreamKeyMove,
        then: @escaping (UpstreamOutcome) -> Void
    ) {
        self.number = number
        self.client = client
        self.call = call
        self.passageHandler = passageHandler
        self.move = move
        self.then = then
        sharedSettings = client.sharedSettings
        machine = StateMachine(call, queueTimeout: sharedSettings.values.queueTimeout)
    }

    var booked: UpstreamKeyID { machine.booked }
    var without: [UpstreamKey] { machine.without }
    /// Whether the call awaits the end of an exchange.
    var awaitsAnswer: Bool { machine.awaitsAnswer }
    var now: MonotonicInstant { loop.now }
    var wallClock: Timestamp { loop.wallClock }

    func handle(_ event: StateMachine.Event) {
        let maySend = if case .connected = event { client.maySend } else { false }
        let scene = StateMachine.Scene(
            now: loop.now,
            shutdown: client.shutdown,
            connectTimeout: client.sharedSettings.values.connectTimeout,
            jitter: { .milliseconds(Int.random(in: 0..<50)) },
            maySend: maySend
        )
        // Not by an iterator, which would copy them.
        switch machine.handle(event, in: scene) {
        case .none: break
        case .one(let action): perform(action)
        case .two(let first, let second):
            perform(first)
            perform(second)
        case .three(let first, let second, let third):
            perform(first)
            perform(second)
            perform(third)
        }
        setTimer()
    }

    /// The gate's answer, at once or later.
    func entered(_ entry: UpstreamGate.Entry) {
        if case .wait = entry {} else { noteWait() }
        handle(.entered(entry))
    }

    /// Counts the wait at the gate, which has ended.
    private func noteWait() {
        guard let askedAt = askedAt.take() else { return }
        let wait = now - askedAt
        queued += wait
        client.metrics.queueWait.observe(wait)
    }

    private func perform(_ action: consuming StateMachine.Action) {
        switch consume action {
        case .enter(let isRepeated):
            askedAt = loop.now
            entered(client.enter(self, isRepeated: isRepeated))
        case .leaveQueue(let told):
            // Nil when it was let out in the meantime: the answer is in the mailbox.
            guard let failure = client.giveUp(self) else { return }
            noteWait()
            handle(.leftQueue(told ?? failure))
        case .move(let key): move(key) { [self] in handle(.moved($0)) }
        case .connect: connect()
        case .resolve: client.resolve(for: self)
        case .dial(let addresses, let timeout): dial(addresses, timeout)
        case .send(let pass):
            switch call.content {
            case .whole(let body): send(body, pass)
            case .passed(let request): send(request, pass)
            }
        case .closeConnection: takeConnection().close()
        case .abandonExchange: passage?.connection.abandon()
        case .setAside(let pass): client.setAside(pass)
        case .takeUp(let pass): client.takeUp(pass)
        case .leave(let pass, let report, let first): client.leave(pass, report, after: first)
        case .rule(let pass, let rejection, let first):
            handle(.ruled(client.leave(pass, rejection, after: first)))
        case .ruleAlone(let first): handle(.ruled(client.ruleAlone(on: first)))
        case .finish(let outcome):
            client.end(self)
            (passage, passageHandler) = (nil, nil)
            client.metrics.note(outcome, took: sentAt.map { loop.now - $0 })
            then(outcome)
        }
    }

    private func setTimer() {
        guard machine.deadline != timerDeadline else { return }
        timerDeadline = machine.deadline
        guard let deadline = timerDeadline else {
            timer?.cancel()
            return
        }
        let timer = self.timer ?? LoopTimer(loop: loop) { [unowned self] in handle(.timeIsUp) }
        timer.schedule(at: deadline)
        self.timer = timer
    }

    // MARK: Connecting

    private func connect() {
        sharedSettings = client.sharedSettings
        connection = client.pool.take()
        handle(connection == nil ? .noneIdle(host: settings.host) : .connected)
    }

    func resolved(_ result: Result<[SocketAddress], ResolveFault>) {
        handle(
            .resolved(result.mapError { $0.isExhaustion ? .exhausted($0.description) : .network($0.description) })
        )
    }

    private func dial(_ addresses: [SocketAddress], _ timeout: Duration) {
        let generation = client.pool.generation
        client.dialer.dial(addresses, serverName: settings.serverName, tls: client.tls, timeout: timeout) {
            [self] result in
            dialed(result, generation)
        }
    }

    private func dialed(_ result: Result<ByteStream, DialFault>, _ generation: Int) {
        switch result {
        case .success(let stream):
            let connection = UpstreamConnection(
                stream: stream,
                loop: loop,
                generation: generation,
                hostField: settings.hostField
            )
            // Events before the delegate was set were not delivered.
            guard connection.isUsable() else {
                connection.close()
                return handle(.dialFailed(.network("the vendor ended the connection as soon as it was made")))
            }
            self.connection = connection
            handle(.connected)
        case .failure(let fault):
            switch fault.code {
            case .tls(let code): handle(.dialFailed(.tls("\(code.rawValue): \(fault.detail)")))
            case .exhausted: handle(.dialFailed(.exhausted(fault.detail)))
            case .refused, .timedOut, .unreachable: handle(.dialFailed(.network(fault.detail)))
            }
        }
    }

    func takeConnection() -> UpstreamConnection {
        guard let connection = connection.take() else { preconditionFailure("a call without a connection") }
        return connection
    }

    // MARK: The exchange

    private func send(_ body: [UInt8], _ pass: UpstreamGate.Pass) {
        let connection = takeConnection()
        sentAt = loop.now
        scrubbers.append(pass.key.scrubber)
        write(to: connection, pass, &client.requestHead, body)
        connection.send(client.requestHead, body, settings: settings, for: self)
    }

    private func write(
        to connection: UpstreamConnection,
        _ pass: UpstreamGate.Pass,
        _ head: inout HeadWriter,
        _ body: [UInt8]
    ) {
        head.removeAll()
        head.requestLine("POST", settings.pathPrefix, Array(call.path.utf8))
        head.field("host", connection.hostField)
        head.field("x-api-key", pass.key.secret)
        head.field("content-type", "application/json")
        head.field("content-length", decimal: Int64(body.count))
        head.field("accept", "application/json")
        head.field("accept-encoding", "identity")
        head.field("user-agent", "tollgate")
        // RFC 9110 §7.6.3. The request is the gateway's own, made once for all clients that wait for its answer: none
        // of their `Via` chains is continued, so the chain begins here.
        head.field("via", "1.1 tollgate")
        call.writeIDs(into: &head)
        head.endSection()
    }

    private func ended(_ ending: UpstreamConnection.Ending, _ connection: UpstreamConnection) {
        // The call was ended before its answer came; the outcome was already reported.
        guard machine.awaitsAnswer else { return connection.close() }
        var vendorsTimeout: Int64?
        if case .reply(let reader) = ending { vendorsTimeout = reader.keepAliveSeconds }
        client.pool.give(connection, idleTimeout: IdleTime.of(settings.idleTimeout, vendorsSeconds: vendorsTimeout))
        switch ending {
        case .failed(let failure): handle(.answered(.final(.failure(failure), .failed)))
        case .reply(let reader): handle(.answered(passage == nil ? judge(reader) : judgePassed(reader)))
        }
    }

    private func judge(_ reader: ResponseReader) -> StateMachine.Answer {
        let content = ReplyContent(reader, bytesMax: settings.responseBytesMax)
        let verdict = ReplyVerdict.judge(reader, content, now: loop.wallClock)
        return verdict.answer(status: reader.status, scrub: scrub, reply(reader, content))
    }

    private func reply(_ reader: ResponseReader, _ content: ReplyContent) -> UpstreamReply {
        UpstreamReply(
            status: reader.status,
            contentType: reader.contentType.map(scrub),
            retryAfter: reader.retryAfter.map(scrub),
            contentEncoding: content.encoding.map(scrub),
            body: scrub(content.body),
            duration: duration,
            queued: queued
        )
    }

    /// Since the request went out.
    var duration: Duration { sentAt.map { loop.now - $0 } ?? .zero }

    private func scrub(_ bytes: [UInt8]) -> [UInt8] { scrubbers.reduce(bytes) { $1.scrub($0) } }
}

extension UpstreamAttempt: ExchangeOwner {
    func exchangeDidTake(_ part: UpstreamConnection.Part) { take(part) }

    func exchangeDidDrain() { passageHandler?.passageDidDrain() }

    func exchangeDidEnd(_ ending: UpstreamConnection.Ending, _ connection: UpstreamConnection) {
        if awaitsAnswer, case .reply = ending { tellRest() }
        ended(ending, connection)
    }
}
