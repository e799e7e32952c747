import EventLoops
import HTTPMessages
import Transport
import Vocabulary

/// One client's connection to the admin side: takes requests from it one after the other and hands each to its handler.
///
/// Confined to the server's loop. Pipelined requests wait, unparsed, until the reply before them is sent, and beyond
/// `pipelinedBytesMax` the input is paused (RFC 9112 §9.3.2). It is paused too while replies wait that are not read.
///
/// Until it shows a good token it is a stranger: it has a time of its own for each request, and may have to give way.
///
/// Phases: idle → head (its first byte came) → body → working (its handler has it) → idle again, or ended.
final class AdminConnection: StreamDelegate {
    private enum Phase {
        case idle, head, ended
        case body(AdminExchange)
        case working(AdminExchange)
    }

    private enum Deadline { case idle, head, body, none }

    /// What waits unparsed on one connection while a request is in work.
    private static let pipelinedBytesMax = 64 * 1024

    let identifier: UInt64
    /// Kept alive by each other until `streamDidClose`: the server lets go of the connection then.
    let server: AdminServer
    let stream: ByteStream
    private var phase = Phase.idle
    private var parser: RequestParser
    private var timer: LoopTimer?
    private var deadline = Deadline.idle
    /// When a stranger's request has to be whole.
    private var strangerDeadline = MonotonicInstant.distantFuture
    private var isParsing = false

    /// Whether it has shown no token, or none that is good any more.
    private(set) var isStranger = true

    init(identifier: UInt64, server: AdminServer, stream: ByteStream) {
        self.identifier = identifier
        self.server = server
        self.stream = stream
        parser = RequestParser(limits: server.settings.headLimits)
        timer = LoopTimer(loop: server.loop) { [unowned self] in deadlinePassed() }
        arm(.idle)
    }

    /// The peer's IP address.
    var address: String { stream.peer?.host ?? "unknown" }

    /// Whether a handler has a request of it.
    var isBusy: Bool { if case .working = phase { true } else { false } }

    // MARK: Bytes

    func streamDidReceive(_ stream: ByteStream) { process() }

    func streamDidReceiveEnd(_ stream: ByteStream) {
        switch phase {
        // Whole requests wait for room in the output, and are answered still.
        case .idle where stream.input.count > 1: break
        // Nothing under way, or a request that will never be complete.
        case .idle, .head, .body: end()
        // A half-closed connection still wants its answer; `finishRequest` closes after it.
        case .working, .ended: break
        }
    }

