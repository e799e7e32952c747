import EventLoops
public import HTTPMessages
public import Transport
import Vocabulary

/// One client's connection: finds requests in its bytes and has them answered, one after the other.
///
/// Confined to its server's loop. It does bytes, phases and time; its handler decides and writes replies.
///
/// Phases: idle → head (its first byte came) → working (the handler has been asked) ⇄ body (content follows) → idle
/// again, or ended. Requests behind the one in work wait, unparsed, until the reply before them is finished
/// (RFC 9112 §9.3.2); beyond `pipelinedBytesMax` of them the input is paused. It is paused too while replies wait that the
/// client does not read.
///
/// **The open span.** A handler sees a request where it was read: `received(_:_:)` is lent the input from the head's
/// first byte on. What holds:
///
/// - S1. While it is lent, nothing is consumed and no other request of the connection is parsed: a reply that is
///   finished within the call returns to `process`, which goes on after it.
/// - S2. `openByteCount` bytes at its front belong to the request: the head, and the content if all of it is here and has
///   a length. They are consumed once, when the call returns, whether it was answered or not; what the handler needs
///   later it has copied.
/// - S3. A connection goes on only behind a request whose last byte is known: `isBodyOver` is true without content, with
///   S2's, or when a `BodySource` has read it to its end. A reply before that ends the connection, so that a body is never
///   taken for a request (RFC 9112 §9.3). This is what makes a refusal before the body is looked at safe.
/// - S4. A request is answered once: `finishReply` needs the phases working or body, and ends them.
///
/// What the connection's buffers take for longer than a callback is taken from the budget of all clients, if there is
/// one. Without room a head or a body is refused, pipelined requests go unanswered with the connection's end after the
/// reply before them, and a connection with unread replies ends.
public final class ServerConnection: StreamDelegate {
    private enum Phase { case idle, head, body, working, ended }

    /// `handshake` is the time that TLS may take from the connection's first moment. `drop` is that of a body which no
    /// piece extends.
    private enum Deadline { case handshake, idle, head, body, drop, none }

    public let identifier: UInt64
    /// What its buffers take of the budget; nil where there is none.
    public let share: ByteShare?
    /// Whether the client has not shown who it is, which gives it less time.
    public var isStranger = true { didSet { if !isStranger { strangerDeadline = .distantFuture } } }
    /// Set once it is accepted, until it is gone. They keep each other alive for that time.
    var handler: (any RequestHandler)?
    private let server: HTTPServer
    private let stream: ByteStream
    private var timer: LoopTimer?
    private var phase = Phase.idle
    private var deadline = Deadline.idle
    private var isProcessing = false
    private var isLent = false
    /// Set while a head is there in part.
    private var box: ParserBox?
    /// Set in the phase body.
    private var source: BodySource?
    /// When a stranger's request has to be whole.
    private var strangerDeadline = MonotonicInstant.distantFuture

    // MARK: The request in work

    /// Bytes of the request, head and body as they came.
    public private(set) var requestByteCount = 0
    public private(set) var isHTTP10 = false
    private var openByteCount = 0
    private var isBodyOver = false
    private var isReplying = false
    /// HEAD: the reply has no content (RFC 9110 §9.3.2).
    private var isHEAD = false
    /// What the request asks for, as long as nothing stands against it.
    private var asksForMore = false

    init(identifier: UInt64, server: HTTPServer, stream: ByteStream) {
        self.identifier = identifier
        self.server = server
        self.stream = stream
        share = server.budget.map { ByteShare(of: $0, .strangers) }
        if let share { stream.account = share }
        timer = LoopTimer(loop: server.loop) { [unowned self] in deadlinePassed() }
        arm(stream.isHandshaking ? .handshake : .idle)
    }

    public var peer: SocketAddress? { stream.peer }

    /// False once the connection ends: what is sent goes nowhere.
    public var isOpen: Bool { stream.isOpen }

