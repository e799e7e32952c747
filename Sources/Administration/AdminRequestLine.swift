public import HTTPMessages

/// The log line of one request: never its token, query or body.
public struct AdminRequestLine: Sendable, Equatable {
    /// The longest part of a path that a log line holds.
    static let pathMax = 200

    public let method: HTTPMethod
    /// As sent, with secrets masked, cut to `pathMax`; empty when no request could be parsed.
    public let path: String
    /// 499 when the client left before the reply.
    public let status: Int
    /// The name of the token that was shown; nil when no valid token was shown or none was needed.
    public let actor: String?
    /// The peer's IP address.
    public let address: String

    /// For the process log.
    public var metadata: [String: String] {
        var metadata = ["method": "\(method.name)", "path": path, "status": "\(status)", "address": address]
        metadata["actor"] = actor
        return metadata
    }
}
