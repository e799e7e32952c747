import EventLoops
import HTTPMessages
import Serving

/// One client's connection as the gateway sees it: makes an exchange of each request. Confined to its worker's loop.
final class ClientConnection: RequestHandler {
    let connection: ServerConnection
    private let worker: Worker
    /// The member of a log line that names the client's address, made with the first line.
    private(set) lazy var logMember = connection.peer.map { AccessLine.clientMember($0) } ?? []
    /// The request in work, once it waits for something.
    private var exchange: Exchange?

    init(_ connection: ServerConnection, worker: Worker) {
        self.connection = connection
        self.worker = worker
    }

    func received(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        let exchange = worker.takeExchange()
        exchange.begin(self, head, bytes)
        // A hit is over here, and its exchange serves the next request.
        guard exchange.isUnderWay else { return worker.giveBack(exchange) }
        exchange.isKept = true
        self.exchange = exchange
    }

    func received(_ content: [UInt8], isLast: Bool) {
        underWay.advance(from: .route, content.span)
    }

    func refused(_ fault: RequestFault, _ head: RequestHead?, _ bytes: Span<UInt8>) {
        Exchange(worker: worker).refuse(self, ErrorReply(fault), head, bytes)
    }

    /// Answers a client that is not served at all.
    func turnAway(_ error: ErrorReply) {
        connection.turnAway()
        Exchange(worker: worker).refuse(self, error, nil, [UInt8]().span)
    }

    func failed(_ fault: RequestFault) { underWay.fail(ErrorReply(fault)) }

    func abandoned() { underWay.abandon() }

    func ended() {
        _ = exchange?.end()
        worker.clientDidLeave()
    }

    /// Told by the exchange, before the connection goes on to another one.
    func exchangeDidEnd() { exchange = nil }

    private var underWay: Exchange {
        guard let exchange else { preconditionFailure("a client without a request under way") }
        return exchange
    }
}
