public import HTTPMessages

/// What a log tells of one request: never its token, query or body.
public struct AdminRequestLine: Sendable, Equatable {
    /// The longest part of a path that a log line holds.
    static let pathMax = 200

    public let method: HTTPMethod
    /// As it was sent, secrets masked, and cut to what a line holds; empty for what was no request.
    public let path: String
    /// 499 when the client left before the reply.
    public let status: Int
    /// The name of the token that was shown; nil when none was, or none was asked for.
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
