public import HTTPMessages
import Registry

/// One request that is in order as far as its head goes, with its whole body.
public struct AdminRequest: Sendable {
    /// As it was sent: HEAD comes to the handler of GET.
    public let method: HTTPMethod
    /// What stood in the braces of the pattern, in order.
    public let parameters: [String]
    /// Percent-decoded, in the order sent; `+` is a space.
    public let query: [(name: String, value: String)]
    public let body: [UInt8]
    /// 1 to 128 visible ASCII characters.
    public let idempotencyKey: String?
    /// Whose token it is; nil only where none is asked for.
    public let actor: AdminToken?
    /// The peer's IP address.
    public let address: String
    /// What the reply and the logs call the request.
    public let requestID: String

    public init(
        method: HTTPMethod,
        parameters: [String] = [],
        query: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        idempotencyKey: String? = nil,
        actor: AdminToken? = nil,
        address: String,
        requestID: String
    ) {
        self.method = method
        self.parameters = parameters
        self.query = query
        self.body = body
        self.idempotencyKey = idempotencyKey
        self.actor = actor
        self.address = address
        self.requestID = requestID
    }
}

extension AdminRequest {
    /// Whoever asks, for the audit log. Only of routes that need a token.
    var changer: RegistryKeeper.Actor {
        guard let actor else { preconditionFailure("a change on a public route") }
        return RegistryKeeper.Actor(name: actor.name, role: actor.role, address: address)
    }
}
