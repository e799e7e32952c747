public import Calling
import EventLoops
import Forms
import Glibc
import HTTPMessages
public import JSON
import Transport
import Vocabulary

/// Calls the admin API, one request after the other. Any thread; every call blocks.
///
/// Requests that change nothing share one connection as long as the server keeps it open, so that a long list is read
/// over one. A change gets a connection of its own: on one that the server may be about to end, it could not be told
/// whether the change was made (RFC 9112 §9.6).
public struct AdminCaller: Sendable {
    public let address: AdminAddress
    /// Visible ASCII. Never shown. Nil for probes, which need none.
    private let token: String?
    public private(set) var limits: AdminCallLimits
    private let trust: AdminTrust
    private let line = AdminLine()
    /// Called with the number of items after each page of a list, for the person at the terminal.
    public var onProgress: (@Sendable (Int) -> Void)?

    public init(
        address: AdminAddress,
        token: String?,
        limits: AdminCallLimits = AdminCallLimits(),
        trust: AdminTrust = AdminTrust()
    ) {
        self.address = address
        self.token = token
        self.limits = limits
        self.trust = trust
    }

    /// The same caller, with another limit on the time of an answer.
    public func waiting(atMost answerTimeout: Duration) -> AdminCaller {
        var caller = self
        caller.limits.call.answerTimeout = answerTimeout
        return caller
    }

    /// Sends `call` and waits for the answer, a JSON object; nil when the answer has no content.
    public func send(_ call: AdminCall) throws(AdminCallFault) -> JSONValue? {
        let answer = try exchange(call)
        switch AdminMeaning(answer) {
        case .done: return nil
        case .object(let object): return object
        case .refused(let code, let message):
            throw .refused(answer.status, code: code, message: message)
        case .foreign(let reason): throw .foreign(address, reason, doubt: call.doubt)
        }
    }

    /// Sends `call` and gives away the content of a 200 as it comes. Blocks; `limits.call.answerTimeout` is for the
    /// wait for each piece.
    ///
    /// - Parameter take: called on this thread with the head and each piece; false ends the call.
    public func download(
        _ call: AdminCall,
        take: @escaping (CallHead, [UInt8]) -> Bool
    ) throws(AdminCallFault) {
        let answer = try whole(call, try answer(call, take: take))
        if answer.status == 200 { return }
        guard case .refused(let code, let message) = AdminMeaning(answer) else {
            throw .foreign(address, "HTTP \(answer.status) in place of a file", doubt: nil)
        }
        throw .refused(answer.status, code: code, message: message)
    }

    private func exchange(_ call: AdminCall) throws(AdminCallFault) -> CallAnswer {
        try whole(call, try answer(call))
    }

    private func whole(
        _ call: AdminCall,
        _ result: Result<CallAnswer, CallExchange.Fault>
    ) throws(AdminCallFault) -> CallAnswer {
        switch result {
        case .success(let answer): return answer
        case .failure(.unconnected(let reason)): throw .unreachable(address, reason)
        case .failure(.insecure(let reason)): throw .insecure(address, reason)
        case .failure(.lost(let reason)): throw .lost(address, reason, doubt: call.doubt)
        case .failure(.broken(let reason)): throw .foreign(address, reason, doubt: call.doubt)
        }
    }

    private func answer(_ call: AdminCall) throws(AdminCallFault) -> Result<CallAnswer, CallExchange.Fault> {
        let isKept = call.changesNothing
        if isKept, let stream = line.takeConnection() {
            let exchange = try exchange(call, keepsConnection: true)
            let result = exchange.run(on: stream)
            line.keep(exchange)
            // The server may have ended the connection as the request was on its way: it is sent once more, on another.
            guard case .failure(.lost) = result, !exchange.hasBegun else { return result }
        }
        let addresses = try resolve()
        let tls = try tlsContext()
        let exchange = try exchange(call, keepsConnection: isKept)
        let result = exchange.run(addresses, serverName: address.url.host, tls: tls)
        line.keep(exchange)
        return result
    }