    func streamDidDrain(_ stream: ByteStream) {
        guard case .idle = phase else { return }
        stream.resumeInput()
        process()
    }

    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        if case .working(let exchange) = phase { log(exchange, status: 499) }
        phase = .ended
        timer = nil
        server.connectionDidEnd(self)
    }

    /// Takes as many requests from the input as can be answered at once. Never nested: a request that is answered while
    /// its bytes are parsed returns here, and the loop goes on.
    private func process() {
        guard !isParsing else { return }
        isParsing = true
        defer { isParsing = false }
        while !stream.input.isEmpty, step() {}
        switch phase {
        // A lone CR at the end begins no request.
        case .idle: if stream.hasInputEnded, stream.input.count <= 1 { end() }
        // What is half there will never be whole.
        case .head, .body: if stream.hasInputEnded { end() }
        case .working, .ended: break
        }
    }

    /// One head, one body or one piece of them; false when there is nothing to do before more bytes come.
    private func step() -> Bool {
        switch phase {
        case .idle:
            // A client that does not read its replies is asked for no more requests until it does.
            guard !stream.isCongested else {
                stream.pauseInput()
                return false
            }
            // Empty lines before a request belong to none (RFC 9112 §2.2): the connection is idle, and its time runs on.
            let lines = stream.input.withBytes { RequestParser.emptyLines($0) }
            stream.input.consume(lines.byteCount)
            guard lines.requestFollows else { return false }
            phase = .head
            parser.replaceLimits(server.settings.headLimits)
            arm(.head)
            return readHead()
        case .head: return readHead()
        case .body(let exchange): return readBody(of: exchange)
        case .working:
            if stream.input.count > AdminConnection.pipelinedBytesMax { stream.pauseInput() }
            return false
        case .ended: return false
        }
    }

    private func readHead() -> Bool {
        switch stream.input.withBytes({ parser.parse($0) }) {
        case .incomplete: return false
        case .refused(let refusal):
            refuse(AdminFault(refusal))
            return false
        case .complete:
            beginRequest()
            return true
        }
    }

    private func beginRequest() {
        let head = parser.head
        let (exchange, fault) = stream.input.withBytes { bytes -> (AdminExchange, AdminFault?) in
            let exchange = server.begin(head, bytes)
            do throws(AdminFault) { try server.admit(exchange, head, bytes) } catch { return (exchange, error) }
            return (exchange, nil)
        }
        parser.reset()
        stream.input.consume(head.byteCount)
        judge(exchange, fault)
        if let fault { return replyEarly(fault, exchange, head.framing) }
        beginBody(exchange, head)
    }

    /// A request below `/admin/v1` tells whether the connection is a stranger's; another one says nothing of that.
    private func judge(_ exchange: AdminExchange, _ fault: AdminFault?) {
        if exchange.actor != nil, isStranger {
            server.didRecognise(self)
            isStranger = false
            strangerDeadline = .distantFuture
        } else if fault?.status == 401, !isStranger {
            server.didForget(self)
            isStranger = true
        }
    }

    private func beginBody(_ exchange: AdminExchange, _ head: RequestHead) {
        switch head.framing {
        case .none, .untilClose, .length(0): return work(on: exchange, body: [])
        case .length(let length): exchange.content = ContentReader(length: Int(length))
        case .chunked: exchange.content = ContentReader(length: nil)
        }
        // RFC 9110 §10.1.1: a client that sends already need not be told to.
        if head.expectsContinue, stream.input.isEmpty { stream.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        phase = .body(exchange)
        arm(.body)
    }

    private func readBody(of exchange: AdminExchange) -> Bool {
        guard var reader = exchange.content.take() else { preconditionFailure("a body without a reader") }
        let outcome = stream.input.withBytes { reader.read($0, limit: exchange.bodyBytesMax) }
        stream.input.consume(reader.takeConsumed())
        switch outcome {
        // Its time goes on: a small body that is sent without pauses has time enough.
        case .incomplete: exchange.content = reader
        case .complete: work(on: exchange, body: reader.content)
        case .tooLarge, .noRoom: reply(.bodyTooLarge(exchange.bodyBytesMax), exchange, closes: true)
        case .refused(let refusal): reply(.badRequest(refusal.message), exchange, closes: true)
        }
        return outcome == .complete
    }

    /// Hands the request to its handler, which may answer at once, later or never.
    private func work(on exchange: AdminExchange, body: [UInt8]) {
        guard let route = exchange.route else { preconditionFailure("a request that was not admitted") }
        phase = .working(exchange)
        arm(.none)
        // Weak, since a handler may keep its closure for longer than the client stays.
        let completion = AdminCompletion { [weak self, server] reply in
            self?.complete(exchange, reply)
            server.handlerAnswered()
        }
        server.handlerWasAsked()
        route.handler(exchange.request(body: body, address: address), completion.give)
    }

    private func complete(_ exchange: AdminExchange, _ reply: AdminReply) {
        server.loop.preconditionInLoop()
        // The client may be gone, or the server stopped.
        guard case .working(let current) = phase, current === exchange else { return }
        send(reply, exchange, closes: false)
    }

    // MARK: The end of a request

    /// After the reply was handed to the stream: on to the next request, or to the end of the connection.
    func finishRequest(keepsAlive: Bool) {
        guard keepsAlive else {
            phase = .ended
            timer = nil
            // What the client still sends is read and dropped for a while, so that it can read the reply.
            return stream.finish()
        }
        phase = .idle
        arm(.idle)
        stream.resumeInput()
        if !isParsing { process() }
    }

    /// Whether the connection may go on after the reply to this request.
    func mayGoOn(_ exchange: AdminExchange) -> Bool {
        exchange.keepsAlive && !server.isDraining && !(stream.hasInputEnded && stream.input.isEmpty)
    }

    /// Refuses a request whose body has not been looked at. The connection goes on when the whole body is here already
    /// and can be skipped exactly; otherwise it ends, so that a body is never taken for a request (RFC 9112 §9.3).
    private func replyEarly(_ fault: AdminFault, _ exchange: AdminExchange, _ framing: BodyFraming) {
        if case .length(let length) = framing, length <= Int64(stream.input.count) {
            stream.input.consume(Int(length))
            return reply(fault, exchange, closes: false)
        }
        reply(fault, exchange, closes: framing != .none)
    }

    /// Answers something that is no request, or not one that can be read on from, and ends the connection.
    func refuse(_ fault: AdminFault) {
        reply(fault, AdminExchange(requestID: server.makeRequestID()), closes: true)
    }

    /// Sends what waits and ends the connection, whatever is under way on it.
    func end() {
        let isIdle = if case .idle = phase { stream.input.count <= 1 } else { false }
        phase = .ended
        timer = nil
        if isIdle { stream.close() } else { stream.finish() }
    }

    /// Ends the connection at once and without a word, so that another one can have its place.
    func giveWay() {
        let isQuiet = if case .idle = phase { stream.input.isEmpty && stream.unsentByteCount == 0 } else { false }
        phase = .ended
        timer = nil
        server.connectionDidEnd(self)
        // What lingers, or has sent something, must not keep its descriptor for as long as it likes.
        if isQuiet { stream.close() } else { stream.abort() }
    }

    // MARK: Time

    private func arm(_ deadline: Deadline) {
        self.deadline = deadline
        let settings = server.settings
        switch deadline {
        case .idle:
            if isStranger { strangerDeadline = server.loop.now + settings.strangerTimeout }
            schedule(settings.idleTimeout)
        case .head: schedule(settings.headerTimeout)
        case .body: schedule(settings.bodyTimeout)
        case .none: timer?.cancel()
        }
    }

    private func schedule(_ duration: Duration) {
        timer?.schedule(at: min(server.loop.now + duration, strangerDeadline))
    }

    private func deadlinePassed() {
        switch (deadline, phase) {
        case (.idle, .idle): end()
        case (.head, .head): refuse(.headTimeout)
        case (.body, .body(let exchange)): reply(.bodyTimeout, exchange, closes: true)
        case (.idle, _), (.head, _), (.body, _), (.none, _): break
        }
    }
}
