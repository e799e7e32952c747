public import Vocabulary

/// One classify request on its way to the vendor.
public struct UpstreamCall: Sendable {
    /// The content, in canonical form.
    public let body: [UInt8]
    /// Goes upstream as `x-request-id`.
    public let requestID: [UInt8]
    /// Who asks.
    public let team: TeamID

    public init(body: [UInt8], requestID: [UInt8], team: TeamID) {
        self.body = body
        self.requestID = requestID
        self.team = team
    }
}

/// What became of a call.
public enum UpstreamOutcome: Sendable {
    /// The vendor answered, and its answer may be passed on.
    case reply(UpstreamReply)
    case failure(UpstreamFailure)
}

/// An answer of the vendor.
public struct UpstreamReply: Sendable {
    public let status: Int
    public let contentType: [UInt8]?
    /// The value of `Retry-After`, as it came.
    public let retryAfter: [UInt8]?
    public let body: [UInt8]
    /// From the request's first byte to the reply's last.
    public let duration: Duration
}
