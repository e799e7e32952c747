public import EventLoops
public import HTTPMessages
public import Transport
import Vocabulary

/// One request to a server and its answer. Confined to the thread of its loop, which runs until the answer has arrived.
///
/// States: connecting → waiting → ended. A connection that may carry another request is kept open at the end, if that
/// is wanted; otherwise the loop stops only when the connection is gone, so that nothing of it is left behind.
public final class CallExchange: StreamDelegate {
    /// Why there is no answer.
    public enum Fault: Error, Equatable, Sendable {
        /// No connection; nothing was sent.
        case unconnected(String)
        /// TLS failed; nothing was sent.
        case insecure(String)
        /// The request was sent, and the connection ended or the time ran out.
        case lost(String)
        /// The response is malformed.
        case broken(String)
    }

    private let loop: EventLoop
    private let request: [UInt8]
    private let limits: CallLimits
    private let keepsConnection: Bool
    private let onContent: ContentTaker?
    private var reader: ResponseReader
    private var timer: LoopTimer?
    private var result: Result<CallAnswer, Fault>?
    /// Whether the loop is run for this exchange: another one's must not be stopped.
    private var isRunning = false
    private var isDone = false
    /// The connection that another request may be sent on; nil when there is none.
    private var kept: ByteStream?

    /// Takes the next content of a 200; false ends the call. It may block: the server is slowed down.
    public typealias ContentTaker = (CallHead, [UInt8]) -> Bool

    /// - Parameters:
    ///   - request: the complete message.
    ///   - keepsConnection: whether the connection is to stay open after the answer.
    ///   - onContent: takes the content of a 200 as it comes, of any length; the time of the answer then begins anew
    ///     with each piece. Other answers are read as without it.
    public init(
        _ request: [UInt8],
        method: HTTPMethod,
        limits: CallLimits,
        loop: EventLoop,
        keepsConnection: Bool,
        onContent: ContentTaker? = nil
    ) {
        self.loop = loop
        self.request = request
        self.limits = limits
        self.keepsConnection = keepsConnection
        self.onContent = onContent
        reader =
            onContent == nil
            ? ResponseReader(to: method, bodyBytesMax: limits.answerBytesMax, limitName: "this program takes")
            : ResponseReader(passingOnTo: method)
    }

    /// Whether a byte of an answer has come.
    public var hasBegun: Bool { reader.hasBegun }

    /// Connects, sends and waits. Call this or the other one, once.
    public func run(_ addresses: [SocketAddress], serverName: String, tls: TLSClientContext?) -> Result<
        CallAnswer, Fault
    > {
        isRunning = true
        Dialer(loop: loop).dial(addresses, serverName: serverName, tls: tls, timeout: limits.connectTimeout) {
            [self] result in
            switch result {
            case .success(let stream): send(on: stream)
            case .failure(let fault): end(.failure(unconnected(fault)), nil)
            }
        }
        return wait()
    }

    /// Sends on an open connection and waits.
    public func run(on stream: ByteStream) -> Result<CallAnswer, Fault> {
        isRunning = true
        send(on: stream)
        return wait()
    }

    private func wait() -> Result<CallAnswer, Fault> {
        runUntilDone()
        guard let result else { preconditionFailure("the loop stopped before the exchange ended") }
        return result
    }

    /// Gives the kept connection away if it can still be used; one that the server has ended is closed.
    public func takeConnection() -> ByteStream? {
        guard let stream = kept else { return nil }
        // The callbacks of what has come meanwhile give up what is kept.
        if stream.isStillOpen(), kept != nil {
            kept = nil
            return stream
        }
        close()
        return nil
    }

    /// Closes the connection if one is kept, and waits until it is gone.
    public func close() {
        guard let stream = kept else { return }
        kept = nil
        isRunning = true
        isDone = false
        stream.close()
        runUntilDone()
    }

    /// What it waits for may have happened already.
    private func runUntilDone() {
        while !isDone { loop.runAgain() }
        isRunning = false
    }

    private func finish() {
        guard isRunning else { return }
        isDone = true
        loop.stop()
    }

