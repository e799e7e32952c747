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

    /// What `open` reports besides the ending.
    struct Listener {
        var onPart: (Part) -> Void
        /// More content can be sent.
        var onDrain: () -> Void
    }

    let stream: ByteStream
    /// The pool's generation when it was made; a connection of an earlier one is not reused.
    let generation: Int
    /// The value of the Host field of requests on it.
    let hostField: String
    private let loop: EventLoop
    private var reader: ResponseReader?
    private var timer: LoopTimer?
    private var onEnd: ((Ending) -> Void)?
    /// Set during an exchange whose response is told in parts.
    private var listener: Listener?
    private var hasToldHead = false
    private var hasToldAsking = false
    /// Whether all of the request was handed to the stream.
    private var isRequestOver = true
    private var isResponsePaused = false
    private var responseTimeout = Duration.zero
    /// Whether no further request may be sent on it, by what is known of it here.
    private(set) var isBroken = false
    /// Called when the connection becomes unusable, or times out, while idle.
    var onIdleEnd: (() -> Void)?
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
    /// - Parameter then: called once, in a later pass of the loop.
    func send(
        _ head: borrowing HeadWriter,
        _ body: [UInt8],
        settings: UpstreamSettings,
        then: @escaping (Ending) -> Void
    ) {
        let reader = ResponseReader(
            to: .post,
            bodyBytesMax: settings.responseBytesMax,
            limitName: "max_response_bytes"
        )
        begin(reader, settings, then)
        head.withBytes { stream.send($0, body) }
        awaitResponse()
    }

    /// Sends the head of a request and the beginning of its content; the rest follows by `add`.
    ///
    /// The time for the response begins with the request's end. Its head must come within it, whatever interim responses
    /// come before; from the head on it starts over with each part.
    ///
    /// - Parameters:
    ///   - content: framed as the head says.
    ///   - isWhole: whether that is all.
    ///   - then: called once, in a later pass of the loop, after the last part.
    func open(
        _ head: borrowing HeadWriter,
        _ content: [UInt8],
        isWhole: Bool,
        to method: HTTPMethod,
        settings: UpstreamSettings,
        _ listener: Listener,
        then: @escaping (Ending) -> Void
    ) {
        begin(ResponseReader(passingOnTo: method), settings, then)
        self.listener = listener
        isRequestOver = isWhole
        head.withBytes { stream.send($0, content) }
        if isWhole { awaitResponse() }
    }

    private func begin(_ reader: ResponseReader, _ settings: UpstreamSettings, _ then: @escaping (Ending) -> Void) {
        precondition(onEnd == nil, "a request on a connection that is busy")
        self.reader = reader
        onEnd = then
        onIdleEnd = nil
        (hasToldHead, hasToldAsking, isRequestOver) = (false, false, true)
        responseTimeout = settings.responseTimeout
        stream.limits.writeTimeout = settings.responseTimeout
        timer?.cancel()
    }

    /// Sends more of the request that `open` began. Does nothing once its response has ended.
    func add(_ content: [UInt8], isLast: Bool) {
        guard onEnd != nil else { return }
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
        guard onEnd != nil else { return }
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
        (onEnd, listener, reader) = (nil, nil, nil)
        isBroken = true
        timer?.cancel()
        stream.abort()
    }

    private func awaitResponse() {
        if isRequestOver, !isResponsePaused, onEnd != nil { timer?.schedule(after: responseTimeout) }
    }

    /// Keeps the connection idle for the next request, for at most `duration`.
    func rest(for duration: Duration, onIdleEnd: @escaping () -> Void) {
        idleSince = loop.now
        self.onIdleEnd = onIdleEnd
        timer?.schedule(after: duration)
    }

    func close() {
        isBroken = true
        onIdleEnd = nil
        timer?.cancel()
        stream.close()
    }

    private func timeIsUp() {
        guard onEnd != nil else { return endIdle() }
        end(.failed(UpstreamFailure(.timeout, charged: .unknown, source: .vendor, "no whole reply in time")))
    }

    // MARK: StreamDelegate

    func streamDidReceive(_ stream: ByteStream) {
        guard let reader else {
            // Unsolicited bytes: they could not be told from the next response.
            return endIdle()
        }
        var consumed = 0
        let progress = stream.input.withBytes { reader.read($0, consumed: &consumed) }
        stream.input.consume(consumed)
        let content = listener == nil ? [] : reader.takeContent()
        if let listener { tell(reader, content, progress, listener) }
        act(on: progress, reader)
    }

    /// Tells what has come. Each call may abandon the exchange.
    private func tell(
        _ reader: ResponseReader,
        _ content: [UInt8],
        _ progress: ResponseReader.Progress,
        _ listener: Listener
    ) {
        if reader.hasHead { awaitResponse() }
        if reader.asksForContent, !hasToldAsking {
            hasToldAsking = true
            listener.onPart(.askedForContent)
        }
        if reader.hasHead, !hasToldHead, onEnd != nil {
            hasToldHead = true
            listener.onPart(.head(reader))
        }
        if !content.isEmpty, onEnd != nil { listener.onPart(.content(content)) }
        if progress == .needMore, onEnd != nil { listener.onPart(.caughtUp) }
    }

    private func act(on progress: ResponseReader.Progress, _ reader: ResponseReader) {
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
        guard let reader else { return endIdle() }
        if reader.hasBegun {
            let progress = reader.end()
            act(on: progress, reader)
        } else {
            end(.failed(lost("the vendor closed the connection before it replied")))
        }
    }

    func streamDidDrain(_ stream: ByteStream) { listener?.onDrain() }

    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        isBroken = true
        guard let reader else { return endIdle() }
        if reader.hasBegun {
            end(.failed(.invalidReply("the connection broke within the response")))
        } else {
            end(.failed(lost("the connection broke before the vendor replied")))
        }
    }

    /// It is unknown whether the vendor took the request, so it is never retried automatically (RFC 9110 §9.2.2).
    private func lost(_ detail: String) -> UpstreamFailure {
        UpstreamFailure(.unreachable, charged: .unknown, source: .network, detail)
    }

    private func end(_ ending: Ending) {
        guard let onEnd else { return }
        self.onEnd = nil
        (reader, listener) = (nil, nil)
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
        loop.later { onEnd(ending) }
    }

    private func endIdle() {
        isBroken = true
        timer?.cancel()
        let onIdleEnd = self.onIdleEnd
        self.onIdleEnd = nil
        stream.close()
        onIdleEnd?()
    }
}
