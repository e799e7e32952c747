import HTTPMessages
import Observability

/// The replies to a request, each told to the log.
extension AdminConnection {
    func reply(_ fault: AdminFault, _ exchange: AdminExchange, closes: Bool) {
        if fault.status == 401 { ProcessLog.warning("admin_unauthorized", ["address": address]) }
        send(AdminReply(fault), exchange, closes: closes)
    }

    /// Head and content (none in answer to HEAD, RFC 9110 §9.3.2), and on to what follows.
    func send(_ reply: AdminReply, _ exchange: AdminExchange, closes: Bool) {
        let keepsAlive = !closes && mayGoOn(exchange)
        let content = reply.sentContent
        let head = AdminReplyWriter.head(
            reply,
            exchange,
            contentLength: content.count,
            keepsAlive: keepsAlive,
            now: server.loop.wallClock
        )
        stream.send(head.span, exchange.method == .head ? [] : content)
        log(exchange, status: reply.status)
        finishRequest(keepsAlive: keepsAlive)
    }

    func log(_ exchange: AdminExchange, status: Int) {
        server.onRequest?(
            AdminRequestLine(
                method: exchange.method,
                path: String(server.masked(exchange.path).prefix(AdminRequestLine.pathMax)),
                status: status,
                actor: exchange.actor?.name,
                address: address
            )
        )
    }
}
