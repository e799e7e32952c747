import EventLoops
public import HTTPMessages
public import Transport
import Vocabulary

/// One client's connection: finds requests in its bytes and has them answered, one after the other.
///
/// Confined to its server's loop. It handles bytes, phases and timeouts; its handler decides and writes replies.
///
/// Phases: idle → head (its first byte arrived) → working (the handler has the request) ⇄ body (content follows) → idle
/// again, or ended. Pipelined requests wait, unparsed, until the previous reply is finished (RFC 9112 §9.3.2). The
/// input is paused when they exceed `pipelinedBytesMax`, and while the client leaves too much of its replies unread. A
/// pass of the loop answers `requestsAtOnce` of them, so that a client waits for few requests of each other one.
///
/// **The open span.** A handler sees a request in place: `received(_:_:)` borrows the input from the head's first byte
/// on. Invariants:
///
/// - S1. While the span is lent, nothing is consumed and no other request of the connection is parsed: a reply that is
///   finished within the call returns to `process`, which continues after the call.
/// - S2. The first `openByteCount` bytes of the span belong to the request: the head, and the content if it has a
///   length and has arrived whole. They are consumed once, when the call returns, whether the request was answered or
///   not; the handler copies what it needs later.
/// - S3. A connection is reused only after a request whose end is known: `isBodyOver` is true if there is no content,
///   if S2 covers it, or once a `BodySource` has read it to its end. A reply before that ends the connection, so that a
///   body is never taken for a request (RFC 9112 §9.3). This makes it safe to refuse a request before its body is read.
/// - S4. A request is answered once: `finishReply` requires phase working or body, and leaves it.
///
/// Memory that the connection's buffers hold for longer than one callback counts against the budget of all clients, if
/// there is one. Without room, a head or a body is refused, pipelined requests go unanswered and the connection ends
/// after the current reply, and a connection with unread replies ends.
public final class ServerConnection: StreamDelegate {
    private enum Phase { case idle, head, body, working, ended }

    /// `handshake` runs from the accept to the end of the TLS handshake. `drop` is for a body whose pieces do not
    /// extend its time.
    private enum Deadline { case handshake, idle, head, body, drop, none }

    /// What has come in part of the current request; one word, as there may be tens of thousands of connections.
    private enum Partial { case nothing, head(ParserBox), body(BodySource) }

    /// The number of requests that are answered before other connections have their turn. A pass takes as long as this
    /// many of every connection with pipelined requests.
    private static let requestsAtOnce = 8

    public let identifier: UInt64
    /// What the connection's buffers take from the budget; nil if there is none.
    public let share: ByteShare?
    /// Set from the accept until the connection is removed. Connection and handler keep each other alive meanwhile.
    var handler: (any RequestHandler)?
    private let server: HTTPServer
    private let stream: ByteStream
    private var timer: LoopTimer?
    /// The head while it is incomplete, the body in phase body.
    private var partial = Partial.nothing
    /// The deadline for a stranger's request to be complete.
    private var strangerDeadline = MonotonicInstant.distantFuture
    /// The bytes of the current request as received, head and body.
    public private(set) var requestByteCount = 0
    private var openByteCount = 0

    // Small ones side by side: there may be tens of thousands of connections.

    /// Whether the client has not identified itself yet, which gives it less time.
    public var isStranger = true { didSet { if !isStranger { strangerDeadline = .distantFuture } } }
    private var phase = Phase.idle
    private var deadline = Deadline.idle
    private var isProcessing = false
    /// Whether pipelined requests wait for the next pass.
    private var isPostponed = false
    private var isLent = false

    // MARK: The current request

    public private(set) var isHTTP10 = false
    private var isBodyOver = false
    private var isReplying = false
    /// HEAD: the reply has no content (RFC 9110 §9.3.2).
    private var isHEAD = false
    /// Whether the request allows another one after it; cleared once something rules that out.
    private var asksForMore = false

    init(identifier: UInt64, server: HTTPServer, stream: ByteStream) {
        self.identifier = identifier
        self.server = server
        self.stream = stream
        share = server.budget.map { ByteShare(of: $0, .strangers) }
        if let share { stream.account = share }
        // Keeps this connection alive until `endPhases`, and needs no memory for a reference that does not.
        timer = LoopTimer(loop: server.loop, onFire: deadlinePassed)
        arm(stream.isHandshaking ? .handshake : .idle)
    }

    public var peer: SocketAddress? { stream.peer }

    /// False once the connection has ended; further output is discarded.
    public var isOpen: Bool { stream.isOpen }

    /// Whether the handler has a request of this connection.
    public var isBusy: Bool { phase == .working }

    var isHandshaking: Bool { stream.isHandshaking }

    // MARK: Bytes

