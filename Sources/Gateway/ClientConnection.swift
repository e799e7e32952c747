import Authentication
import Caching
import EventLoops
import HTTPMessages
import Keying
import Observability
import Transport
import Vocabulary

/// One client's connection: takes requests from it one after the other and hands each to its exchange.
///
/// Confined to its worker's loop. Pipelined requests wait, unparsed, until the reply before them is sent: what came with
/// the request in work is kept, at most what one read brings, and then the input is paused (RFC 9112 §9.3.2). It is
/// paused too while replies wait that are not read.
///
/// What its buffers take for longer than a callback is taken from the budget of all clients: as a stranger's until a
/// valid key was shown. Without room a head or a body is refused, pipelined requests go unanswered with the connection's
/// end after the reply before them, and a connection with unread replies ends.
///
/// Phases: idle → head (its first byte came) → body → working (a flight or the store is asked) or checking (readiness)
/// → idle again, or ended.
final class ClientConnection: StreamDelegate {
    enum Phase {
        case idle
        case head
        case body(BodyReader)
        // Indirect, since most connections are idle, and would all have room for what few of them hold.
        indirect case working(PendingExchange)
        indirect case checking(RequestFacts)
        case ended
    }

    let identifier: UInt64
    let stream: ByteStream
    /// Kept alive by each other until `streamDidClose`: the worker lets go of the connection then.
    let worker: Worker
    /// What the connection's buffers take of the budget.
    let share: ByteShare
    /// The member of a log line that names the client's address, made with the first line.
    private(set) lazy var clientMember = stream.peer.map { AccessLine.clientMember($0) } ?? []
    var phase = Phase.idle
    private var box: ParserBox?
    private var timer: LoopTimer?
    private var deadline = Deadline.idle
    private var isParsing = false
    /// Bytes at the front of the input that belong to the request in work and go when it is answered.
    private var requestBytes = 0

    /// `handshake` is the time that TLS may take from the connection's first moment. `body` moves on with every piece that
    /// comes, `drop` does not: nobody waits for content that means nothing.
    private enum Deadline { case handshake, idle, head, body, drop, check, none }

    init(identifier: UInt64, worker: Worker, stream: ByteStream) {
        self.identifier = identifier
        self.worker = worker
        self.stream = stream
        share = ByteShare(of: worker.rooms.clientBytes, .strangers)
        stream.account = share
        timer = LoopTimer(loop: worker.loop) { [unowned self] in deadlinePassed() }
        arm(stream.isHandshaking ? .handshake : .idle)
    }

    // MARK: Bytes

    func streamDidBeginHandshake(_ stream: ByteStream) { worker.handshakeBegan(self) }

    func streamNeedsRoom(_ stream: ByteStream) { worker.endOldestHandshake() }

    func streamDidOpen(_ stream: ByteStream) {
        if case .idle = phase { arm(.idle) }
    }

    func streamDidLoseInput(_ stream: ByteStream) {
        switch phase {
        // Replies wait that the client does not read.
        case .idle: end()
        case .head: refuse(.outOfMemory)
        case .body(let reader): reply(.outOfMemory, reader.facts, closes: true)
        // The request in work is answered. What came behind it is not, which the client sees by the connection's end.
        case .working(var pending):
            pending.facts.keepsAlive = false
            phase = .working(pending)
        case .checking(var facts):
            facts.keepsAlive = false
            phase = .checking(facts)
        case .ended: break
        }
    }

    func streamDidReceive(_ stream: ByteStream) { process() }

    func streamDidReceiveEnd(_ stream: ByteStream) {
        switch phase {
        // Whole requests wait for room in the output, and are answered still.
        case .idle where stream.input.count > 1: break
        // Nothing under way, or a request that will never be complete.
        case .idle, .head, .body: end()
        // A half-closed connection still wants its answer; `finishRequest` closes after it.
        case .working, .checking, .ended: break
        }
    }

