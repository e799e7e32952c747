import EventLoops
import HTTPMessages
import Serving
import Vocabulary

/// One connection to the simulated vendor: reads requests, and sends the replies byte for byte as planned. Confined to
/// its loop.
final class VendorConnection: RequestHandler {
    private static let bodyBytesMax = 16 * 1024 * 1024

    private let connection: ServerConnection
    private let desk: VendorDesk
    private var request: RequestSummary?
    private var body: [UInt8] = []
    private var trickle: Trickle?
    private var filler: Filler?

    init(_ connection: ServerConnection, desk: VendorDesk) {
        self.connection = connection
        self.desk = desk
        desk.opened(self)
    }

    // MARK: Requests

    func received(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        request = RequestSummary(head, in: bytes)
        body.removeAll(keepingCapacity: true)
        do throws(RequestFault) {
            _ = try AnnouncedContent(head.framing, limit: Self.bodyBytesMax)
        } catch {
            return failed(error)
        }
        let plan = BodyPlan(.streamed, limit: Self.bodyBytesMax, timesPieces: true)
        guard let range = connection.takeBody(plan, of: head) else { return }
        bytes.extracting(range).withUnsafeBufferPointer { body += $0 }
        handle()
    }

    func received(_ content: [UInt8], isLast: Bool) {
        body += content
        if isLast { handle() }
    }

    private func handle() {
        guard let request else { preconditionFailure("a body without a head") }
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
                    let call = OtherCall(
                        method: method,
                        path: path,
                        query: query,
                        contentType: request.contentType,
                        key: request.key,
                        requestID: request.requestID,
                        body: body,
                        closes: !request.keepsAlive,
                        now: desk.loop.wallClock
                    )
                    desk.other(call, from: self)
                }
            } catch {
                answer(400, fault: error, closes: !request.keepsAlive)
            }
        }
    }

    // MARK: What is no sound request

    func refused(_ fault: RequestFault, _ head: RequestHead?, _ bytes: Span<UInt8>) { failed(fault) }

    /// Answers as the layer in front of the vendor's program; the connection ends.
    func failed(_ fault: RequestFault) {
        switch fault {
        case .head(let refusal):
            desk.refused()
            refuse(refusal.status, refusal.message)
        case .badChunk:
            desk.refused()
            refuse(400, "the chunks of the body are malformed")
        case .bodyTooLarge, .contentNotTaken: refuse(413, "the body is larger than the simulated vendor takes")
        case .headTimeout, .bodyTimeout: refuse(408, "the request did not come to its end in time")
        case .noRoom, .draining: refuse(503, "the simulated vendor does not serve now")
        }
    }

    private func refuse(_ status: Int, _ message: String) {
        answer(status, VendorRefusal(status, frontDoor: message).body, closes: true)
    }

    func abandoned() { (trickle, filler) = (nil, nil) }

    func replyDrained() { filler?.go() }

    func ended() { desk.closed(self) }

    // MARK: Replies

    func answer(_ status: Int, fault: ControlFault, closes: Bool) {
        answer(status, VendorRefusal(status, "invalid_control_call", fault.description).body, closes: closes)
    }

    /// Answers with JSON.
    func answer(_ status: Int, _ json: String, closes: Bool) {
        var message = ReplyMessage(status: status, body: Array(json.utf8))
        if closes { message.fields.append(("Connection", "close")) }
        deliver(Delivery(bytes: message.bytes, ending: closes ? .close : .keep))
    }

    /// Sends a reply to the current request. Does nothing on a closed connection.
    func deliver(_ delivery: Delivery) {
        guard connection.isBusy else { return }
        if let pace = delivery.pace {
            trickle = Trickle(delivery.bytes, over: connection, every: pace, loop: desk.loop) { [unowned self] in
                trickle = nil
                end(delivery.ending)
            }
        } else {
            if !delivery.bytes.isEmpty { connection.send(delivery.bytes) }
            guard delivery.fillerCount > 0 else { return end(delivery.ending) }
            let filler = Filler(delivery.fillerCount, over: connection) { [unowned self] in
                self.filler = nil
                end(delivery.ending)
            }
            self.filler = filler
            filler.go()
        }
    }

    func abort() { connection.abort() }

    private func end(_ ending: Delivery.Ending) {
        switch ending {
        case .reset: connection.abort()
        case .close: connection.finishReply(keepsAlive: false)
        case .keep: connection.finishReply(keepsAlive: true)
        // Its caller ends it.
        case .stall: break
        }
    }
}
