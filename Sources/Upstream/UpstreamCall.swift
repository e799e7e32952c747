import HTTPMessages
public import Observability
public import UpstreamKeys
public import Vocabulary

/// One request on its way to the vendor. Immutable.
public final class UpstreamCall: Sendable {
    public let content: UpstreamContent
    /// The path of a question; a request that is passed through has its own.
    let path: String
    /// Goes upstream as `x-request-id`.
    public let requestID: RequestID
    /// Go upstream too; nil for a request of no trace.
    public let trace: TraceFields?
    /// The team that asks, and the vendor account it asks under.
    public let team: TeamID
    public let account: AccountID
    /// A UUID in lower case; tells repeated refusals of one document from refusals of several documents. Empty for a
    /// request that is passed through: a refusal may concern its path, and such requests must not bring a key down.
    public let documentID: String
    /// The key that the call is booked to.
    public let key: UpstreamKeyID

    /// A classify request.
    ///
    /// - Parameters:
    ///   - body: in canonical form.
    ///   - classifier: the saved classifier that is asked, without a character that needs encoding; nil for a request
    ///     with a schema of its own.
    public init(
        body: [UInt8],
        classifier: String? = nil,
        requestID: RequestID,
        trace: TraceFields? = nil,
        team: TeamID,
        account: AccountID,
        documentID: String,
        key: UpstreamKeyID
    ) {
        content = .whole(body)
        path = classifier.map { "/v1/classifiers/\($0)/classify" } ?? "/v1/classify"
        self.requestID = requestID
        self.trace = trace
        self.team = team
        self.account = account
        self.documentID = documentID
        self.key = key
    }

    /// A request that is passed through.
    public init(
        passing request: PassageRequest,
        requestID: RequestID,
        trace: TraceFields? = nil,
        team: TeamID,
        account: AccountID,
        key: UpstreamKeyID
    ) {
        content = .passed(request)
        path = ""
        self.requestID = requestID
        self.trace = trace
        self.team = team
        self.account = account
        documentID = ""
        self.key = key
    }

    /// Writes the fields by which logs and traces find it.
    func writeIDs(into head: inout HeadWriter) {
        head.begin("x-request-id")
        head.append { requestID.write(to: &$0) }
        head.endField()
        trace?.write(into: &head)
    }

    /// Whether it may be sent again after the vendor said that it did not take it.
    var mayTry: Bool {
        switch content {
        case .whole: true
        case .passed: false
        }
    }
}

/// The fields by which the vendor can tell which trace a request belongs to: W3C Trace Context §3.
public struct TraceFields: Sendable, Equatable {
    /// The value of `traceparent`.
    public let parent: [UInt8]
    /// The value of `tracestate`; nil for none.
    public let state: [UInt8]?

    public init(parent: [UInt8], state: [UInt8]?) { (self.parent, self.state) = (parent, state) }

    func write(into head: inout HeadWriter) {
        head.field("traceparent", parent)
        if let state { head.field("tracestate", state) }
    }
}

/// The content of a call; decides whether the call may be retried after the vendor said that it did not take it.
public enum UpstreamContent: Sendable {
    /// A classify request, whose whole body is in memory: it may.
    case whole([UInt8])
    /// A client's own request: it may not, since what it does is not known here, and its reply is passed on as it
    /// comes.
    case passed(PassageRequest)
}

/// Books a call to another key, durably, and reports when that is done; nothing is sent with that key until then.
public typealias UpstreamKeyMove = (UpstreamKeyID, @escaping (UpstreamKeyMoved) -> Void) -> Void

/// The outcome of booking a call to another key.
public enum UpstreamKeyMoved: Sendable {
    case done
    /// That key's month has no room left; another one is tried.
    case noRoom
    /// The booking failed, and the call is given up.
    case failed
}

/// The outcome of a call.
public enum UpstreamOutcome: Sendable {
    /// The vendor's answer, which may be passed on.
    case reply(UpstreamReply)
    /// The vendor's answer to a classify request, which is not passed on, as the failure says; but it may say what it
    /// cost. This and `failure` are apart from the others, which are copied on their way in less room then.
    indirect case unusable(UpstreamReply, UpstreamFailure)
    indirect case failure(UpstreamFailure)
    /// The call could not be booked to another key and costs nothing; the caller, whose move failed, knows why.
    case givenUp
    /// The caller gave the call up; `wasSent` says whether the vendor may have taken it.
    case abandoned(wasSent: Bool)
}

/// An answer from the vendor. Immutable.
public final class UpstreamReply: Sendable {
    public let status: Int
    public let contentType: [UInt8]?
    /// The value of `Retry-After` as received.
    public let retryAfter: [UInt8]?
    /// The value of `Content-Encoding` of an error whose body is in a coding that is not supported here; else nil.
    public let contentEncoding: [UInt8]?
    public let body: [UInt8]
    /// From the request's first byte to the reply's last.
    public let duration: Duration
    /// How long the call waited for its turn before that.
    public let queued: Duration

    init(
        status: Int,
        contentType: [UInt8]?,
        retryAfter: [UInt8]?,
        contentEncoding: [UInt8]?,
        body: [UInt8],
        duration: Duration,
        queued: Duration
    ) {
        self.status = status
        self.contentType = contentType
        self.retryAfter = retryAfter
        self.contentEncoding = contentEncoding
        self.body = body
        self.duration = duration
        self.queued = queued
    }
}