    /// Whether the handler has a request of it.
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
        // Replies wait that the client does not read.
        case .idle: end()
        case .head: refuse(.noRoom)
        case .body: fail(.noRoom)
        // The request in work is answered. What came behind it is not, which the client sees by the connection's end.
        case .working: asksForMore = false
        case .ended: break
        }
    }

    public func streamDidReceive(_ stream: ByteStream) { process() }

    public func streamDidReceiveEnd(_ stream: ByteStream) {
        switch phase {
        // Whole requests wait for room in the output, and are answered still.
        case .idle where stream.input.count > 1: break
        // What has come of the body waits for its handler.
        case .body where source?.isPaused == true: break
        // Nothing under way, or a request that will never be complete.
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

    /// Takes as many requests from the input as can be answered at once. Never nested (S1).
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        while !stream.input.isEmpty, step() {}
        isProcessing = false
        guard stream.hasInputEnded else { return }
        switch phase {
        // A lone CR at the end begins no request.
        case .idle: if stream.input.count <= 1 { end() }
        // What is half there will never be whole.
        case .head: end()
        case .body: if source?.isPaused != true { end() }
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

    /// Empty lines before a request belong to none: the connection is idle until something else comes (RFC 9112 §2.2),
    /// and its time does not begin anew.
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
        let box = self.box.take() ?? server.takeParser()
        let progress = stream.input.withBytes { bytes in
            let progress = box.parser.parse(bytes)
            if case .complete = progress { box.parser.withHead { ask($0, bytes) } }
            return progress
        }
        switch progress {
        case .complete:
            server.giveBack(box)
            consume(openByteCount)
            openByteCount = 0
            return true
        case .incomplete:
            self.box = box
            if isFirstBytes { arm(.head) }
            return false
        case .refused(let refusal):
            self.box = box
            refuse(.head(refusal))
            return false
        }
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

    /// Has the handler answer what is no request, or will never be a whole one.
    private func refuse(_ fault: RequestFault) {
        guard let handler else { preconditionFailure("bytes before their connection was welcomed") }
        turnAway()
        requestByteCount = stream.input.count
        let box = self.box.take()
        let head = box.flatMap { $0.parser.hasRequestLine ? $0.parser.head : nil }
        isHEAD = head?.method == .head
        stream.input.withBytes { handler.refused(fault, head, $0) }
        if let box { server.giveBack(box) }
    }

    /// The next reply is the only one: to a client that is not served, or to what is no request.
    public func turnAway() {
        phase = .working
        (asksForMore, isBodyOver, isHTTP10, isHEAD) = (false, false, false, false)
        arm(.none)
    }

    // MARK: Bodies

    /// Says how the handler takes the content. To be called while it is asked, for a request whose announced length it
    /// has compared with `plan.limit`.
    ///
    /// A client that asks whether its content is wanted (RFC 9110 §10.1.1) is sent a 100; if it is to be dropped the
    /// request counts as whole, and the connection ends after the reply, since nobody knows whether the content comes.
    ///
    /// - Returns: where all of the content stands in the open span, which is nothing if it is dropped; nil when it follows.
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
            stream.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        source = BodySource(plan, length: length, share: share.map { ByteShare(beside: $0) })
        phase = .body
        arm(plan.timesPieces ? .body : .drop)
        return nil
    }

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
            self.source = nil
            isBodyOver = true
            phase = .working
            handler.received(source.takeContent(), isLast: true)
            if phase == .working { arm(.none) }
            return true
        }
    }

    /// No more pieces of a streamed body until `resumeBody`: the client is slowed down, and its time stands still.
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

    /// Has the handler answer a request that cannot be served, after which the connection ends. A reply that has begun
    /// can only be broken off.
    private func fail(_ fault: RequestFault) {
        guard let handler else { preconditionFailure("a request before its connection was welcomed") }
        source = nil
        phase = .working
        asksForMore = false
        if isReplying { return abort() }
        handler.failed(fault)
    }

    // MARK: Replies

    /// Whether the connection may go on after the reply to the request in work, as the reply's head has to say.
    public var mayGoOn: Bool {
        asksForMore && (isBodyOver || source?.plan.use == .streamed) && !server.isDraining
            && !(stream.hasInputEnded && stream.input.count <= openByteCount)
    }

    /// The reply under way is the connection's last.
    public func endAfterReply() { asksForMore = false }

    /// Sends the head of a reply and content behind it, the content not in answer to HEAD.
    ///
    /// - Returns: how many bytes are sent.
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

    /// Sends the next bytes of a reply. When `isCongested` says so, more are to wait for `replyDrained`.
    public func send(_ piece: [UInt8]) {
        server.loop.preconditionInLoop()
        isReplying = true
        stream.send(piece)
    }

    /// Whether more waits to be sent than a well-meaning handler adds to.
    public var isCongested: Bool { stream.isCongested }

    /// The reply is over: on to the next request, or to the end of the connection.
    public func finishReply(keepsAlive: Bool) {
        server.loop.assertInLoop()
        precondition(phase == .working || phase == .body, "S4: a reply to no request")
        isReplying = false
        guard keepsAlive, phase == .working else {
            endPhases()
            // What the client still sends is read and dropped for a while, so that it can read the reply.
            return stream.finish()
        }
        precondition(isBodyOver, "S3: a connection that goes on within a body")
        phase = .idle
        arm(.idle)
        stream.resumeInput()
        if !isProcessing { process() }
    }

    /// Ends the connection with RST, so that what was sent never looks whole.
    public func abort() { stream.abort() }

    // MARK: The end

    /// An idle connection ends now, another one after the reply under way.
    func drain() {
        if phase == .idle { end() }
    }

    /// The drain is over: a request that waits for its answer, or is not whole, is told so.
    func cut() {
        switch phase {
        case .idle: end()
        case .head: refuse(.draining)
        case .body, .working: fail(.draining)
        // Its last reply is on its way.
        case .ended: break
        }
    }

    /// Sends what waits and ends the connection, whatever is under way on it.
    func end() {
        let isIdle = phase == .idle && stream.input.count <= 1
        endPhases()
        if isIdle || stream.hasInputEnded { stream.close() } else { stream.finish() }
    }

    /// Ends the connection at once and without a word, so that another one can have its place.
    public func giveWay() {
        let isQuiet = phase == .idle && stream.input.isEmpty && stream.unsentByteCount == 0
        endPhases()
        leave()
        // What lingers, or has sent something, must not keep its descriptor for as long as it likes.
        if isQuiet { stream.close() } else { stream.abort() }
    }

    private func endPhases() {
        phase = .ended
        timer = nil
        source = nil
        isReplying = false
        if let box = box.take() { server.giveBack(box) }
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
