import Vocabulary

/// A fault's effect on an honest answer: what is sent instead, and what is charged.
///
/// A call that the vendor refuses (bad key, unknown document) is never charged, whatever the fault. A fault in the
/// content of a result leaves a refusal unchanged; a fault in the message or the connection does not.
struct FaultyReply {
    private let answer: VendorAnswer
    private let fault: Fault?
    /// The caller asked for the connection to end after the reply.
    private let closes: Bool
    private let now: Timestamp

    init(_ answer: VendorAnswer, fault: Fault?, closes: Bool, now: Timestamp) {
        self.answer = answer
        self.fault = fault
        self.closes = closes
        self.now = now
    }

    var charge: Charge? {
        let charge: Charge
        switch answer {
        case .completed(_, let made): charge = made
        case .done(_, _, let made?): charge = made
        case .refused, .done: return nil
        }
        guard let fault else { return charge }
        guard fault.charges ?? fault.kind.charges else { return nil }
        guard case .failed(_, let credits) = fault.kind else { return charge }
        guard let credits else { return nil }
        return Charge(key: charge.key, documentID: charge.documentID, credits: credits, requestID: charge.requestID)
    }

    var delivery: Delivery {
        switch fault?.kind {
        case nil, .delay, .hold: ordinary(message())
        case .status(let status, let body, let fields): ordinary(message(status, body, fields))
        case .rateLimit(let retryAfter): ordinary(rateLimited(retryAfter))
        case .failed(let status, let credits): ordinary(failed(status, credits))
        case .notJSON(let body): ordinary(message(200, body, [Fault.Field(name: "Content-Type", value: "text/html")]))
        case .jsonNotObject(let body): ordinary(message(200, body, []))
        case .otherDocument: ordinary(changedResult { $0.documentID = FaultyReply.other(than: $0.documentID) })
        case .wrongLabel: ordinary(changedResult { $0.classification = "none of the labels" })
        case .credits(let text): ordinary(changedResult { $0.creditsText = text })
        case .encoded(let reply): ordinary(encoded(reply))
        case .chunked(let size): ordinary(message { $0.framing = .chunked(chunkBytes: size) })
        case .resetBeforeReply: Delivery(bytes: [], ending: .reset)
        case .closeBeforeReply: Delivery(bytes: [], ending: .close)
        case .resetMidReply(let count): Delivery(bytes: beginning { count ?? $0 / 2 }, ending: .reset)
        case .truncated(let missing): Delivery(bytes: beginning { $0 - (missing ?? $0 / 2) }, ending: .close)
        case .badChunk: Delivery(bytes: badChunk, ending: ending)
        case .bothFramings: altered { $0.fields.append(("Transfer-Encoding", "chunked")) }
        case .fourDigitStatus: altered { $0.status = "2000 OK" }
        case .nulInHead: altered { $0.fields.append(("X-Simulated", "a\0b")) }
        case .headTooLarge(let bytes):
            altered { $0.fields.append(("X-Simulated", String(repeating: "x", count: bytes))) }
        case .contentOn204: altered { $0.status = "204 No Content" }
        case .extraBytesAfterReply(let extra): Delivery(bytes: message().bytes + Array(extra.utf8), ending: ending)
        case .interim(let count, let status):
            Delivery(bytes: interim(count, status) + message().bytes, ending: ending)
        case .slow(let interval): Delivery(bytes: message().bytes, pace: interval, ending: ending)
        case .http10:
            Delivery(bytes: message { ($0.version, $0.framing) = ("HTTP/1.0", .untilClose) }.bytes, ending: .close)
        case .connectionClose:
            Delivery(bytes: message { $0.fields.append(("Connection", "close")) }.bytes, ending: .close)
        case .raw(let bytes, let ending): Delivery(bytes: bytes, ending: ending)
        case .sized(let bytes, let type, let missing, let ending): sized(bytes, type, missing, ending)
        }
    }

