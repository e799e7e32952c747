import HTTPMessages
import Serving
import Vocabulary

/// Writes and sends replies, one at a time. Confined to its server.
struct AdminReplyWriter: ~Copyable {
    private var head = ReplyHead(capacity: 512)

    /// - Parameter keepsAlive: whether another request may follow on the connection.
    mutating func send(
        _ reply: AdminReply,
        _ exchange: AdminExchange,
        over connection: ServerConnection,
        keepsAlive: Bool,
        now: Timestamp
    ) {
        let content = reply.sentContent
        head.begin(reply.status, now: now)
        if !content.isEmpty { head.fields.field("Content-Type", reply.contentType) }
        head.contentLength(content.count, status: reply.status)
        head.fields.field("Cache-Control", "no-store")
        writeMeaning(reply)
        head.fields.field("x-request-id", exchange.requestID.bytes)
        head.end(keepsAlive: keepsAlive, isHTTP10: connection.isHTTP10)
        head.fields.withBytes { _ = connection.send($0, content) }
    }

    private mutating func writeMeaning(_ reply: AdminReply) {
        if let location = reply.location { head.fields.field("Location", location) }
        if let allow = reply.allow { head.fields.field("Allow", allow) }
        if let seconds = reply.retryAfterSeconds { head.fields.field("Retry-After", decimal: Int64(seconds)) }
        // RFC 9110 §11.6.1 requires a challenge, RFC 6750 §3 a parameter in it. The error code that §3
        // recommends for a wrong token is left out: it would distinguish that from a missing one.
        if reply.status == 401 { head.fields.field("WWW-Authenticate", "Bearer realm=\"tollgate\"") }
    }
}
