import EventLoops
import HTTPMessages
import Transport
import Vocabulary

/// One request and its answer on a connection of its own. Confined to the thread that creates it and to its loop, which
/// runs until the answer has arrived.
///
/// States: connecting → waiting → ended. The loop stops only when the connection is gone, so that nothing of it is left
/// behind.
final class AdminCallExchange: StreamDelegate {
    enum Fault: Error, Equatable {
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
    private let limits: AdminCallLimits
    private var reader: ResponseReader
    private var timer: LoopTimer?
    private var result: Result<AdminAnswer, Fault>?

    /// - Parameter request: the complete message.
    init(_ request: [UInt8], method: HTTPMethod, limits: AdminCallLimits) throws(EventLoop.Fault) {
        loop = try EventLoop()
        self.request = request
        self.limits = limits
        reader = ResponseReader(to: method, bodyBytesMax: limits.answerBytesMax, limitName: "this program takes")
    }

    /// Connects, sends and waits. Call once.
    func run(_ addresses: [SocketAddress], serverName: String, tls: TLSClientContext?) -> Result<AdminAnswer, Fault> {
        Dialer(loop: loop).dial(addresses, serverName: serverName, tls: tls, timeout: limits.connectTimeout) {
            [self] result in
            switch result {
            case .success(let stream): send(on: stream)
            case .failure(let fault): end(.failure(unconnected(fault)), nil)
            }
        }
        loop.run()
        guard let result else { preconditionFailure("the loop stopped before the exchange ended") }
        return result
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

    func streamDidReceive(_ stream: ByteStream) {
        var consumed = 0
        let progress = stream.input.withBytes { reader.read($0, consumed: &consumed) }
        stream.input.consume(consumed)
        switch progress {
        case .needMore: break
        case .complete: end(.success(AdminAnswer(status: reader.status, content: reader.body)), stream)
        case .refused(let reason): end(.failure(.broken(reason)), stream)
        }
    }

    func streamDidReceiveEnd(_ stream: ByteStream) {
        switch reader.end() {
        case .complete: end(.success(AdminAnswer(status: reader.status, content: reader.body)), stream)
        case .refused(let reason): end(.failure(.lost(reason)), stream)
        case .needMore: preconditionFailure("more cannot come after the end")
        }
    }

    func streamDidDrain(_ stream: ByteStream) {}

    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        end(.failure(.lost("the connection broke")), nil)
        loop.stop()
    }

    /// Only the first result counts. With a stream the exchange ends once that has closed, which `streamDidClose`
    /// reports.
    private func end(_ ending: Result<AdminAnswer, Fault>, _ stream: ByteStream?) {
        guard result == nil else { return }
        result = ending
        timer = nil
        guard let stream else { return loop.stop() }
        // An early answer to a request that the server did not read to its end: the rest cannot be sent.
        if stream.unsentByteCount == 0 { stream.close() } else { stream.abort() }
    }
}