    private func sized(_ count: Int, _ type: String, _ missing: Int, _ ending: Delivery.Ending) -> Delivery {
        var message = ReplyMessage(status: 200, body: [])
        message.framing = .untilClose
        message.fields = [("Content-Type", type), ("Content-Length", "\(count)")]
        if closes { message.fields.append(("Connection", "close")) }
        let isWhole = missing == 0
        return Delivery(bytes: message.bytes, ending: isWhole ? self.ending : ending, fillerCount: count - missing)
    }

    private var ending: Delivery.Ending { closes ? .close : .keep }

    private func ordinary(_ message: ReplyMessage) -> Delivery {
        var message = message
        if closes { message.fields.append(("Connection", "close")) }
        return Delivery(bytes: message.bytes, ending: ending)
    }

    private func message(_ change: (inout ReplyMessage) -> Void = { _ in }) -> ReplyMessage {
        var message = answer.message()
        addRetryAfter(answer.retryAfter, to: &message)
        change(&message)
        return message
    }

    private func addRetryAfter(_ retryAfter: RetryAfter?, to message: inout ReplyMessage) {
        guard let retryAfter else { return }
        message.fields.append(("Retry-After", retryAfter.fieldValue(at: now)))
    }

    /// Another status, with its usual body or a given one.
    private func message(_ status: Int, _ body: String?, _ fields: [Fault.Field]) -> ReplyMessage {
        var message = VendorAnswer.refused(.usual(status)).message()
        // A success without a given body is the usual result with another status.
        if status < 300 { message.body = answer.message().body }
        if let body { message.body = Array(body.utf8) }
        let names = fields.map { $0.name.lowercased() }
        message.fields.removeAll { names.contains($0.name.lowercased()) }
        message.fields += fields.map { ($0.name, $0.value) }
        return message
    }

    private func encoded(_ reply: EncodedReply) -> ReplyMessage {
        var message = reply.status.map { self.message($0, reply.body, []) } ?? self.message()
        if reply.status == nil, let body = reply.body { message.body = Array(body.utf8) }
        reply.apply(to: &message)
        return message
    }

    private func rateLimited(_ retryAfter: RetryAfter?) -> ReplyMessage {
        var message = VendorAnswer.refused(.rateLimited(nil)).message()
        addRetryAfter(retryAfter, to: &message)
        return message
    }

    private func failed(_ status: String, _ credits: MicroCredits?) -> ReplyMessage {
        changedResult {
            ($0.requestStatus, $0.classification, $0.scores) = (status, nil, [])
            $0.creditsText = credits?.description
        }
    }

    private func changedResult(_ change: (inout ClassifyResult) -> Void) -> ReplyMessage {
        FaultyReply(answer.changingResult(change), fault: nil, closes: closes, now: now).message()
    }

    private static func other(than id: String) -> String {
        String(id.dropLast()) + (id.last == "0" ? "1" : "0")
    }

    /// The head, and the part of the body whose length `count` derives from its size.
    private func beginning(_ count: (Int) -> Int) -> [UInt8] {
        let message = message()
        let size = message.body.count
        return message.head + message.body.prefix(max(0, min(size, count(size))))
    }

    private func interim(_ count: Int, _ status: Int) -> [UInt8] {
        Array(String(repeating: "HTTP/1.1 \(status) Simulated\r\n\r\n", count: count).utf8)
    }

    /// A good chunk, then one whose size is not a number.
    private var badChunk: [UInt8] {
        let message = message { $0.framing = .chunked(chunkBytes: 16) }
        let good = message.body.prefix(15)
        return message.head + Array("\(String(good.count, radix: 16))\r\n".utf8) + good + Array("\r\nzz\r\n".utf8)
    }

    private func altered(_ change: (inout ReplyMessage) -> Void) -> Delivery {
        Delivery(bytes: message(change).bytes, ending: ending)
    }
}
