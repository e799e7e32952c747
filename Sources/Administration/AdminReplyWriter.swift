import Foundation
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
        if let download = reply.download?.value {
            head.fields.field("Content-Type", reply.contentType)
            head.fields.field("Content-Length", decimal: download.byteCount)
            write(download)
        } else if reply.lengthIsUnknown {
            head.fields.field("Content-Type", reply.contentType)
        } else {
            if !content.isEmpty { head.fields.field("Content-Type", reply.contentType) }
            head.contentLength(content.count, status: reply.status)
        }
        writeUse(reply.use)
        writeMeaning(reply)
        head.fields.field("x-request-id", exchange.requestID.bytes)
        head.end(keepsAlive: keepsAlive, isHTTP10: connection.isHTTP10)
        head.fields.withBytes { _ = connection.send($0, content) }
    }

    private mutating func write(_ download: AdminDownload) {
        // RFC 9530 §3, of the bytes as they are sent: they have no content coding.
        head.fields.field("Repr-Digest", "sha-256=:\(Data(download.digest.bytes).base64EncodedString()):")
        // RFC 6266.
        head.fields.field("Content-Disposition", "attachment; filename=\"\(download.fileName)\"")
    }

    /// What browsers are told to do with the content, and not to. The type is as stated, whatever the content looks
    /// like, and a page of another origin gets nothing of it.
    private mutating func writeUse(_ use: AdminReply.Use) {
        switch use {
        case .answer: head.fields.field("Cache-Control", "no-store")
        case .page:
            head.fields.field("Cache-Control", "no-store")
            head.fields.field("Content-Security-Policy", DashboardPolicy.content)
            head.fields.field("Cross-Origin-Opener-Policy", "same-origin")
            head.fields.field("Referrer-Policy", "no-referrer")
        // RFC 8246.
        case .asset: head.fields.field("Cache-Control", "public, max-age=31536000, immutable")
        }
        head.fields.field("Cross-Origin-Resource-Policy", "same-origin")
        head.fields.field("X-Content-Type-Options", "nosniff")
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
