import EventLoops
import HTTPMessages
import Transport
import UpstreamKeys
import Vocabulary

/// One connection to the vendor; carries one exchange at a time. Confined to its worker's loop.
///
/// States: idle → busy (a request is out) → idle again, or gone. It is not reused when the last exchange leaves any
/// doubt where the next response would begin.
///
/// A request goes out whole (`send`), or its head first and its content in pieces (`open`, `add`). The response of the
/// first is read whole into memory, that of the second is told in parts as it comes, and can be paused.
final class UpstreamConnection: StreamDelegate {
    /// How an exchange ended.
    enum Ending {
        case reply(ResponseReader)
        case failed(UpstreamFailure)
    }

    /// A part of a response that is told as it comes.
    enum Part {
        /// The vendor asks for the request's content (RFC 9110 §15.2.1).
        case askedForContent
        /// The head is complete.
        case head(ResponseReader)
        case content([UInt8])
        /// What has come so far was told, and the response is not complete.
        case caughtUp
    }

    let stream: ByteStream
    /// The pool's generation when it was made; a connection of an earlier one is not reused.
    let generation: Int
    /// The value of the Host field of requests on it.
    let hostField: String
    private let loop: EventLoop
    /// Of the response that comes, one after the other.
    private let reader = ResponseReader(passingOnTo: .get)
    private var timer: LoopTimer?
    /// Who is told of the exchange that is under way; nil without one.
    private var owner: (any ExchangeOwner)?
    /// The ending of the last exchange, until its owner is told.
    private var untold: (owner: any ExchangeOwner, ending: Ending)?
    /// Whether the response is told in parts.
    private var tellsParts = false
    private var hasToldHead = false
    private var hasToldAsking = false
    /// Whether all of the request was handed to the stream.
    private var isRequestOver = true
    private var isResponsePaused = false
    private var responseTimeout = Duration.zero
    /// Whether no further request may be sent on it, by what is known of it here.
    private(set) var isBroken = false
    /// Told when the connection becomes unusable, or times out, while idle; nil while it is not.
    private unowned var pool: ConnectionPool?
    private(set) var idleSince = MonotonicInstant(nanoseconds: 0)

    init(stream: ByteStream, loop: EventLoop, generation: Int, hostField: String) {
        self.stream = stream
        self.loop = loop
        self.generation = generation
        self.hostField = hostField
        timer = LoopTimer(loop: loop) { [unowned self] in timeIsUp() }
        stream.delegate = self
    }

    /// Whether a request may be sent on it now.
    func isUsable() -> Bool { !isBroken && stream.isStillOpen() && !isBroken }

    /// Sends a request and waits for the whole response.
    ///
    /// - Parameter owner: kept and told of the ending, once, in a later pass of the loop.
    func send(
        _ head: borrowing HeadWriter,
        _ body: [UInt8],
        settings: borrowing UpstreamSettings,
        for owner: any ExchangeOwner
    ) {
        reader.reset(to: .post, bodyBytesMax: settings.responseBytesMax, limitName: "max_response_bytes")
        begin(settings.responseTimeout, owner)
        head.withBytes { stream.send($0, body) }
        awaitResponse()
    }

    /// Sends the head of a request and the beginning of its content; the rest follows by `add`.
    ///
    /// The time for the response begins with the request's end. Its head must come within it, whatever interim
    /// responses come before; from the head on it starts over with each part.
    ///
    /// - Parameters:
    ///   - content: framed as the head says.
    ///   - isWhole: whether that is all.
    ///   - owner: kept and told of the parts as they come, and of the ending, once, in a later pass of the loop.
    func open(
        _ head: borrowing HeadWriter,
        _ content: [UInt8],
        isWhole: Bool,
        to method: HTTPMethod,
        settings: borrowing UpstreamSettings,
        for owner: any ExchangeOwner
    ) {
        reader.reset(passingOnTo: method)
        begin(settings.responseTimeout, owner)
        tellsParts = true
        isRequestOver = isWhole
        head.withBytes { stream.send($0, content) }
        if isWhole { awaitResponse() }
    }

    private func begin(_ timeout: Duration, _ owner: any ExchangeOwner) {
        precondition(self.owner == nil && untold == nil, "a request on a connection that is busy")
        self.owner = owner
        pool = nil
        (tellsParts, hasToldHead, hasToldAsking, isRequestOver) = (false, false, false, true)
        responseTimeout = timeout
        if stream.limits.writeTimeout != timeout { stream.limits.writeTimeout = timeout }
        timer?.cancel()
    }

    /// Sends more of the request that `open` began. Does nothing once its response has ended.
    func add(_ content: [UInt8], isLast: Bool) {
        guard owner != nil else { return }
        precondition(!isRequestOver, "content after the end of a request")
        if !content.isEmpty { stream.send(content) }
        guard isLast else { return }
        isRequestOver = true
        awaitResponse()
    }

    /// Whether so much waits to be sent that `onDrain` should be waited for.
    var isCongested: Bool { stream.isCongested }

    /// Reads no more of the response until `resumeResponse`. The vendor is slowed down; its time stops.
    func pauseResponse() {
        guard owner != nil else { return }
        isResponsePaused = true
        timer?.cancel()
        stream.pauseInput()
    }