    public func streamDidBeginHandshake(_ stream: ByteStream) { server.handshakeBegan(self) }

    public func streamNeedsRoom(_ stream: ByteStream) { server.endOldestHandshake() }

    public func streamDidOpen(_ stream: ByteStream) {
        if phase == .idle { arm(.idle) }
    }

    public func streamDidLoseInput(_ stream: ByteStream) {
        switch phase {
        // Unread replies keep the connection from taking its next request.
        case .idle: end()
        case .head: refuse(.noRoom)
        case .body: fail(.noRoom)
        // The current request is answered. Those behind it are not; the client sees that by the connection's end.
        case .working: asksForMore = false
        case .ended: break
        }
    }

    public func streamDidReceive(_ stream: ByteStream) { process() }

    public func streamDidReceiveEnd(_ stream: ByteStream) {
        switch phase {
        // Complete requests may wait for room in the output; they are still answered.
        case .idle where stream.input.count > 1: break
        // The received part of the body waits for its handler.
        case .body where source?.isPaused == true: break
        // Nothing is under way, or the request will never be complete.
        case .idle, .head, .body: end()
        // A half-closed connection still wants its answer; `finishReply` closes after it.
        case .working, .ended: break
        }
    }

    public func streamDidDrain(_ stream: ByteStream) {
        if isReplying { handler?.replyDrained() }
        guard phase == .idle else { return }
        stream.resumeInput()
        process()
    }

