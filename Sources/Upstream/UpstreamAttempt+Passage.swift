import HTTPMessages
import JSON
import UpstreamKeys
import Vocabulary

/// The exchange of a request that is passed through.
struct PassageExchange {
    /// What is kept of a refusal's content, to see whether it has the vendor's error shape, in bytes.
    private static let refusalBytesMax = 64 * 1024

    let connection: UpstreamConnection
    fileprivate let isChunked: Bool
    /// Whether the head of the reply has come.
    fileprivate(set) var hasHead = false
    /// Of the secret that was sent: it may not appear in the reply.
    fileprivate let scrubber: SecretScrubber
    /// Of the content; nil before the head of the reply.
    fileprivate var scrubbing: ScrubbedStream?
    /// The content of a 403, as far as it is kept.
    fileprivate var refusal: [UInt8]?

    init(_ connection: UpstreamConnection, _ scrubber: SecretScrubber, isChunked: Bool) {
        self.connection = connection
        self.scrubber = scrubber
        self.isChunked = isChunked
    }

    static func framed(_ content: [UInt8], isLast: Bool, isChunked: Bool) -> [UInt8] {
        guard isChunked else { return content }
        return (content.isEmpty ? [] : Chunk.write(content)) + (isLast ? Chunk.last : [])
    }

    /// Passes content through the scrubber.
    fileprivate mutating func scrub(_ content: [UInt8]) -> [UInt8] {
        let text = scrubbing?.add(content) ?? content
        if let kept = refusal, kept.count < Self.refusalBytesMax { refusal = kept + text }
        return text
    }

    /// What the scrubber has held back.
    fileprivate mutating func takeRest() -> [UInt8] { scrubbing?.end() ?? [] }
}

/// A client's own request: sent once, and its reply passed on as it comes.
extension UpstreamAttempt {
    func send(_ request: PassageRequest, _ pass: UpstreamGate.Pass) {
        let connection = takeConnection()
        sentAt = now
        write(request, to: connection, pass, &client.requestHead)
        let isChunked = request.framing == .chunked
        passage = PassageExchange(connection, pass.key.scrubber, isChunked: isChunked)
        connection.open(
            client.requestHead,
            PassageExchange.framed(request.content, isLast: request.isWhole, isChunked: isChunked),
            isWhole: request.isWhole,
            to: request.method,
            settings: settings,
            for: self
        )
        if !request.isWhole { handle(.waitsForClient) }
        passageHandler?.passageDidBegin()
    }

    private func write(
        _ request: PassageRequest,
        to connection: UpstreamConnection,
        _ pass: UpstreamGate.Pass,
        _ head: inout HeadWriter
    ) {
        head.removeAll()
        head.requestLine(request.method.name, settings.pathPrefix, request.target)
        head.field("host", connection.hostField)
        head.append(request.fields)
        head.field("x-api-key", pass.key.secret)
        // What an echoed key is looked for in has to be readable.
        head.field("accept-encoding", "identity")
        call.writeIDs(into: &head)
        switch request.framing {
        case .none: break
        case .length(let length): head.field("content-length", decimal: length)
        case .chunked: head.field("transfer-encoding", "chunked")
        }
        if request.expectsContinue { head.field("expect", "100-continue") }
        head.endSection()
    }

    /// Sends more of the content.
    func add(_ content: [UInt8], isLast: Bool) {
        guard let connection = passage?.connection, let isChunked = passage?.isChunked else { return }
        connection.add(PassageExchange.framed(content, isLast: isLast, isChunked: isChunked), isLast: isLast)
        if isLast, passage?.hasHead == false { handle(.waitsForVendor) }
    }

    func take(_ part: UpstreamConnection.Part) {
        guard awaitsAnswer, passage != nil else { return }
        switch part {
        case .askedForContent: passageHandler?.passageIsAskedForContent()
        case .head(let reader):
            passage?.hasHead = true
            // A reply that is here already ends the call in this pass of the loop.
            if !reader.isComplete { handle(.waitsForClient) }
            let head = beginReply(reader)
            if head.status == 403 { passage?.refusal = [] }
            passageHandler?.passageDidReceive(head)
        case .content(let content):
            let content = passage?.scrub(content) ?? []
            if !content.isEmpty { passageHandler?.passageDidReceive(content) }
        case .caughtUp: passageHandler?.passageDidCatchUp()
        }
    }

    func tellRest() {
        guard let rest = passage?.takeRest(), !rest.isEmpty else { return }
        passageHandler?.passageDidReceive(rest)
    }

    /// What the client gets of the head, which is complete.
    private func beginReply(_ reader: ResponseReader) -> PassageReplyHead {
        guard let scrubber = passage?.scrubber else { preconditionFailure("a reply to no exchange") }
        let contentEncoding = reader.contentEncoding
        return reader.withHead { head, bytes in
            let type = head.first(.contentType)
            let isJSON = type.map { MediaType.isJSON(bytes.extracting($0.indices)) } ?? false
            let isText = isJSON || type.map { MediaType.isText(bytes.extracting($0.indices)) } ?? true
            passage?.scrubbing = ScrubbedStream(scrubber, isText: isText)
            var hasDate = false
            let lines = PassedFields.lines(of: .response, head.version, head.fields, in: bytes) { name, _ in
                if TokenList.equals(name, "date") { hasDate = true }
                return true
            }
            let (length, hasContent): (Int64?, Bool) =
                switch head.framing {
                case .none: (Self.announcedLength(head, bytes), false)
                case .length(let length): (length, length > 0)
                case .chunked, .untilClose: (nil, true)
                }
            return PassageReplyHead(
                status: head.status,
                fields: scrubber.scrub(lines),
                length: length,
                hasContent: hasContent,
                hasDate: hasDate,
                hasType: type != nil,
                isJSON: isJSON,
                contentEncoding: contentEncoding
            )
        }
    }

    /// The Content-Length of a reply without content: to HEAD, or a 304 (RFC 9110 §8.6).
    private static func announcedLength(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> Int64? {
        guard head.status != 204, let range = head.first(.contentLength) else { return nil }
        return Int64(String(decoding: range.indices.map { bytes[$0] }, as: UTF8.self))
    }

    /// What the reply says of the key and of the vendor's health; it was passed on already.
    func judgePassed(_ reader: ResponseReader) -> StateMachine.Answer {
        let reply = UpstreamReply(
            status: reader.status,
            contentType: nil,
            retryAfter: nil,
            contentEncoding: nil,
            body: [],
            duration: duration,
            queued: queued
        )
        switch reader.status {
        case 401: return .rejected(.unauthorized, reply)
        case 403:
            let isShaped = ReplyVerdict.hasErrorShape(passage?.refusal ?? [])
            return .rejected(isShaped ? .refused : .forbidden, reply)
        case 429:
            let pause = reader.retryAfter.flatMap { RetryAfter.parse($0.span, now: wallClock) }
            return .final(.reply(reply), .limited(pause))
        case 200..<300: return .final(.reply(reply), .succeeded)
        case 500...: return .final(.reply(reply), .answered(.failure))
        default: return .final(.reply(reply), .answered(.neutral))
        }
    }
}
