import HTTPMessages
import Vocabulary

/// Writes the heads of replies.
enum AdminReplyWriter {
    /// - Parameters:
    ///   - contentLength: of what a GET would be sent, which is also said in answer to HEAD (RFC 9110 §8.6).
    ///   - keepsAlive: whether another request may follow.
    static func head(
        _ reply: AdminReply,
        _ exchange: AdminExchange,
        contentLength: Int,
        keepsAlive: Bool,
        now: Timestamp
    ) -> [UInt8] {
        var head = HeadWriter(capacity: 512)
        head.statusLine(reply.status)
        var date: [UInt8] = []
        HTTPDate.write(secondsSinceEpoch: now.wholeSeconds, into: &date)
        head.field("Date", date)
        if contentLength > 0 { head.field("Content-Type", reply.contentType) }
        // RFC 9110 §8.6: none in a 204.
        if reply.status != 204 { head.field("Content-Length", decimal: Int64(contentLength)) }
        head.field("Cache-Control", "no-store")
        writeMeaning(reply, &head)
        head.field("x-request-id", exchange.requestID.bytes)
        // What becomes of the connection, RFC 9112 §9.3.
        if !keepsAlive { head.field("Connection", "close") }
        if keepsAlive, exchange.isHTTP10 { head.field("Connection", "keep-alive") }
        head.endSection()
        return head.bytes
    }

    private static func writeMeaning(_ reply: AdminReply, _ head: inout HeadWriter) {
        if let location = reply.location { head.field("Location", location) }
        if let allow = reply.allow { head.field("Allow", allow) }
        if let seconds = reply.retryAfterSeconds { head.field("Retry-After", decimal: Int64(seconds)) }
        // RFC 9110 §11.6.1 asks for a challenge, RFC 6750 §3 for a parameter in it; no error code where it says
        // nothing, since one would tell a wrong token from a missing one.
        if reply.status == 401 { head.field("WWW-Authenticate", "Bearer realm=\"tollgate\"") }
    }
}
