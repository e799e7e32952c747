import EventLoops
import HTTPMessages
import JSON
import Serving

/// The gateway's handler of one client connection: makes an exchange of each request. Confined to its worker's loop.
final class ClientConnection: RequestHandler {
    let connection: ServerConnection
    private let worker: Worker
    /// Made for the first line.
    private var logMember = ClientMember()
    /// The current request, once it waits for something.
    private var exchange: Exchange?

    init(_ connection: ServerConnection, worker: Worker) {
        self.connection = connection
        self.worker = worker
    }

    /// Appends the log member with the client's address.
    func appendLogMember(to line: inout JSONLine) {
        if logMember.isEmpty, let peer = connection.peer { logMember = ClientMember(peer) }
        logMember.append(to: &line)
    }

    func received(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        let exchange = worker.takeExchange()
        exchange.begin(self, head, bytes)
        // A hit has been answered by now, and its exchange serves the next request.
        guard exchange.isUnderWay else { return worker.giveBack(exchange) }
        exchange.isKept = true
        self.exchange = exchange
    }

    func received(_ content: [UInt8], isLast: Bool) {
        let exchange = underWay
        if let passage = exchange.passage { return passage.received(content, isLast: isLast) }
        exchange.advance(from: .route, content.span)
    }

    func refused(_ fault: RequestFault, _ head: RequestHead?, _ bytes: Span<UInt8>) {
        Exchange(worker: worker).refuse(self, ErrorReply(fault), head, bytes)
    }

    /// Answers a client that is not served, with an error.
    func turnAway(_ error: ErrorReply) {
        connection.turnAway()
        Exchange(worker: worker).refuse(self, error, nil, [UInt8]().span)
    }

    func failed(_ fault: RequestFault) {
        let exchange = underWay
        if let passage = exchange.passage { return passage.failed(fault) }
        exchange.fail(ErrorReply(fault, mayBeSent: exchange.pending != nil))
    }

    func replyDrained() { exchange?.passage?.replyDrained() }

    func abandoned() { underWay.abandon() }

    func ended() {
        exchange?.passage?.clientLeft()
        _ = exchange?.end()
        worker.clientDidLeave()
    }

    /// Called by the exchange before the connection takes its next request.
    func exchangeDidEnd() { exchange = nil }

    private var underWay: Exchange {
        guard let exchange else { preconditionFailure("a client without a request under way") }
        return exchange
    }
}