    /// The same on a connection of its own, with the content given away.
    private func answer(
        _ call: AdminCall,
        take: @escaping CallExchange.ContentTaker
    ) throws(AdminCallFault) -> Result<CallAnswer, CallExchange.Fault> {
        let addresses = try resolve()
        let tls = try tlsContext()
        let exchange = try exchange(call, keepsConnection: false, take: take)
        let result = exchange.run(addresses, serverName: address.url.host, tls: tls)
        line.keep(exchange)
        return result
    }

    private func exchange(
        _ call: AdminCall,
        keepsConnection: Bool,
        take: CallExchange.ContentTaker? = nil
    ) throws(AdminCallFault) -> CallExchange {
        do throws(EventLoop.Fault) {
            return CallExchange(
                message(call, keepsConnection: keepsConnection),
                method: call.method,
                limits: limits.call,
                loop: try line.takeLoop(),
                keepsConnection: keepsConnection,
                onContent: take
            )
        } catch {
            throw .unreachable(address, error.description)
        }
    }

    private func resolve() throws(AdminCallFault) -> [SocketAddress] {
        if let literal = SocketAddress(literal: address.url.host, port: address.url.port) { return [literal] }
        switch NameResolver.resolveNow(host: address.url.host, port: address.url.port) {
        case .success(let addresses): return addresses
        case .failure(let fault): throw .unreachable(address, fault.description)
        }
    }

    private func tlsContext() throws(AdminCallFault) -> TLSClientContext? {
        guard address.url.isTLS else { return nil }
        do throws(TLSConfigurationFault) {
            return try trust.context()
        } catch {
            throw .insecure(address, error.description)
        }
    }

    private func message(_ call: AdminCall, keepsConnection: Bool) -> [UInt8] {
        let body = call.body?.text ?? []
        var head = HeadWriter(capacity: 512)
        head.requestLine(call.method.name, call.target(below: address.url.pathPrefix).utf8)
        head.field("host", address.url.authority)
        if let token { head.field("authorization", "Bearer " + token) }
        head.field("accept", "application/json")
        head.field("accept-encoding", "identity")
        head.field("user-agent", "tollgate")
        head.field("connection", keepsConnection ? "keep-alive" : "close")
        if let key = call.idempotencyKey { head.field("idempotency-key", key) }
        if call.body != nil { head.field("content-type", "application/json") }
        if call.method != .get { head.field("content-length", decimal: Int64(body.count)) }
        head.endSection()
        return head.bytes + body
    }
}

/// The loop of a caller, and the connection that it keeps between requests.
///
/// Confined to the thread that creates it: on another one it keeps nothing, and each request has a loop and a
/// connection of its own. Sendable because every access compares the thread before it touches anything that changes.
private final class AdminLine: @unchecked Sendable {
    private let owner = pthread_self()
    private var loop: EventLoop?
    /// The exchange that has the connection.
    private var last: CallExchange?

    private var isOwner: Bool { pthread_equal(owner, pthread_self()) != 0 }

    /// A connection is left to the end of the process where another thread drops the last caller.
    deinit { if isOwner { last?.close() } }

    func takeLoop() throws(EventLoop.Fault) -> EventLoop {
        guard isOwner else { return try EventLoop() }
        if let loop { return loop }
        let new = try EventLoop()
        loop = new
        return new
    }

    /// A connection that can be used; nil when there is none.
    func takeConnection() -> ByteStream? { isOwner ? last?.takeConnection() : nil }

    /// Keeps the connection of an exchange that has ended, if it has left one.
    func keep(_ exchange: CallExchange) {
        guard isOwner else { return exchange.close() }
        last?.close()
        last = exchange
    }
}

/// Limits on the admin API's answers.
public struct AdminCallLimits: Sendable {
    public var call = CallLimits()
    /// The maximum number of items over all pages of a list.
    public var itemsMax = 100_000
    /// The number of items requested per page; the gateway sends no more.
    public var pageItems = 1_000

    public init() {}
}
