import HTTPMessages
import Observability
import Serving

/// One client's connection as the admin side sees it: judges its requests, hands each to its handler and tells the log.
/// Confined to the server's loop.
///
/// The connection is a stranger until it shows a good token: its requests have a deadline of their own, and it may
/// have to give way.
final class AdminConnection: RequestHandler {
    let connection: ServerConnection
    private let server: AdminServer
    private var exchange: AdminExchange?
    /// The file that is being sent, and whether the connection goes on behind it.
    private var download: (file: AdminDownload, keepsAlive: Bool)?

    init(_ connection: ServerConnection, server: AdminServer) {
        self.connection = connection
        self.server = server
    }

    func received(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        let exchange = server.begin(head, bytes)
        self.exchange = exchange
        do throws(AdminFault) { try server.admit(exchange, head, bytes) } catch {
            judge(exchange, error)
            return reply(error, exchange)
        }
        judge(exchange, nil)
        guard let body = connection.takeBody(BodyPlan(.buffered, limit: exchange.bodyBytesMax), of: head) else {
            return
        }
        work(on: exchange, body: bytes.extracting(body).withUnsafeBufferPointer { Array($0) })
    }

    func received(_ content: [UInt8], isLast: Bool) { work(on: underWay, body: content) }

    /// A request below `/admin/v1` decides whether the connection is a stranger; other requests leave that unchanged.
    private func judge(_ exchange: AdminExchange, _ fault: AdminFault?) {
        if exchange.actor != nil, connection.isStranger {
            server.didRecognise(connection)
        } else if fault?.status == 401, !connection.isStranger {
            server.didForget(connection)
        }
    }

    /// Hands the request to its handler, which may answer at once, later or never.
    private func work(on exchange: AdminExchange, body: [UInt8]) {
        guard let route = exchange.route else { preconditionFailure("a request that was not admitted") }
        // Weak: a handler may keep the closure longer than the client stays.
        let completion = AdminCompletion { [weak self, server] reply in
            self?.complete(exchange, reply)
            server.handlerAnswered()
        }
        server.handlerWasAsked()
        route.handler(exchange.request(body: body, address: connection.address), completion.give)
    }

    private func complete(_ exchange: AdminExchange, _ reply: AdminReply) {
        server.loop.preconditionInLoop()
        // The client may be gone, or the server stopped.
        guard self.exchange === exchange, connection.isBusy else {
            reply.download?.value.close()
            return
        }
        send(reply, exchange)
    }

    private var underWay: AdminExchange {
        guard let exchange else { preconditionFailure("a client without a request under way") }
        return exchange
    }

    // MARK: What ends otherwise

    func refused(_ fault: RequestFault, _ head: RequestHead?, _ bytes: Span<UInt8>) {
        reply(AdminFault(fault), AdminExchange(requestID: server.makeRequestID()))
    }

    /// Refuses a client for which there is no place.
    func turnAway(_ fault: AdminFault) {
        connection.turnAway()
        reply(fault, AdminExchange(requestID: server.makeRequestID()))
    }

    func failed(_ fault: RequestFault) { reply(AdminFault(fault), underWay) }

    func replyDrained() { sendMore() }

    func abandoned() {
        log(underWay, status: 499)
        endDownload()
    }

    func ended() {
        exchange = nil
        endDownload()
        server.connectionDidEnd(connection)
    }

    // MARK: Replies

    private func reply(_ fault: AdminFault, _ exchange: AdminExchange) {
        if fault.status == 401 { ProcessLog.warning("admin_unauthorized", ["address": connection.address]) }
        send(AdminReply(fault), exchange)
    }

    private func send(_ reply: AdminReply, _ exchange: AdminExchange) {
        let keepsAlive = connection.mayGoOn
        server.replyWriter.send(reply, exchange, over: connection, keepsAlive: keepsAlive, now: server.loop.wallClock)
        if let file = reply.download?.value { return begin(file, keepsAlive: keepsAlive) }
        log(exchange, status: reply.status)
        self.exchange = nil
        connection.finishReply(keepsAlive: keepsAlive)
    }

    // MARK: Files

    /// The head is sent. A drain waits for the file as for an answer.
    private func begin(_ file: AdminDownload, keepsAlive: Bool) {
        download = (file, keepsAlive)
        server.handlerWasAsked()
        sendMore()
    }

    /// Sends the next piece unless the client has too much of the earlier ones unread: it is asked for again when that
    /// has drained. So one piece and the connection's own limit is all that is in memory.
    private func sendMore() {
        guard let file = download?.file, !connection.isCongested else { return }
        file.next { [weak self] piece in
            guard let self, download?.file === file else { return }
            take(piece)
        }
    }

    private func take(_ piece: AdminDownload.Piece) {
        guard let keepsAlive = download?.keepsAlive else { return }
        switch piece {
        case .bytes(let bytes, isLast: false):
            connection.send(bytes)
            sendMore()
        case .bytes(let bytes, isLast: true):
            connection.send(bytes)
            log(underWay, status: 200)
            exchange = nil
            endDownload()
            connection.finishReply(keepsAlive: keepsAlive)
        case .broken(let fault):
            ProcessLog.error("backup_broken_off", ["detail": fault.detail])
            // Not in order: what the client has must not look whole.
            connection.abort()
        }
    }

    private func endDownload() {
        guard let file = download?.file else { return }
        download = nil
        file.close()
        server.handlerAnswered()
    }

    private func log(_ exchange: AdminExchange, status: Int) {
        server.onRequest?(
            AdminRequestLine(
                method: exchange.method,
                path: String(server.masked(exchange.path).prefix(AdminRequestLine.pathMax)),
                status: status,
                actor: exchange.actor?.name,
                address: connection.address
            )
        )
    }
}

extension ServerConnection {
    /// The peer's IP address.
    var address: String { peer?.host ?? "unknown" }
}
