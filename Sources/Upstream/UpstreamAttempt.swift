import EventLoops
import HTTPMessages
import Transport
import Vocabulary

/// One call on its way: at the gate → connecting → sent → answered. Confined to its client's loop.
///
/// States and who moves them: `begin` and `receive` take it through the gate, `connect` to a connection, `send` to the
/// vendor; `finish` ends it, once, and gives its place at the gate back if it has one.
final class UpstreamAttempt {
    private enum State { case new, queued, connecting, sent, ended }

    /// Connecting is tried again so often, for failures in which nothing was sent.
    private static let reconnectsMax = 2

    let number: UInt64
    let call: UpstreamCall
    private unowned let client: UpstreamClient
    private let loop: EventLoop
    private let then: (UpstreamOutcome) -> Void
    /// Those of the moment when it began to connect: what waited in the queue goes out on the newest ones.
    private var settings: UpstreamSettings
    private var key: UpstreamKey
    private var state = State.new
    /// The place at the gate, while it is out.
    private var permit: CircuitBreaker.Permit?
    private var queueDeadline = MonotonicInstant.distantFuture
    private var connectDeadline = MonotonicInstant.distantFuture
    private var reconnects = 0
    private var sentAt = MonotonicInstant(nanoseconds: 0)
    private var timer: LoopTimer?

    init(
        number: UInt64,
        client: UpstreamClient,
        loop: EventLoop,
        call: UpstreamCall,
        then: @escaping (UpstreamOutcome) -> Void
    ) {
        self.number = number
        self.client = client
        self.loop = loop
        self.call = call
        self.then = then
        settings = client.settings
        key = client.key
    }

    // MARK: The gate

    func begin() {
        queueDeadline = loop.now + settings.queueTimeout
        receive(client.enter(self, deadline: queueDeadline, isRepeated: false))
    }

    /// The gate's answer, at once or after a wait.
    func receive(_ entry: UpstreamGate.Entry) {
        switch entry {
        case .go(let permit):
            self.permit = permit
            timer = nil
            connectDeadline = loop.now + settings.connectTimeout
            connect()
        case .wait:
            state = .queued
            startTimer(at: queueDeadline) { [unowned self] in
                // Let out in this very moment: the answer is in the mailbox.
                guard let failure = client.giveUp(self) else { return }
                finish(.failure(failure))
            }
        case .refused(let failure): finish(.failure(failure))
        }
    }

    private func startTimer(at deadline: MonotonicInstant, _ onFire: @escaping () -> Void) {
        let timer = LoopTimer(loop: loop, onFire: onFire)
        timer.schedule(at: deadline)
        self.timer = timer
    }

    // MARK: Connecting

    private func connect() {
        state = .connecting
        settings = client.settings
        key = client.key
        if let connection = client.pool.take() { return send(on: connection) }
        client.resolve(for: self)
    }

    func resolved(_ result: Result<[SocketAddress], ResolveFault>) {
        guard state == .connecting else { return }
        switch result {
        case .failure(let fault): connectFailed(fault.description, isTLS: false)
        case .success(let addresses):
            let left = connectDeadline - loop.now
            guard left > .zero else { return connectFailed("connect_timeout has passed", isTLS: false) }
            let generation = client.pool.generation
            client.dialer.dial(addresses, serverName: settings.host, tls: client.tls, timeout: left) { [self] result in
                dialed(result, generation)
            }
        }
    }

    private func dialed(_ result: Result<ByteStream, DialFault>, _ generation: Int) {
        switch result {
        case .success(let stream): send(on: UpstreamConnection(stream: stream, loop: loop, generation: generation))
        case .failure(let fault):
            if case .tls(let code) = fault.code {
                connectFailed("\(code.rawValue): \(fault.detail)", isTLS: true)
            } else {
                connectFailed(fault.detail, isTLS: false)
            }
        }
    }

    /// Nothing was sent. Tried again with a pause, unless TLS failed: that is never tried in another way.
    private func connectFailed(_ detail: String, isTLS: Bool) {
        reconnects += 1
        let pause = Duration.milliseconds(50 * reconnects + Int.random(in: 0..<50))
        guard !isTLS, reconnects <= Self.reconnectsMax, loop.now + pause < connectDeadline else {
            leave(.failure)
            return finish(.failure(UpstreamFailure(.unreachable, charged: .no, source: .network, detail)))
        }
        startTimer(at: loop.now + pause) { [unowned self] in connect() }
    }

    // MARK: The exchange

    private func send(on connection: UpstreamConnection) {
        state = .sent
        sentAt = loop.now
        timer = nil
        var head = HeadWriter(capacity: 512)
        head.requestLine("POST", (settings.pathPrefix + "/v1/classify").utf8)
        head.field("host", settings.hostField)
        head.field("x-api-key", key.secret)
        head.field("content-type", "application/json")
        head.field("content-length", decimal: Int64(call.body.count))
        head.field("accept", "application/json")
        head.field("accept-encoding", "identity")
        head.field("user-agent", "tollgate")
        head.field("x-request-id", call.requestID)
        head.endSection()
        connection.send(head, call.body, settings: settings) { [self] ending in
            ended(ending, connection)
        }
    }

    private func ended(_ ending: UpstreamConnection.Ending, _ connection: UpstreamConnection) {
        client.pool.give(connection, idleTimeout: settings.idleTimeout)
        switch ending {
        case .failed(let failure):
            leave(.failure)
            finish(.failure(failure))
        case .reply(let reader): judge(reader)
        }
    }

    private func judge(_ reader: ReplyReader) {
        switch ReplyVerdict.judge(reader, now: loop.wallClock) {
        case .pass(let sign):
            leave(sign)
            finish(
                .reply(
                    UpstreamReply(
                        status: reader.status,
                        contentType: reader.contentType.map { SecretScrubber.scrub($0, of: key.secret) },
                        retryAfter: reader.retryAfter.map { SecretScrubber.scrub($0, of: key.secret) },
                        body: SecretScrubber.scrub(reader.body, of: key.secret),
                        duration: loop.now - sentAt
                    )
                )
            )
        case .fail(let failure, let sign):
            leave(sign)
            finish(.failure(failure))
        case .limited(let retryAfter):
            client.leave(limitedFor: retryAfter, takePermit())
            receive(client.enter(self, deadline: queueDeadline, isRepeated: true))
        }
    }

    private func leave(_ sign: CircuitBreaker.Sign) { client.leave(sign, takePermit()) }

    private func takePermit() -> CircuitBreaker.Permit {
        guard let permit else { preconditionFailure("leaving the gate in state \(state) without a place") }
        self.permit = nil
        return permit
    }

    private func finish(_ outcome: UpstreamOutcome) {
        precondition(state != .ended, "finish() on an attempt that has ended")
        state = .ended
        timer = nil
        client.end(self)
        then(outcome)
    }
}
