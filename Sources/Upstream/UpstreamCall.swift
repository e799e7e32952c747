public import UpstreamKeys
public import Vocabulary

/// One classify request on its way to the vendor.
public struct UpstreamCall: Sendable {
    public let content: UpstreamContent
    /// Goes upstream as `x-request-id`.
    public let requestID: [UInt8]
    /// Who asks, and at which of the vendor's accounts.
    public let team: TeamID
    public let account: AccountID
    /// A UUID in lower case, to tell refusals of one document from those of several.
    public let documentID: String
    /// The key that the call is booked to.
    public let key: UpstreamKeyID

    /// - Parameter body: in canonical form.
    public init(
        body: [UInt8],
        requestID: [UInt8],
        team: TeamID,
        account: AccountID,
        documentID: String,
        key: UpstreamKeyID
    ) {
        content = .whole(body)
        self.requestID = requestID
        self.team = team
        self.account = account
        self.documentID = documentID
        self.key = key
    }
}

/// The content of a call, which decides whether it may be sent once more when the vendor has said that it did not take it.
public enum UpstreamContent: Sendable {
    /// All of it is here: it may.
    case whole([UInt8])
}

/// Books a call to another key than before, durably, and says when that is done: nothing is sent with that key before.
public typealias UpstreamKeyMove = (UpstreamKeyID, @escaping (UpstreamKeyMoved) -> Void) -> Void

/// What became of booking a call to another key.
public enum UpstreamKeyMoved: Sendable {
    case done
    /// That key has spent its month: another one is tried.
    case noRoom
    /// It cannot be booked, and the call is given up.
    case failed
}

/// What became of a call.
public enum UpstreamOutcome: Sendable {
    /// The vendor answered, and its answer may be passed on.
    case reply(UpstreamReply)
    case failure(UpstreamFailure)
    /// The call could not be booked to another key, and it costs nothing; who books it knows why.
    case givenUp
}

/// An answer of the vendor.
public struct UpstreamReply: Sendable {
    public let status: Int
    public let contentType: [UInt8]?
    /// The value of `Retry-After`, as it came.
    public let retryAfter: [UInt8]?
    /// The value of `Content-Encoding`, of an error whose body is in a coding that cannot be undone here; else nil.
    public let contentEncoding: [UInt8]?
    public let body: [UInt8]
    /// From the request's first byte to the reply's last.
    public let duration: Duration
}