    public func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        if phase == .working || isReplying { handler?.abandoned() }
        endPhases()
        leave()
    }

    /// Processes the requests of the input, as many as have a turn. Never nested (S1).
    private func process() {
        guard !isProcessing, !isPostponed else { return }
        isProcessing = true
        if !stream.input.isEmpty {
            var left = Self.requestsAtOnce
            while step(), !stream.input.isEmpty {
                left -= 1
                if left <= 0, phase == .idle {
                    postpone()
                    break
                }
            }
        }
        isProcessing = false
        guard stream.hasInputEnded else { return }
        switch phase {
        // A lone CR at the end does not begin a request.
        case .idle: if stream.input.count <= 1 { end() }
        // The head will never be complete.
        case .head: end()
        case .body: if source?.isPaused != true { end() }
        case .working, .ended: break
        }
    }

    /// Has the rest of the input wait for the next pass. Kept out of the way of a request that comes alone.
    @inline(never)
    private func postpone() {
        isPostponed = true
        if stream.input.count > server.limits.pipelinedBytesMax { stream.pauseInput() }
        server.loop.later { [self] in
            isPostponed = false
            stream.resumeInput()
            process()
        }
    }

    /// Processes one head, one body, or one piece of either. Returns false if nothing can be done for now.
    private func step() -> Bool {
        switch phase {
        case .idle:
            // No more requests are taken from a client until it reads its replies.
            guard !stream.isCongested else {
                stream.pauseInput()
                return false
            }
            return beginHead()
        case .head: return parseHead(isFirstBytes: false)
        case .body: return readBody()
        case .working:
            if stream.input.count > server.limits.pipelinedBytesMax { stream.pauseInput() }
            return false
        case .ended: return false
        }
    }

    private func consume(_ byteCount: Int) {
        precondition(!isLent, "S1: input consumed while it is lent")
        stream.input.consume(byteCount)
    }

    // MARK: Heads

    /// Skips empty lines before a request (RFC 9112 §2.2): the connection stays idle until something else arrives, and
    /// its idle time does not restart.
    private func beginHead() -> Bool {
        if stream.input.first == 0x0D {
            let lines = stream.input.withBytes { RequestParser.emptyLines($0) }
            consume(lines.byteCount)
            guard lines.requestFollows else { return false }
        }
        phase = .head
        return parseHead(isFirstBytes: true)
    }

    private func parseHead(isFirstBytes: Bool) -> Bool {
        let box = takeBox() ?? server.takeParser(for: self)
        let progress = stream.input.withBytes { bytes in
            let progress = box.parser.parse(bytes)
            if case .complete = progress { box.parser.withHead { ask($0, bytes) } }
            return progress
        }
        switch progress {
        case .complete:
            server.giveBack(box, from: self)
            consume(openByteCount)
            openByteCount = 0
            return true
        case .incomplete:
            partial = .head(box)
            if isFirstBytes { arm(.head) }
            return false
        case .refused(let refusal):
            partial = .head(box)
            refuse(.head(refusal))
            return false
        }
    }

    private func takeBox() -> ParserBox? {
        guard case .head(let box) = partial else { return nil }
        partial = .nothing
        return box
    }

    /// Lends the open span to the handler.
    private func ask(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        guard let handler else { preconditionFailure("a request before its connection was welcomed") }
        requestByteCount = head.byteCount
        openByteCount = head.byteCount
        isHTTP10 = head.version == .http10
        isHEAD = head.method == .head
        asksForMore = head.keepsAlive
        switch head.framing {
        case .none, .untilClose: isBodyOver = true
        case .length(let length):
            isBodyOver = length <= Int64(bytes.count - head.byteCount)
            if isBodyOver { openByteCount += Int(length) }
        case .chunked: isBodyOver = false
        }
        phase = .working
        isLent = true
        handler.received(head, bytes)
        isLent = false
        if phase == .working { arm(.none) }
    }

    /// Has the handler answer input that is no request, or one that will never be complete.
    private func refuse(_ fault: RequestFault) {
        guard let handler else { preconditionFailure("bytes before their connection was welcomed") }
        turnAway()
        requestByteCount = stream.input.count
        let box = takeBox()
        let head = box.flatMap { $0.parser.hasRequestLine ? $0.parser.head : nil }
        isHEAD = head?.method == .head
        stream.input.withBytes { handler.refused(fault, head, $0) }
        if let box { server.giveBack(box, from: self) }
    }

    /// Makes the next reply the connection's last: for a client that is not served, or for input that is no request.
    public func turnAway() {
        phase = .working
        (asksForMore, isBodyOver, isHTTP10, isHEAD) = (false, false, false, false)
        arm(.none)
    }

    // MARK: Bodies

    /// Tells the connection how the handler takes the content. Must be called from `received(_:_:)`, after the handler
    /// has compared the announced length with `plan.limit`.
    ///
    /// A client that expects 100-continue (RFC 9110 §10.1.1) is sent a 100, unless the plan holds it. If its content
    /// would be dropped, the request counts as complete instead, and the connection ends after the reply, since the
    /// content may or may not follow.
    ///
    /// - Returns: the range of the whole content in the open span, empty if it is dropped; nil if the content follows.
    public func takeBody(_ plan: BodyPlan, of head: borrowing RequestHead) -> Range<Int>? {
        precondition(isLent && phase == .working, "S2: a body taken after its head was given up")
        if isBodyOver {
            requestByteCount = openByteCount
            return (plan.use == .dropped ? openByteCount : head.byteCount)..<openByteCount
        }
        let length: Int?
        switch head.framing {
        case .length(let announced):
            precondition(announced <= Int64(plan.limit), "a length that was not compared with its limit")
            length = Int(announced)
        case .chunked: length = nil
        case .none, .untilClose: preconditionFailure("S3: a request without content whose body is not over")
        }
        if head.expectsContinue {
            if plan.use == .dropped { return head.byteCount..<head.byteCount }
            if !plan.holdsContinue { sendContinue() }
        }
        partial = .body(BodySource(plan, length: length, share: share.map { ByteShare(beside: $0) }))
        phase = .body
        arm(plan.timesPieces ? .body : .drop)
        return nil
    }

    /// Sends the 100 that the body's plan holds. Only before the reply has begun.
    public func sendContinue() {
        precondition(!isReplying, "a 100 within a reply")
        stream.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }

    private var source: BodySource? { if case .body(let source) = partial { source } else { nil } }

    private func readBody() -> Bool {
        guard let source, let handler else { preconditionFailure("a body without a source") }
        guard !source.isPaused else {
            stream.pauseInput()
            return false
        }
        let outcome = stream.input.withBytes { source.read($0) }
        let consumed = source.takeConsumed()
        consume(consumed)
        requestByteCount += consumed
        switch outcome {
        case .incomplete:
            if source.plan.timesPieces { arm(.body) }
            guard source.plan.use == .streamed else { return false }
            let piece = source.takeContent()
            if !piece.isEmpty { handler.received(piece, isLast: false) }
            return false
        case .refused(let fault):
            fail(fault)
            return false
        case .complete:
            partial = .nothing
            isBodyOver = true
            phase = .working
            handler.received(source.takeContent(), isLast: true)
            if phase == .working { arm(.none) }
            return true
        }
    }

    /// Stops the pieces of a streamed body until `resumeBody`. The client is slowed down; its time stops, and starts
    /// over when the body is resumed.
    public func pauseBody() {
        guard let source else { return }
        source.isPaused = true
        stream.pauseInput()
        arm(.none)
    }

    public func resumeBody() {
        guard let source, source.isPaused else { return }
        source.isPaused = false
        arm(source.plan.timesPieces ? .body : .drop)
        stream.resumeInput()
        process()
    }

    /// Has the handler answer a request that cannot be served, then the connection ends. If the reply has begun, the
    /// connection is reset instead.
    private func fail(_ fault: RequestFault) {
        guard let handler else { preconditionFailure("a request before its connection was welcomed") }
        partial = .nothing
        phase = .working
        asksForMore = false
        if isReplying { return abort() }
        handler.failed(fault)
    }

    // MARK: Replies

    /// Whether the connection stays open after the reply to the current request; the reply's head has to say so.
    public var mayGoOn: Bool {
        asksForMore && (isBodyOver || source?.plan.use == .streamed) && !server.isDraining
            && !(stream.hasInputEnded && stream.input.count <= openByteCount)
    }

    /// Makes the current reply the connection's last.
    public func endAfterReply() { asksForMore = false }

    /// Sends the head of a reply and its content; in answer to HEAD, the head only.
    ///
    /// - Returns: the number of bytes sent.
    @discardableResult
    public func send(_ head: borrowing Span<UInt8>, _ content: [UInt8]) -> Int {
        server.loop.assertInLoop()
        isReplying = true
        if isHEAD {
            stream.send(head, [])
            return head.count
        }
        stream.send(head, content)
        return head.count + content.count
    }

    /// Sends the next bytes of a reply. While `isCongested` is true, the handler should wait for `replyDrained`.
    public func send(_ piece: [UInt8]) {
        server.loop.preconditionInLoop()
        isReplying = true
        stream.send(piece)
    }

    /// Whether so much output waits that the handler should not add to it.
    public var isCongested: Bool { stream.isCongested }

    /// Ends the reply, then begins the next request or ends the connection.
    public func finishReply(keepsAlive: Bool) {
        server.loop.assertInLoop()
        precondition(phase == .working || phase == .body, "S4: a reply to no request")
        isReplying = false
        guard keepsAlive, phase == .working else {
            endPhases()
            // Further input is read and dropped for a while, so that a reset does not destroy the reply.
            return stream.finish()
        }
        precondition(isBodyOver, "S3: a connection that goes on within a body")
        phase = .idle
        arm(.idle)
        stream.resumeInput()
        if !isProcessing { process() }
    }

    /// Ends the connection with RST, so that a partial reply never looks complete.
    public func abort() { stream.abort() }

    // MARK: The end

    /// Ends an idle connection now; a busy one ends after its current reply, and a new one after its first.
    func drain() {
        guard phase == .idle else { return }
        guard requestByteCount == 0 else { return end() }
        // For what is left of a handshake too.
        timer?.schedule(at: min(server.idleDeadline, strangerDeadline))
    }

    /// Ends the drain: a request that waits for its answer, or is incomplete, is answered with `draining`.
    func cut() {
        switch phase {
        case .idle: end()
        case .head: refuse(.draining)
        case .body, .working: fail(.draining)
        // The last reply is being sent.
        case .ended: break
        }
    }

    /// Sends the pending output and ends the connection, even if a request is under way.
    func end() {
        let isIdle = phase == .idle && stream.input.count <= 1
        endPhases()
        if isIdle || stream.hasInputEnded { stream.close() } else { stream.finish() }
    }

    /// Ends the connection at once, without a reply, to make room for another one.
    public func giveWay() {
        let isQuiet = phase == .idle && stream.input.isEmpty && stream.unsentByteCount == 0
        endPhases()
        leave()
        // A connection with input or output pending must not keep its descriptor until the peer closes.
        if isQuiet { stream.close() } else { stream.abort() }
    }

    private func endPhases() {
        phase = .ended
        timer = nil
        isReplying = false
        if let box = takeBox() { server.giveBack(box, from: self) }
        partial = .nothing
    }

    /// May be called twice.
    private func leave() {
        guard server.remove(self), let handler else { return }
        self.handler = nil
        handler.ended()
    }

    // MARK: Time

    private func arm(_ deadline: Deadline) {
        self.deadline = deadline
        switch deadline {
        case .idle:
            guard isStranger, let time = server.limits.strangerTimeout else {
                timer?.schedule(at: server.idleDeadline)
                return
            }
            strangerDeadline = server.loop.now + time
            timer?.schedule(at: min(server.idleDeadline, strangerDeadline))
        case .handshake, .head: schedule(server.limits.headerTimeout)
        case .body, .drop: schedule(server.limits.bodyTimeout)
        case .none: timer?.cancel()
        }
    }

    private func schedule(_ duration: Duration) {
        timer?.schedule(at: min(server.loop.now + duration, strangerDeadline))
    }

    private func deadlinePassed() {
        switch (deadline, phase) {
        case (.handshake, .idle), (.idle, .idle): end()
        case (.head, .head): refuse(.headTimeout)
        case (.body, .body), (.drop, .body): fail(.bodyTimeout)
        case (.handshake, _), (.idle, _), (.head, _), (.body, _), (.drop, _), (.none, _): break
        }
    }
}
