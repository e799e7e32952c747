import EventLoops
import Forms
import HTTPMessages
public import JSON
import Transport
import Vocabulary

/// Calls the admin API, one request after the other, each on its own connection. Immutable; every call blocks.
public struct AdminCaller: Sendable {
    public let address: AdminAddress
    /// Visible ASCII. Never shown.
    private let token: String
    public let limits: AdminCallLimits

    public init(address: AdminAddress, token: String, limits: AdminCallLimits = AdminCallLimits()) {
        self.address = address
        self.token = token
        self.limits = limits
    }

    /// The same caller, with another limit on the time of an answer.
    public func waiting(atMost answerTimeout: Duration) -> AdminCaller {
        var limits = limits
        limits.answerTimeout = answerTimeout
        return AdminCaller(address: address, token: token, limits: limits)
    }

    /// Sends `call` and waits for the answer, a JSON object; nil when the answer has no content.
    public func send(_ call: AdminCall) throws(AdminCallFault) -> JSONValue? {
        let answer = try exchange(call)
        switch answer.meaning {
        case .done: return nil
        case .object(let object): return object
        case .refused(let code, let message):
            throw .refused(answer.status, code: code, message: message)
        case .foreign(let reason): throw .foreign(address, reason, doubt: call.doubt)
        }
    }

    private func exchange(_ call: AdminCall) throws(AdminCallFault) -> AdminAnswer {
        let addresses = try resolve()
        let tls = try tlsContext()
        let exchange: AdminCallExchange
        do throws(EventLoop.Fault) {
            exchange = try AdminCallExchange(message(call), method: call.method, limits: limits)
        } catch {
            throw .unreachable(address, error.description)
        }
        switch exchange.run(addresses, serverName: address.url.host, tls: tls) {
        case .success(let answer): return answer
        case .failure(.unconnected(let reason)): throw .unreachable(address, reason)
        case .failure(.insecure(let reason)): throw .insecure(address, reason)
        case .failure(.lost(let reason)): throw .lost(address, reason, doubt: call.doubt)
        case .failure(.broken(let reason)): throw .foreign(address, reason, doubt: call.doubt)
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
            return try TLSClientContext(caFile: nil)
        } catch {
            throw .insecure(address, error.description)
        }
    }

    private func message(_ call: AdminCall) -> [UInt8] {
        let body = call.body?.text ?? []
        var head = HeadWriter(capacity: 512)
        head.requestLine(call.method.name, call.target(below: address.url.pathPrefix).utf8)
        head.field("host", address.authority)
        head.field("authorization", "Bearer " + token)
        head.field("accept", "application/json")
        head.field("accept-encoding", "identity")
        head.field("user-agent", "tollgate")
        head.field("connection", "close")
        if let key = call.idempotencyKey { head.field("idempotency-key", key) }
        if call.body != nil { head.field("content-type", "application/json") }
        if call.method != .get { head.field("content-length", decimal: Int64(body.count)) }
        head.endSection()
        return head.bytes + body
    }
}

/// Limits on the time and size of the admin API's answers.
public struct AdminCallLimits: Sendable {
    /// Includes the TLS handshake; the name is looked up before.
    public var connectTimeout = Duration.seconds(5)
    /// From the request to the last byte of the answer.
    public var answerTimeout = Duration.seconds(60)
    public var answerBytesMax = 64 * 1024 * 1024
    /// The maximum number of items over all pages of a list.
    public var itemsMax = 100_000
    /// The number of items requested per page; the gateway sends no more.
    public var pageItems = 1_000

    public init() {}
}