    func streamDidDrain(_ stream: ByteStream) {
        guard case .idle = phase else { return }
        stream.resumeInput()
        process()
    }

    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        if case .working(let pending) = phase { logAbandoned(pending) }
        phase = .ended
        returnParser()
        timer = nil
        worker.connectionDidEnd(self)
    }

    /// Takes as many requests from the input as can be answered at once. Never nested: an exchange that is answered
    /// while its bytes are parsed returns here, and the loop goes on.
    func process() {
        guard !isParsing else { return }
        isParsing = true
        defer { isParsing = false }
        while !stream.input.isEmpty, step() {}
        switch phase {
        // A request of which the rest will never come.
        case .head where stream.hasInputEnded: end()
        case .head: break
        case .idle:
            returnParser()
            // A lone CR at the end begins no request.
            if stream.hasInputEnded, stream.input.count <= 1 { end() }
        case .body, .working, .checking, .ended: returnParser()
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
            return beginHead()
        case .head: return parseHead(isFirstBytes: false)
        case .body(let reader): return readBody(reader)
        case .working, .checking:
            stream.pauseInput()
            return false
        case .ended: return false
        }
    }

    /// Empty lines before a request belong to none: the connection is idle until something else comes (RFC 9112 §2.2),
    /// and its time does not begin anew.
    private func beginHead() -> Bool {
        if stream.input.first == 0x0D {
            let lines = stream.input.withBytes { RequestParser.emptyLines($0) }
            stream.input.consume(lines.byteCount)
            guard lines.requestFollows else { return false }
        }
        phase = .head
        return parseHead(isFirstBytes: true)
    }

    private func parseHead(isFirstBytes: Bool) -> Bool {
        let box = self.box ?? worker.takeParser()
        self.box = box
        let progress = stream.input.withBytes { bytes in
            let progress = box.parser.parse(bytes)
            // The request's bytes are still there: an identical body is answered from where it was read.
            if case .complete = progress { beginRequest(box.parser.head, bytes) }
            return progress
        }
        switch progress {
        case .incomplete:
            if isFirstBytes { arm(.head) }
            return false
        case .refused(let refusal):
            refuse(ErrorReply(refusal))
            return false
        case .complete:
            box.parser.reset()
            stream.input.consume(requestBytes)
            requestBytes = 0
            return true
        }
    }

    private func readBody(_ reader: BodyReader) -> Bool {
        let limit = reader.keepsContent ? worker.settings.bodyBytesMax : Route.droppedContentBytesMax
        let outcome = stream.input.withBytes { reader.read($0, limit: limit) }
        stream.input.consume(reader.takeConsumed())
        switch outcome {
        case .incomplete:
            if reader.keepsContent { arm(.body) }
            return false
        case .refused(let error):
            reply(error, reader.facts, closes: true)
            return false
        case .complete:
            let content = reader.content
            beginExchange(reader.facts, content.span)
            return true
        }
    }

    /// Called with a whole head, whose bytes stay until `requestBytes` of them are consumed.
    private func beginRequest(_ head: RequestHead, _ bytes: Span<UInt8>) {
        var facts = RequestFacts(requestID: worker.requestID(head, bytes), startedAt: worker.loop.now)
        requestBytes = head.byteCount
        let content: AnnouncedContent
        do throws(ErrorReply) {
            // Before the route, so that there is none whose content was not judged.
            content = try AnnouncedContent(head.framing, limit: worker.settings.bodyBytesMax)
        } catch {
            worker.describe(head, bytes, in: &facts)
            return replyEarly(error, head, bytes, facts)
        }
        do throws(ErrorReply) {
            try worker.admit(head, content, bytes, into: &facts)
            // Admitted to classify: its key is good.
            if facts.route == .classify, !share.moveToTeams() { throw .outOfMemory }
        } catch {
            if facts.route == .classify, facts.caller == nil { share.moveToStrangers() }
            return replyEarly(error, head, bytes, facts)
        }
        beginBody(head, content, bytes, consume facts)
    }

    private func beginBody(
        _ head: RequestHead,
        _ content: AnnouncedContent,
        _ bytes: Span<UInt8>,
        _ facts: consuming RequestFacts
    ) {
        switch content {
        case .none:
            facts.byteCount = head.byteCount
            beginExchange(facts, bytes.extracting(0..<0))
        case .bytes(let length):
            let whole = head.byteCount + length
            if bytes.count >= whole {
                requestBytes = whole
                facts.byteCount = whole
                return beginExchange(facts, bytes.extracting(head.byteCount..<whole))
            }
            waitForBody(head, facts, length: length)
        case .chunked: waitForBody(head, facts, length: nil)
        }
    }

    private func waitForBody(_ head: RequestHead, _ facts: RequestFacts, length: Int?) {
        let keepsContent = facts.route?.takesContent == true
        if !keepsContent, head.expectsContinue { return replyUnread(head, facts) }
        let reader = BodyReader(
            facts: facts,
            headByteCount: head.byteCount,
            length: length,
            keepsContent: keepsContent,
            share: ByteShare(of: worker.rooms.clientBytes, .teams)
        )
        if head.expectsContinue { stream.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        phase = .body(reader)
        arm(keepsContent ? .body : .drop)
    }

    /// Answers a request that asks whether its content is wanted, which it is not (RFC 9110 §10.1.1). The connection ends,
    /// since nobody knows whether the content comes all the same.
    private func replyUnread(_ head: RequestHead, _ admitted: RequestFacts) {
        var facts = admitted
        facts.byteCount = head.byteCount
        facts.keepsAlive = false
        beginExchange(facts, [UInt8]().span)
    }

    /// Refuses a request whose body has not been looked at. The connection goes on when the whole body is here
    /// already and can be skipped exactly; otherwise it ends, so that a body is never taken for a request
    /// (RFC 9112 §9.3).
    private func replyEarly(_ error: ErrorReply, _ head: RequestHead, _ bytes: Span<UInt8>, _ facts: RequestFacts) {
        var facts = facts
        facts.byteCount = head.byteCount
        if case .length(let length) = head.framing, length <= Int64(bytes.count - head.byteCount) {
            requestBytes = head.byteCount + Int(length)
            return reply(error, facts, closes: false)
        }
        reply(error, facts, closes: head.framing != .none)
    }

    // MARK: The end of a request

    /// After the reply was handed to the stream: on to the next request, or to the end of the connection.
    func finishRequest(keepsAlive: Bool) {
        guard keepsAlive else {
            phase = .ended
            timer = nil
            return stream.finish()
        }
        phase = .idle
        arm(.idle)
        stream.resumeInput()
        if !isParsing { process() }
    }

    /// Whether the connection may go on after the reply to `facts`.
    func mayGoOn(_ facts: RequestFacts) -> Bool {
        facts.keepsAlive && !worker.isDraining && !(stream.hasInputEnded && stream.input.count <= requestBytes)
    }

    /// Answers something that is no request, or not one that can be read on from, and ends the connection.
    func refuse(_ error: ErrorReply) {
        var facts = RequestFacts(requestID: worker.requestIDs.make(), startedAt: worker.loop.now)
        facts.byteCount = stream.input.count
        stream.input.withBytes { bytes in
            if let box, box.parser.hasRequestLine {
                worker.describe(box.parser.head, bytes, in: &facts)
            } else {
                facts.route = Route.glimpse(bytes)
            }
        }
        reply(error, facts, closes: true)
    }

    /// The gateway drains: an idle connection ends now, the others after the reply under way.
    func drain() {
        if case .idle = phase { end() }
    }

    /// The drain is over: a request that waits for its answer, or is not whole, is answered with 503.
    func cut() {
        switch phase {
        case .idle: end()
        case .head: refuse(.draining)
        case .body(let reader): reply(.draining, reader.facts, closes: true)
        case .working(let pending): fail(.draining, pending, closes: true)
        case .checking(let facts): reply(.draining, facts, closes: true)
        // Its last reply is on its way.
        case .ended: break
        }
    }

    private func end() {
        phase = .ended
        timer = nil
        stream.close()
    }

    private func returnParser() {
        if let box { worker.giveBack(box) }
        box = nil
    }

    // MARK: Time

    private func arm(_ deadline: Deadline) {
        self.deadline = deadline
        switch deadline {
        case .idle: timer?.schedule(at: worker.idleDeadline)
        case .handshake, .head: timer?.schedule(after: worker.settings.headerTimeout)
        case .body, .drop: timer?.schedule(after: worker.settings.bodyTimeout)
        case .check: timer?.schedule(after: SharedRooms.readinessTimeout)
        case .none: timer?.cancel()
        }
    }

    /// The exchange waits for others, each of which has a time-out of its own.
    func work(on pending: PendingExchange) {
        phase = .working(pending)
        arm(.none)
    }

    /// The store is asked whether it works. One that does not answer in time does not.
    func check(for facts: RequestFacts) {
        phase = .checking(facts)
        arm(.check)
        worker.checkStore(for: identifier)
    }

    private func deadlinePassed() {
        switch (deadline, phase) {
        case (.handshake, .idle), (.idle, .idle): end()
        case (.head, .head): refuse(.headTimeout)
        case (.body, .body(let reader)), (.drop, .body(let reader)): reply(.bodyTimeout, reader.facts, closes: true)
        case (.check, .checking): checked(.failure(SharedRooms.storeSilent))
        case (.handshake, _), (.idle, _), (.head, _), (.body, _), (.drop, _), (.check, _), (.none, _): break
        }
    }
}
