import HTTPMessages
import Observability
import Serving
import Vocabulary

/// Admission: what is decided when the head is complete, before any of the body is read.
extension AdminServer {
    /// The exchange of a request whose head was read, admitted or not.
    func begin(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> AdminExchange {
        let exchange = AdminExchange(requestID: requestID(head, bytes))
        exchange.method = head.method
        exchange.path = Self.text(bytes, head.path)
        // RFC 9112 §3.2.2, RFC 9110 §4.2.3: absolute-form without a path means the root.
        if exchange.path.isEmpty, head.method != .connect { exchange.path = "/" }
        return exchange
    }

    /// Throws if the request is refused. Under `/admin/v1` a client without a token learns nothing, not even which
    /// paths exist.
    func admit(
        _ exchange: AdminExchange,
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>
    ) throws(AdminFault) {
        // Its target names another server, which is not what a page of another site can ask for.
        if exchange.method == .connect { throw AdminRouter.refusal(.connect) }
        try checkOrigin(of: head, bytes)
        guard head.pathIsPlain(bytes) else { throw .pathNotPlain }
        let match = router.find(exchange.path)
        if match?.resource.isPublic != true, AdminRouter.isGuarded(exchange.path) {
            exchange.actor = try authenticate(head, bytes)
            exchange.bodyBytesMax = bodyBytesMax(exchange.method)
        }
        exchange.route = try route(match, exchange)
        exchange.parameters = match?.parameters ?? []
        try readFields(of: head, bytes, into: exchange)
    }

    /// Before anything else: what a page of another site sent under its own name is told nothing at all. A request
    /// without a host is of HTTP/1.0, which no browser speaks.
    private func checkOrigin(of head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(AdminFault) {
        if let range = head.authority {
            let host = Self.text(bytes, range)
            guard settings.hosts.accepts(host, at: address) else { throw .misdirected(host, own: address) }
        }
        guard !AdminOrigin.isForeignChange(head, bytes) else { throw .foreignChange }
    }

    /// RFC 9110 §9.3.1, §9.3.5: content of these methods has no meaning; a small amount is read and dropped.
    private func bodyBytesMax(_ method: HTTPMethod) -> Int {
        switch method {
        case .post, .put, .patch: settings.bodyBytesMax
        case .get, .head, .delete, .options, .connect, .trace, .unknown:
            min(settings.bodyBytesMax, AdminExchange.unusedBodyBytesMax)
        }
    }

    private func route(_ match: AdminRouter.Match?, _ exchange: AdminExchange) throws(AdminFault) -> AdminRoute {
        guard let match else { throw AdminRouter.refusal(exchange.method) }
        guard let route = match.resource.route(exchange.method) else {
            throw .methodNotAllowed(allow: match.resource.allow)
        }
        if let role = route.role { try check(exchange.actor, has: role) }
        return route
    }

    private func authenticate(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(AdminFault) -> AdminToken {
        let shown = BearerCredentials.token(head, bytes)
        let token = AdminTokenSearch().find(shown, in: bytes, among: settings.tokens, with: hasher)
        guard let token else { throw .unauthorized }
        return token
    }

    private func check(_ actor: AdminToken?, has role: AdminRole) throws(AdminFault) {
        guard let actor else { preconditionFailure("a role is asked for before a token") }
        guard actor.role >= role else { throw .forbidden(needs: role) }
    }

    private func readFields(
        of head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        into exchange: AdminExchange
    ) throws(AdminFault) {
        if let range = head.query {
            guard let query = QueryDecoder.members(bytes.extracting(range.indices)) else { throw .queryMalformed }
            exchange.query = query
        }
        let accepted = head.values(of: "accept", in: bytes).map { Self.text(bytes, $0) }
        exchange.accept = accepted.isEmpty ? nil : accepted.joined(separator: ",")
        exchange.idempotencyKey = try idempotencyKey(head, bytes)
        do throws(RequestFault) { _ = try AnnouncedContent(head.framing, limit: exchange.bodyBytesMax) } catch {
            throw AdminFault(error)
        }
    }

    private func idempotencyKey(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) throws(AdminFault) -> String? {
        let values = head.values(of: "idempotency-key", in: bytes)
        guard let value = values.first else { return nil }
        let key = Self.text(bytes, value)
        let isVisible = key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard values.count == 1, isVisible, (1...128).contains(value.count) else { throw .idempotencyKeyMalformed }
        return key
    }

    /// The client's own `x-request-id` if it is safe to log, else a new one.
    private func requestID(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> RequestID {
        guard let range = head.first(.requestID) else { return makeRequestID() }
        let chosen = bytes.extracting(range.indices)
        guard RequestID.isAcceptable(chosen) else { return makeRequestID() }
        return .chosen(chosen.withUnsafeBufferPointer { Array($0) })
    }

    private static func text(_ bytes: Span<UInt8>, _ range: ByteRange) -> String {
        bytes.extracting(range.indices).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