    func resumeResponse() {
        guard isResponsePaused else { return }
        isResponsePaused = false
        awaitResponse()
        stream.resumeInput()
    }

    /// Ends the exchange, and the connection, without an ending.
    func abandon() {
        owner = nil
        isBroken = true
        timer?.cancel()
        stream.abort()
    }

    private func awaitResponse() {
        if isRequestOver, !isResponsePaused, owner != nil { timer?.schedule(after: responseTimeout) }
    }

    /// Keeps the connection idle for the next request, for at most `duration`; then it leaves the pool.
    func rest(for duration: Duration, in pool: ConnectionPool) {
        idleSince = loop.now
        self.pool = pool
        timer?.schedule(after: duration)
    }

    func close() {
        isBroken = true
        pool = nil
        timer?.cancel()
        stream.close()
    }

    private func timeIsUp() {
        guard owner != nil else { return endIdle() }
        end(.failed(late("no whole reply in time")))
    }

    // MARK: StreamDelegate

    func streamDidReceive(_ stream: ByteStream) {
        guard owner != nil else {
            // Unsolicited bytes: they could not be told from the next response.
            return endIdle()
        }
        var consumed = 0
        let progress = stream.input.withBytes { reader.read($0, consumed: &consumed) }
        stream.input.consume(consumed)
        if tellsParts, let owner { tell(reader.takeContent(), progress, owner) }
        act(on: progress)
    }

    /// Tells what has come. Each call may abandon the exchange.
    private func tell(
        _ content: [UInt8],
        _ progress: ResponseReader.Progress,
        _ owner: any ExchangeOwner
    ) {
        if reader.hasHead { awaitResponse() }
        if reader.asksForContent, !hasToldAsking {
            hasToldAsking = true
            owner.exchangeDidTake(.askedForContent)
        }
        if reader.hasHead, !hasToldHead, self.owner != nil {
            hasToldHead = true
            owner.exchangeDidTake(.head(reader))
        }
        if !content.isEmpty, self.owner != nil { owner.exchangeDidTake(.content(content)) }
        if progress == .needMore, self.owner != nil { owner.exchangeDidTake(.caughtUp) }
    }

    private func act(on progress: ResponseReader.Progress) {
        switch progress {
        case .needMore: break
        case .complete:
            // Bytes after the response, or a request that was not sent in full, make the connection unusable.
            isBroken =
                !reader.allowsReuse || !stream.input.isEmpty || stream.unsentByteCount > 0 || !isRequestOver
            end(.reply(reader))
        case .refused(let reason): end(.failed(.invalidReply(reason)))
        }
    }

    func streamDidReceiveEnd(_ stream: ByteStream) {
        isBroken = true
        guard owner != nil else { return endIdle() }
        if reader.hasBegun {
            let progress = reader.end()
            act(on: progress)
        } else {
            end(.failed(lost("the vendor closed the connection before it replied")))
        }
    }

    func streamDidDrain(_ stream: ByteStream) { if tellsParts { owner?.exchangeDidDrain() } }

    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        isBroken = true
        guard owner != nil else { return endIdle() }
        if reader.hasBegun {
            end(.failed(.invalidReply("the connection broke within the response")))
        } else if cause == .stalled {
            end(.failed(late("the vendor took nothing of the request in time")))
        } else {
            end(.failed(lost("the connection broke before the vendor replied")))
        }
    }

    /// It is unknown whether the vendor took the request, so it is never retried automatically (RFC 9110 §9.2.2).
    private func lost(_ detail: String) -> UpstreamFailure {
        UpstreamFailure(.unreachable, charged: .unknown, source: .network, detail)
    }

    private func late(_ detail: String) -> UpstreamFailure {
        UpstreamFailure(.timeout, charged: .unknown, source: .vendor, detail)
    }

    private func end(_ ending: Ending) {
        guard let owner else { return }
        self.owner = nil
        timer?.cancel()
        if isResponsePaused {
            isResponsePaused = false
            stream.resumeInput()
        }
        switch ending {
        case .reply: if isBroken { stream.close() }
        case .failed:
            isBroken = true
            stream.abort()
        }
        untold = (owner, ending)
        loop.later { [self] in tellEnding() }
    }

    private func tellEnding() {
        guard let (owner, ending) = untold.take() else { preconditionFailure("an ending that was told") }
        owner.exchangeDidEnd(ending, self)
    }

    private func endIdle() {
        isBroken = true
        timer?.cancel()
        let pool = self.pool
        self.pool = nil
        stream.close()
        pool?.remove(self)
    }
}

/// Who sends a request on a connection. Confined to its loop.
protocol ExchangeOwner: AnyObject {
    /// A part of the response has come, of an exchange that tells them. It may abandon the exchange.
    func exchangeDidTake(_ part: UpstreamConnection.Part)
    /// More content can be sent.
    func exchangeDidDrain()
    /// The last that it hears of the exchange.
    func exchangeDidEnd(_ ending: UpstreamConnection.Ending, _ connection: UpstreamConnection)
}
