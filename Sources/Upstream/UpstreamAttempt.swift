import EventLoops
import HTTPMessages
import Transport
import UpstreamKeys
import Vocabulary

/// One call on its way: at the gate → booked to its key → resolving → connecting → sent → answered. Confined to its
/// client's loop.
///
/// States and who moves them: `begin` and `receive` take it through the gate, `moved` books it to another key if it has
/// to, `connect` takes it to a connection, `send` to the vendor; `finish` ends it, once. Whenever it has a pass it gives
/// that back to the gate, and comes to the gate again when it may be sent once more.
final class UpstreamAttempt {
    private enum State { case new, queued, moving, resolving, connecting, sent, ended }

    /// Why no connection was made; nothing was sent.
    private enum ConnectFault {
        case network(String)
        case tls(String)
        /// This side has no descriptor, port or memory for it, and the vendor no part in that.
        case exhausted(String)
    }

    /// Connecting is tried again so often, for failures in which nothing was sent.
    private static let reconnectsMax = 2

    let number: UInt64
    let call: UpstreamCall
    /// The key that the call is booked to.
    private(set) var booked: UpstreamKeyID
    /// Keys that it must not go out with: one that was rejected, and those that have spent their month.
    private(set) var without: [UpstreamKey] = []
    private unowned let client: UpstreamClient
    private let loop: EventLoop
    private let move: UpstreamKeyMove
    private let then: (UpstreamOutcome) -> Void
    /// Those of the moment when it began to connect: what waited in the queue goes out on the newest ones.
    private var settings: UpstreamSettings
    private var state = State.new
    /// The place at the gate and the key, while it is out.
    private var pass: UpstreamGate.Pass?
    /// Secrets that were sent: none of them may come back.
    private var scrubbers: [SecretScrubber] = []
    /// The first answer, if that was a rejection.
    private var first: (rejection: FirstRejection, reply: UpstreamReply)?
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
        move: @escaping UpstreamKeyMove,
        then: @escaping (UpstreamOutcome) -> Void
    ) {
        self.number = number
        self.client = client
        self.loop = loop
        self.call = call
        self.move = move
        self.then = then
        booked = call.key
        settings = client.settings
    }

    // MARK: The gate

    func begin() {
        guard client.shutdown == .none else { return refused(.draining(charged: .no)) }
        queueDeadline = loop.now + settings.queueTimeout
        receive(client.enter(self, isRepeated: false))
    }

    private func enterAgain() { receive(client.enter(self, isRepeated: true)) }

    /// The gate's answer, at once or after a wait.
    func receive(_ entry: UpstreamGate.Entry) {
        switch entry {
        case .go(let pass):
            self.pass = pass
            timer = nil
            // Let out in the moment in which the gateway ended every call.
            guard client.shutdown != .cut else { return withdraw() }
            if pass.key.id == booked { return goOut() }
            state = .moving
            move(pass.key.id) { [self] in moved($0) }
        case .wait:
            state = .queued
            guard client.shutdown == .none else { return leaveQueue() }
            startTimer(at: queueDeadline) { [unowned self] in
                // Let out in this very moment: the answer is in the mailbox.
                guard let failure = client.giveUp(self) else { return }
                refused(failure)
            }
        case .refused(let failure): refused(failure)
        }
    }

    /// The gateway shuts down: who waits is not let out any more, unless that was decided in this very moment.
    func leaveQueue() {
        guard state == .queued, client.giveUp(self) != nil else { return }
        refused(.draining(charged: .no))
    }

    /// The gateway waits for nobody any more. While the call is booked to another key nothing is sent: `moved` ends it.
    func cut() {
        switch state {
        case .new, .moving, .ended: break
        case .queued: leaveQueue()
        case .resolving, .connecting: withdraw()
        case .sent:
            leave(.unused)
            finish(.failure(.draining(charged: .unknown)))
        }
    }

    /// Nothing was sent, and nothing is to be.
    private func withdraw() {
        leave(.unused)
        refused(.draining(charged: .no))
    }

    /// It cannot go out; if it was out before and was rejected, then that is what decides.
    private func refused(_ failure: UpstreamFailure) {
        guard let first else { return finish(.failure(failure)) }
        switch client.ruleAlone(on: first.rejection) {
        case .passOn: finish(.reply(first.reply))
        case .keyRejected, .tryAnother:
            // A client that may try again soon is told so.
            finish(.failure(failure.code == .noKey ? .keyRejected : failure))
        }
    }

    /// Booked to the key that it is to go out with, or not.
    private func moved(_ moved: UpstreamKeyMoved) {
        guard state == .moving, let pass else { preconditionFailure("moved() in state \(state)") }
        if client.shutdown == .cut, moved == .done { return withdraw() }
        switch moved {
        case .done:
            booked = pass.key.id
            goOut()
        case .noRoom:
            without.append(pass.key)
            leave(.unused)
            enterAgain()
        case .failed:
            leave(.unused)
            finish(.givenUp)
        }
    }

    private func startTimer(at deadline: MonotonicInstant, _ onFire: @escaping () -> Void) {
        let timer = LoopTimer(loop: loop, onFire: onFire)
        timer.schedule(at: deadline)
        self.timer = timer
    }

    // MARK: Connecting

    private func goOut() {
        connectDeadline = loop.now + client.settings.connectTimeout
        reconnects = 0
        connect()
    }

    private func connect() {
        state = .connecting
        settings = client.settings
        if let connection = client.pool.take() { return send(on: connection) }
        state = .resolving
        startTimer(at: connectDeadline) { [unowned self] in
            connectFailed(.network("\(settings.host): no answer of the name server within connect_timeout"))
        }
        client.resolve(for: self)
    }

    func resolved(_ result: Result<[SocketAddress], ResolveFault>) {
        guard state == .resolving else { return }
        state = .connecting
        timer = nil
        switch result {
        case .failure(let fault):
            connectFailed(fault.isExhaustion ? .exhausted(fault.description) : .network(fault.description))
        case .success(let addresses):
            let left = connectDeadline - loop.now
            guard left > .zero else { return connectFailed(.network("connect_timeout has passed")) }
            let generation = client.pool.generation
            client.dialer.dial(addresses, serverName: settings.serverName, tls: client.tls, timeout: left) {
                [self] result in
                dialed(result, generation)
            }
        }
    }

    private func dialed(_ result: Result<ByteStream, DialFault>, _ generation: Int) {
        guard state == .connecting else {
            // The call was ended meanwhile.
            if case .success(let stream) = result { stream.close() }
            return
        }
        switch result {
        case .success(let stream):
            let connection = UpstreamConnection(stream: stream, loop: loop, generation: generation)
            // What happened before it had a delegate was told to nobody.
            guard connection.isUsable() else {
                connection.close()
                return connectFailed(.network("the vendor ended the connection as soon as it was made"))
            }
            send(on: connection)
        case .failure(let fault):
            switch fault.code {
            case .tls(let code): connectFailed(.tls("\(code.rawValue): \(fault.detail)"))
            case .exhausted: connectFailed(.exhausted(fault.detail))
            case .refused, .timedOut, .unreachable: connectFailed(.network(fault.detail))
            }
        }
    }

    /// Nothing was sent. A failure of the network is tried again with a pause; one of TLS is never tried in another way,
    /// and one of this side ends the call without a word on the vendor's health.
    private func connectFailed(_ fault: ConnectFault) {
        state = .connecting
        switch fault {
        case .network(let detail):
            reconnects += 1
            let pause = Duration.milliseconds(50 * reconnects + Int.random(in: 0..<50))
            guard reconnects <= Self.reconnectsMax, loop.now + pause < connectDeadline else {
                return unreachable(detail)
            }
            startTimer(at: loop.now + pause) { [unowned self] in connect() }
        case .tls(let detail): unreachable(detail)
        case .exhausted(let detail):
            leave(.unused)
            finish(
                .failure(
                    UpstreamFailure(.overloaded, charged: .no, source: .gateway, detail, retryAfterSeconds: 1)
                )
            )
        }
    }

    private func unreachable(_ detail: String) {
        leave(.failed)
        finish(.failure(UpstreamFailure(.unreachable, charged: .no, source: .network, detail)))
    }

    // MARK: The exchange

    private func send(on connection: UpstreamConnection) {
        guard let pass else { preconditionFailure("send() without a key") }
        state = .sent
        sentAt = loop.now
        scrubbers.append(pass.key.scrubber)
        timer = nil
        var head = HeadWriter(capacity: 512)
        head.requestLine("POST", (settings.pathPrefix + "/v1/classify").utf8)
        head.field("host", settings.hostField)
        head.field("x-api-key", pass.key.secret)
        head.field("content-type", "application/json")
        head.field("content-length", decimal: Int64(call.body.count))
        head.field("accept", "application/json")
        head.field("accept-encoding", "identity")
        head.field("user-agent", "tollgate")
        // RFC 9110 §7.6.3. The request is the gateway's own, made once for all who wait for its answer: nothing of what
        // their requests went through goes on, so the chain begins here.
        head.field("via", "1.1 tollgate")
        head.field("x-request-id", call.requestID)
        head.endSection()
        connection.send(head, call.body, settings: settings) { [self] ending in
            ended(ending, connection)
        }
    }

    private func ended(_ ending: UpstreamConnection.Ending, _ connection: UpstreamConnection) {
        // The call was ended before its answer came, and nobody knows it any more.
        guard state == .sent else { return connection.close() }
        var vendorsTimeout: Int64?
        if case .reply(let reader) = ending { vendorsTimeout = reader.keepAliveSeconds }
        client.pool.give(connection, idleTimeout: IdleTime.of(settings.idleTimeout, vendorsSeconds: vendorsTimeout))
        switch ending {
        case .failed(let failure):
            leave(.failed)
            finish(.failure(failure))
        case .reply(let reader): judge(reader)
        }
    }

    private func judge(_ reader: ResponseReader) {
        let content = ReplyContent(reader, bytesMax: settings.responseBytesMax)
        switch ReplyVerdict.judge(reader, content, now: loop.wallClock) {
        case .success:
            leave(.succeeded)
            finish(.reply(reply(reader, content)))
        case .pass(let sign):
            leave(.answered(sign))
            finish(.reply(reply(reader, content)))
        case .fail(let failure, let sign):
            leave(.answered(sign))
            finish(.failure(failure))
        case .redirect(let location):
            leave(.failed)
            finish(.failure(.redirected(reader.status, location: location.map(scrub))))
        case .limited(let retryAfter):
            leave(.limited(retryAfter))
            // A refusal that is most likely the document's does not wait for a second opinion.
            if first?.rejection.rejection == .refused { return refused(.keyRejected) }
            enterAgain()
        case .rejected(let rejection): rejected(rejection, reply(reader, content))
        }
    }

    private func rejected(_ rejection: Rejection, _ reply: UpstreamReply) {
        let pass = takePass()
        let rejected = FirstRejection(key: pass.key, rejection: rejection, document: call.documentID)
        switch client.leave(pass, rejected, after: first?.rejection) {
        case .tryAnother:
            first = (rejected, reply)
            without.append(pass.key)
            enterAgain()
        case .passOn:
            // When the second key was refused as a key, the first one's refusal is what the vendor says of the document.
            finish(.reply(rejection == .refused ? reply : first?.reply ?? reply))
        case .keyRejected: finish(.failure(.keyRejected))
        }
    }

    private func reply(_ reader: ResponseReader, _ content: ReplyContent) -> UpstreamReply {
        UpstreamReply(
            status: reader.status,
            contentType: reader.contentType.map(scrub),
            retryAfter: reader.retryAfter.map(scrub),
            contentEncoding: content.encoding.map(scrub),
            body: scrub(content.body),
            duration: loop.now - sentAt
        )
    }

    private func scrub(_ bytes: [UInt8]) -> [UInt8] { scrubbers.reduce(bytes) { $1.scrub($0) } }

    private func leave(_ report: UpstreamGate.Report) {
        let pass = takePass()
        client.leave(pass, report, after: first?.rejection)
    }

    private func takePass() -> UpstreamGate.Pass {
        guard let pass else { preconditionFailure("leaving the gate in state \(state) without a place") }
        self.pass = nil
        return pass
    }

    private func finish(_ outcome: UpstreamOutcome) {
        precondition(state != .ended, "finish() on an attempt that has ended")
        state = .ended
        timer = nil
        client.end(self)
        then(outcome)
    }
}

extension UpstreamFailure {
    fileprivate static let keyRejected = UpstreamFailure(
        .keyRejected,
        charged: .no,
        source: .gateway,
        "the vendor accepts none of the keys that were tried"
    )
}
