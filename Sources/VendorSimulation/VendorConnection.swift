import EventLoops
import HTTPMessages
import Transport
import Vocabulary

/// One connection to the simulated vendor: cuts the bytes into requests and sends the replies, one after the other.
///
/// Confined to its loop. One request is in work at a time; what comes behind it waits in the input, which is paused
/// when much of it waits. The stream keeps this object until it is closed.
final class VendorConnection: StreamDelegate {
    private static let bodyBytesMax = 16 * 1024 * 1024
    private static let waitingBytesMax = 64 * 1024

    private enum Stage {
        case head
        case body(RequestSummary)
        case working(RequestSummary)
    }

    private let stream: ByteStream
    private let desk: VendorDesk
    private var parser = RequestParser(limits: HeadLimits())
    private var decoder = ChunkedDecoder()
    private var stage = Stage.head
    private var body: [UInt8] = []
    private var isReading = false
    private var trickle: Trickle?

    init(_ stream: ByteStream, desk: VendorDesk) {
        self.stream = stream
        self.desk = desk
        stream.delegate = self
        desk.opened(self)
    }

    func streamDidReceive(_ stream: ByteStream) {
        readOn()
        if case .working = stage, stream.input.count > VendorConnection.waitingBytesMax { stream.pauseInput() }
    }

    func streamDidReceiveEnd(_ stream: ByteStream) {
        // Half-closed: what is in work is still answered.
        if case .working = stage { return }
        stream.close()
    }

    func streamDidDrain(_ stream: ByteStream) {}

    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd) {
        trickle = nil
        desk.closed(self)
    }

    // MARK: Requests

    private func readOn() {
        // A reply that is delivered at once comes back here from within; the loop below goes on with it.
        guard !isReading else { return }
        isReading = true
        defer { isReading = false }
        while stream.isOpen {
            switch stage {
            case .head: guard readHead() else { return }
            case .body(let request): guard readBody(of: request) else { return }
            case .working: return
            }
        }
    }

    /// False when more bytes are needed or none are wanted.
    private func readHead() -> Bool {
        guard !stream.input.isEmpty else { return false }
        switch stream.input.withBytes({ parser.parse($0) }) {
        case .incomplete: return false
        case .refused(let refusal):
            desk.refused()
            refuse(refusal.status, refusal.message)
            return false
        case .complete: break
        }
        let request = stream.input.withBytes { RequestSummary(parser.head, in: $0) }
        stream.input.consume(parser.head.byteCount)
        parser.reset()
        decoder = ChunkedDecoder()
        body.removeAll(keepingCapacity: true)
        stage = .body(request)
        if case .length(let length) = request.framing, length > Int64(VendorConnection.bodyBytesMax) {
            refuse(413, "the body is larger than the simulated vendor takes")
            return false
        }
        let isWaiting = stream.input.isEmpty && request.framing != .none && request.framing != .length(0)
        if request.expectsContinue, isWaiting { stream.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        return true
    }

    private func readBody(of request: RequestSummary) -> Bool {
        switch request.framing {
        case .none, .untilClose: break
        case .length(let length):
            guard stream.input.count >= Int(length) else { return false }
            stream.input.withBytes { VendorConnection.append($0, 0..<Int(length), to: &body) }
            stream.input.consume(Int(length))
        case .chunked: guard readChunks() else { return false }
        }
        stage = .working(request)
        handle(request)
        return true
    }

    private func readChunks() -> Bool {
        var position = 0
        var step = ChunkedDecoder.Step.needMore
        stream.input.withBytes { bytes in
            repeat {
                step = decoder.next(bytes, &position)
                if case .data(let range) = step { VendorConnection.append(bytes, range, to: &body) }
            } while step.isData && body.count <= VendorConnection.bodyBytesMax
        }
        stream.input.consume(position)
        switch step {
        case .end: return true
        case .needMore: return false
        case .data: refuse(413, "the body is larger than the simulated vendor takes")
        case .refused:
            desk.refused()
            refuse(400, "the chunks of the body are malformed")
        }
        return false
    }

    private static func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to body: inout [UInt8]) {
        body.reserveCapacity(body.count + range.count)
        for index in range { body.append(bytes[index]) }
    }

    private func handle(_ request: RequestSummary) {
        switch request.destination {
        case .classify:
            let call = ClassifyCall(
                key: request.key,
                requestID: request.requestID,
                body: body,
                closes: !request.keepsAlive,
                now: desk.loop.wallClock
            )
            desk.classify(call, from: self)
        case .other(let method, let path, let query):
            do throws(ControlFault) {
                if let call = try ControlCall(method: method, path: path, query: query, body: body) {
                    desk.control(call, from: self, closes: !request.keepsAlive)
                } else if path.hasPrefix("/sim/") {
                    throw ControlFault("there is no control call \(method) \(path)")
                } else {
                    desk.unknownPath(requestID: request.requestID, from: self, closes: !request.keepsAlive)
                }
            } catch {
                answer(400, fault: error, closes: !request.keepsAlive)
            }
        }
    }

    // MARK: Replies

    /// An answer of the front door to what is no sound request; the connection ends.
    private func refuse(_ status: Int, _ message: String) {
        answer(status, VendorRefusal(status, frontDoor: message).body, closes: true)
    }

    func answer(_ status: Int, fault: ControlFault, closes: Bool) {
        answer(status, VendorRefusal(status, "invalid_control_call", fault.description).body, closes: closes)
    }

    /// Answers with JSON.
    func answer(_ status: Int, _ json: String, closes: Bool) {
        var message = ReplyMessage(status: status, body: Array(json.utf8))
        if closes { message.fields.append(("Connection", "close")) }
        deliver(Delivery(bytes: message.bytes, ending: closes ? .close : .keep))
    }

    /// Sends a reply to the request in work. On a connection that is gone nothing happens.
    func deliver(_ delivery: Delivery) {
        guard stream.isOpen else { return }
        if let pace = delivery.pace {
            trickle = Trickle(delivery.bytes, over: stream, every: pace, loop: desk.loop) { [unowned self] in
                trickle = nil
                end(delivery.ending)
            }
        } else {
            if !delivery.bytes.isEmpty { stream.send(delivery.bytes) }
            end(delivery.ending)
        }
    }

    func abort() { stream.abort() }

    private func end(_ ending: Delivery.Ending) {
        switch ending {
        case .reset: stream.abort()
        case .close: stream.finish()
        case .keep:
            stage = .head
            stream.resumeInput()
            readOn()
            // The caller said that nothing more comes, and nothing of what came is in work.
            if stream.hasInputEnded, case .head = stage, !isReading { stream.close() }
        }
    }
}

extension ChunkedDecoder.Step {
    fileprivate var isData: Bool {
        if case .data = self { true } else { false }
    }
}
