import HTTPMessages
import Serving
import Vocabulary

/// A handler whose path selects its behaviour, one path for each way to use a connection. Confined to the loop.
///
/// - `/echo` buffers a body and sends it back, `/none` drops a small one, `/unread` refuses without reading it.
/// - `/kept` answers when the test tells it to.
/// - `/mirror` streams the body back in chunks as it arrives, and pauses the body while its reply is congested.
/// - `/held` takes the first piece of a body and pauses until the test tells it to continue.
/// - `/long` sends a long reply as fast as the client takes it; `/broken` breaks one off.
/// - `/rash` and `/twice` break the rules.
final class SampleHandler: RequestHandler {
    static let limit = 100
    static let dropped = 8
    static let longByteCount = 32 << 20
    private static let pieceByteCount = 64 * 1024

    private let connection: ServerConnection
    private let bench: ServingBench.Shelf
    private var path = ""
    private var gathered = 0
    private var toSend = 0
    private var keepsAlive = false
    private var head = ReplyHead(capacity: 256)

    init(_ connection: ServerConnection, bench: ServingBench.Shelf) {
        self.connection = connection
        self.bench = bench
    }

    func received(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        path = bytes.extracting(head.path.indices).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        gathered = 0
        switch path {
        case "/unread": return reply(403, "unread")
        case "/rash": return connection.finishReply(keepsAlive: true)
        case "/kept": bench.keep(self)
        default: break
        }
        let plan =
            switch path {
            case "/none": BodyPlan(.dropped, limit: Self.dropped)
            case "/mirror", "/held": BodyPlan(.streamed, limit: 1 << 30, timesPieces: true)
            case "/slow": BodyPlan(.buffered, limit: Self.limit, timesPieces: true)
            default: BodyPlan(.buffered, limit: Self.limit)
            }
        do throws(RequestFault) { _ = try AnnouncedContent(head.framing, limit: plan.limit) } catch {
            return failed(error)
        }
        if path == "/mirror" { beginChunks() }
        guard let body = connection.takeBody(plan, of: head) else { return }
        received(bytes.extracting(body).withUnsafeBufferPointer { Array($0) }, isLast: true)
    }

    func received(_ content: [UInt8], isLast: Bool) {
        gathered += content.count
        bench.notePiece(content.count)
        switch path {
        case "/kept": break
        case "/mirror":
            send(chunk: content)
            if isLast {
                connection.send(Array("0\r\n\r\n".utf8))
                connection.finishReply(keepsAlive: keepsAlive)
            } else if connection.isCongested {
                connection.pauseBody()
            }
        case "/held":
            if isLast { return reply(200, "\(gathered)") }
            connection.pauseBody()
            bench.keep(self)
        case "/long", "/broken":
            keepsAlive = connection.mayGoOn
            toSend = Self.longByteCount
            begin(200, length: toSend)
            replyDrained()
        case "/twice":
            reply(200, "once")
            reply(200, "twice")
        default: reply(200, String(decoding: content, as: UTF8.self))
        }
    }

    /// Continues what was kept, when the test asks for it.
    func release() {
        switch path {
        case "/held": connection.resumeBody()
        default: if connection.isBusy { reply(200, "released") }
        }
    }

    func refused(_ fault: RequestFault, _ head: RequestHead?, _ bytes: Span<UInt8>) { failed(fault) }

    func failed(_ fault: RequestFault) {
        switch fault {
        case .head(let refusal): reply(refusal.status, refusal.code.rawValue)
        case .headTimeout: reply(408, "head")
        case .bodyTimeout: reply(408, "body")
        case .bodyTooLarge, .contentNotTaken: reply(413, "large")
        case .badChunk: reply(400, "chunk")
        case .noRoom: reply(503, "room")
        case .draining: reply(503, "draining")
        }
    }

    func replyDrained() {
        if path == "/mirror" { return connection.resumeBody() }
        while toSend > 0, !connection.isCongested {
            if path == "/broken", toSend < Self.longByteCount / 2 { return connection.abort() }
            let count = min(toSend, Self.pieceByteCount)
            connection.send([UInt8](repeating: 0x61, count: count))
            bench.noteSent(count)
            toSend -= count
        }
        if toSend == 0 { connection.finishReply(keepsAlive: keepsAlive) }
    }

    func abandoned() { bench.noteAbandoned() }

    func ended() { bench.noteEnded() }

    // MARK: Replies

    private func begin(_ status: Int, length: Int) {
        head.begin(status, now: Timestamp(seconds: 0))
        head.contentLength(length, status: status)
        head.end(keepsAlive: connection.mayGoOn, isHTTP10: connection.isHTTP10)
        head.fields.withBytes { _ = connection.send($0, []) }
    }

    private func reply(_ status: Int, _ text: String) {
        let keepsAlive = connection.mayGoOn
        let body = Array(text.utf8)
        head.begin(status, now: Timestamp(seconds: 0))
        head.contentLength(body.count, status: status)
        head.end(keepsAlive: keepsAlive, isHTTP10: connection.isHTTP10)
        head.fields.withBytes { _ = connection.send($0, body) }
        connection.finishReply(keepsAlive: keepsAlive)
    }

    private func beginChunks() {
        keepsAlive = true
        connection.send(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
    }

    private func send(chunk content: [UInt8]) {
        guard !content.isEmpty else { return }
        connection.send(Array("\(String(content.count, radix: 16))\r\n".utf8) + content + Array("\r\n".utf8))
    }
}