    private func unconnected(_ fault: DialFault) -> Fault {
        switch fault.code {
        case .refused: .unconnected("connection refused")
        case .timedOut: .unconnected("no connection within \(limits.connectTimeout.components.seconds) s")
        case .unreachable, .exhausted: .unconnected(fault.detail)
        case .tls(let code): .insecure("\(code.rawValue): \(fault.detail)")
        }
    }

    private func send(on stream: ByteStream) {
        // The stream may have ended between its creation and this call, before there was a delegate to notify.
        guard stream.isOpen else { return end(.failure(.lost("the connection ended at once")), nil) }
        stream.delegate = self
        stream.limits.writeTimeout = limits.answerTimeout
        let timer = LoopTimer(loop: loop) { [unowned self] in
            end(.failure(.lost("nothing within \(limits.answerTimeout.components.seconds) s")), stream)
        }
        timer.schedule(after: limits.answerTimeout)
        self.timer = timer
        stream.send(request)
        if !stream.input.isEmpty { streamDidReceive(stream) }
        if stream.hasInputEnded { streamDidReceiveEnd(stream) }
    }

    // MARK: StreamDelegate

    public func streamDidReceive(_ stream: ByteStream) {
        // A server that sends what nobody asked for: no later answer can be told from it.
        if result != nil { return giveUp(stream) }
        var consumed = 0
        let progress = stream.input.withBytes { reader.read($0, consumed: &consumed) }
        stream.input.consume(consumed)
        if let fault = passOn() { return end(.failure(fault), stream) }
        switch progress {
        case .needMore: break
        case .complete:
            let isReusable = keepsConnection && reader.allowsReuse && stream.input.isEmpty && !stream.hasInputEnded
            if isReusable, stream.unsentByteCount == 0 { kept = stream }
            end(.success(CallAnswer(status: reader.status, content: reader.body)), stream)
        case .refused(let reason): end(.failure(.broken(reason)), stream)
        }
    }

    /// Gives away what has come of a 200, and keeps a bounded amount of any other answer.
    private func passOn() -> Fault? {
        guard let onContent, reader.hasHead else { return nil }
        guard reader.status == 200 else {
            return reader.body.count > limits.answerBytesMax
                ? .broken("the body is longer than this program takes") : nil
        }
        timer?.schedule(after: limits.answerTimeout)
        let piece = reader.takeContent()
        if piece.isEmpty || onContent(CallHead(reader.head, reader.headBytes), piece) { return nil }
        return .lost("it was not taken")
    }

    public func streamDidReceiveEnd(_ stream: ByteStream) {
        if result != nil { return giveUp(stream) }
        switch reader.end() {
        case .complete: end(.success(CallAnswer(status: reader.status, content: reader.body)), stream)
        case .refused(let reason): end(.failure(.lost(reason)), stream)
        case .needMore: preconditionFailure("more cannot come after the end")
        }
    }

    public func streamDidDrain(_ stream: ByteStream) {}

    public func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        kept = nil
        end(.failure(.lost(Self.reason(cause))), nil)
        finish()
    }

    private static func reason(_ cause: StreamEnd) -> String {
        switch cause {
        // With TLS 1.3 a server refuses a client's certificate, or that there is none, only after the handshake.
        case .tls(let fault): "the connection broke: \(fault)"
        case .closedHere, .reset, .stalled, .noRoom: "the connection broke"
        }
    }

    private func giveUp(_ stream: ByteStream) {
        guard kept != nil else { return }
        kept = nil
        stream.abort()
    }

    /// Only the first result counts. With a stream that is not kept the exchange ends once that has closed, which
    /// `streamDidClose` reports.
    private func end(_ ending: Result<CallAnswer, Fault>, _ stream: ByteStream?) {
        guard result == nil else { return }
        result = ending
        timer = nil
        guard let stream, kept == nil else { return finish() }
        // An early answer to a request that the server did not read to its end: the rest cannot be sent.
        if stream.unsentByteCount == 0 { stream.close() } else { stream.abort() }
    }
}
