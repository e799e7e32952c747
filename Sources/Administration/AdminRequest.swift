public import HTTPMessages
import Registry

/// One request whose head was admitted, with its complete body.
public struct AdminRequest: Sendable {
    /// As sent: a HEAD request reaches the handler of GET.
    public let method: HTTPMethod
    /// The values of the pattern's parameters, in order.
    public let parameters: [String]
    /// Percent-decoded, in the order sent; `+` is a space.
    public let query: [(name: String, value: String)]
    public let body: [UInt8]
    /// 1 to 128 visible ASCII characters.
    public let idempotencyKey: String?
    /// The value of Accept, its lines joined (RFC 9110 §12.5.1); nil without one.
    public let accept: String?
    /// The token that was shown; nil only on routes that need none.
    public let actor: AdminToken?
    /// The peer's IP address.
    public let address: String
    /// The request's identifier in the reply and in the logs.
    public let requestID: String

    public init(
        method: HTTPMethod,
        parameters: [String] = [],
        query: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        idempotencyKey: String? = nil,
        accept: String? = nil,
        actor: AdminToken? = nil,
        address: String,
        requestID: String
    ) {
        self.method = method
        self.parameters = parameters
        self.query = query
        self.body = body
        self.idempotencyKey = idempotencyKey
        self.accept = accept
        self.actor = actor
        self.address = address
        self.requestID = requestID
    }
}

extension AdminRequest {
    /// The author of a change, for the audit log. Only for routes that need a token.
    var changer: RegistryKeeper.Actor {
        guard let actor else { preconditionFailure("a change on a public route") }
        return RegistryKeeper.Actor(name: actor.name, role: actor.role, address: address)
    }
}
