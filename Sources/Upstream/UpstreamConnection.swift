import EventLoops
import HTTPMessages
import Transport
import UpstreamKeys
import Vocabulary

/// One connection to the vendor; carries one exchange at a time. Confined to its worker's loop.
///
/// States: idle → busy (a request is out) → idle again, or gone. It is not reused when the last exchange leaves any
/// doubt where the next response would begin.
final class UpstreamConnection: StreamDelegate {
    /// How an exchange ended.
    enum Ending {
        case reply(ResponseReader)
        case failed(UpstreamFailure)
    }

    let stream: ByteStream
    /// The pool's generation when it was made; a connection of an earlier one is not reused.
    let generation: Int
    private let loop: EventLoop
    private var reader: ResponseReader?
    private var timer: LoopTimer?
    private var onEnd: ((Ending) -> Void)?
    private var isBroken = false
    /// Called when the connection becomes unusable, or times out, while idle.
    var onIdleEnd: (() -> Void)?
    private(set) var idleSince = MonotonicInstant(nanoseconds: 0)

    init(stream: ByteStream, loop: EventLoop, generation: Int) {
        self.stream = stream
        self.loop = loop
        self.generation = generation
        timer = LoopTimer(loop: loop) { [unowned self] in timeIsUp() }
        stream.delegate = self
    }

    /// Whether a request may be sent on it now.
    func isUsable() -> Bool { !isBroken && stream.isStillOpen() && !isBroken }

    /// Sends a request and waits for the response.
    ///
    /// - Parameter then: called once, in a later pass of the loop.
    func send(
        _ head: borrowing HeadWriter,
        _ body: [UInt8],
        settings: UpstreamSettings,
        then: @escaping (Ending) -> Void
    ) {
        precondition(onEnd == nil, "send() on a connection that is busy")
        reader = ResponseReader(
            to: .post,
            bodyBytesMax: settings.responseBytesMax,
            limitName: "max_response_bytes"
        )
        onEnd = then
        onIdleEnd = nil
        stream.limits.writeTimeout = settings.responseTimeout
        head.withBytes { stream.send($0, body) }
        timer?.schedule(after: settings.responseTimeout)
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
        guard var reader else {
            // Unsolicited bytes: they could not be told from the next response.
            return endIdle()
        }
        var consumed = 0
        let progress = stream.input.withBytes { reader.read($0, consumed: &consumed) }
        stream.input.consume(consumed)
        self.reader = reader
        act(on: progress, reader)
    }

    private func act(on progress: ResponseReader.Progress, _ reader: ResponseReader) {
        switch progress {
        case .needMore: break
        case .complete:
            // Bytes after the response, or a request that was not sent in full, make the connection unusable.
            isBroken = !reader.allowsReuse || !stream.input.isEmpty || stream.unsentByteCount > 0
            end(.reply(reader))
        case .refused(let reason): end(.failed(.invalidReply(reason)))
        }
    }

    func streamDidReceiveEnd(_ stream: ByteStream) {
        isBroken = true
        guard var reader else { return endIdle() }
        if reader.hasBegun {
            let progress = reader.end()
            act(on: progress, reader)
        } else {
            end(.failed(lost("the vendor closed the connection before it replied")))
        }
    }

    func streamDidDrain(_ stream: ByteStream) {}

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
        reader = nil
        timer?.cancel()
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
