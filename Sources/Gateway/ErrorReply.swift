import Authentication
import Caching
import HTTPMessages
import JSON
import Keying
import Observability
import Serving
import UpstreamKeys
public import Vocabulary

/// An error that the gateway itself replies with: `docs/api.md` §3.
public struct ErrorReply: Error {
    var status: Int
    var code: ErrorCode
    /// Names the member or limit and says what to do; never quotes what the client sent.
    var message: String
    /// Seconds for `Retry-After` (RFC 9110 §10.2.3).
    var retryAfterSeconds: Int?
    /// The methods of the resource, for a 405 (RFC 9110 §15.5.6).
    var allow: StaticString?

    init(_ status: Int, _ code: ErrorCode, _ message: String, retryAfterSeconds: Int? = nil, allow: StaticString? = nil)
    {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
        self.allow = allow
    }

    /// The content of the reply.
    var body: [UInt8] { Self.body(code: code, message: message) }

    /// `{"success": false, "error": CODE, "message": TEXT}`, the vendor's own format, which all servers of this program
    /// use for errors.
    public static func body(code: ErrorCode, message: String) -> [UInt8] {
        var body = ByteWriter(capacity: 256)
        body.append("{\"success\": false, \"error\": \"")
        body.append(code.rawValue)
        body.append("\", \"message\": \"")
        JSONText.appendEscaped(Array(message.utf8).span, to: &body)
        body.append("\"}\n")
        return body.bytes
    }
}

extension ErrorReply {
    /// - Parameter mayBeSent: whether the vendor may have been asked already.
    init(_ fault: RequestFault, mayBeSent: Bool = false) {
        switch fault {
        case .head(let refusal): self.init(refusal.status, refusal.code, refusal.message)
        case .headTimeout: self = .headTimeout
        case .bodyTimeout: self = .bodyTimeout
        case .bodyTooLarge(let limit): self = .bodyTooLarge(limit)
        case .contentNotTaken: self = .contentNotTaken
        case .badChunk(let refusal): self.init(400, .badRequest, refusal.message)
        case .noRoom: self = .outOfMemory
        case .draining: self = mayBeSent ? .cut : .draining
        }
    }

    init(_ fault: KeyingFault) { self.init(400, fault.code, fault.message) }

    /// One answer for a missing, unknown, expired or revoked key, so that it does not reveal which.
    static let invalidKey = ErrorReply(
        403,
        .invalidAPIKey,
        "The x-api-key field is missing or holds no valid key; use the key that your gateway's operator gave your team."
    )

    static let pathNotPlain = ErrorReply(
        400,
        .badRequest,
        "The path has empty or dot segments or encoded separators; send the path as the documentation writes it."
    )

    static let notFound = ErrorReply(
        404,
        .notFound,
        "There is no such path here; POST /v1/classify is served, and what passthrough.prefixes of the gateway's "
            + "configuration names is passed through unless passthrough.enabled is false."
    )

    static func methodNotAllowed(_ allow: StaticString) -> ErrorReply {
        ErrorReply(405, .methodNotAllowed, "This path answers \(allow) only.", allow: allow)
    }

    static let queryNotAllowed = ErrorReply(
        400,
        .invalidRequest,
        "POST /v1/classify takes no query string; put every parameter into the JSON body."
    )

    static let queryNotAllowedOnUsage = ErrorReply(
        400,
        .invalidRequest,
        "GET /tollgate/usage takes no query string; it tells of the team whose key is sent."
    )

    static let contentCoded = ErrorReply(
        415,
        .unsupportedMediaType,
        "The body has a Content-Encoding; send it uncompressed, without that field."
    )

    static func bodyTooLarge(_ limit: Int) -> ErrorReply {
        ErrorReply(413, .bodyTooLarge, "The body is longer than max_body_bytes, which is \(limit) bytes; send less.")
    }

    static let contentNotTaken = ErrorReply(
        413,
        .bodyTooLarge,
        "This path takes no content; send the request without."
    )

    static let headTimeout = ErrorReply(
        408,
        .requestTimeout,
        "The request's head was not complete within header_timeout; send it without pauses."
    )

    static let bodyTimeout = ErrorReply(
        408,
        .requestTimeout,
        "The request's body did not come on within body_timeout; send it without pauses."
    )

    static let keyInTarget = ErrorReply(
        400,
        .badRequest,
        "The request target has the team's key in it, which the vendor must not see; send it in x-api-key only."
    )

    static func jsonNotReadable(_ team: Team) -> ErrorReply {
        ErrorReply(
            400,
            .invalidJSON,
            "Team \(team.id) may use certain models only, and the body is no JSON in which query_model can be read; "
                + "send one JSON object without duplicate names, with query_model as a string or without it."
        )
    }

    static func contentNotReadable(_ team: Team, limit: Int) -> ErrorReply {
        ErrorReply(
            413,
            .bodyTooLarge,
            "Team \(team.id) may use certain models only, so this body is read before it is passed on; send at most "
                + "\(limit) bytes, without a Content-Encoding."
        )
    }

    static let tooManyDocuments = ErrorReply(
        400,
        .invalidRequest,
        "The request names more than \(PassageSubject.changedMax) documents (document_id), which is too many to drop the "
            + "results of at once; send several requests."
    )

    static let notCached = ErrorReply(
        504,
        .notCached,
        "No stored result answers this request, and only-if-cached forbids asking the vendor."
    )

    static func storeUnavailable(_ fault: StoreFault) -> ErrorReply {
        let what = "The gateway's store of results does not work (\(fault.code.rawValue)): \(fault.code.meaning). "
        let message =
            fault.code == .clockWrong
            ? what + "This node is not ready until that is mended."
            : what + "What is in memory is still served, and nothing new is asked of the vendor. Try again later."
        return ErrorReply(503, .storeUnavailable, message, retryAfterSeconds: 1)
    }

    /// On a node of several that is cut off from their store.
    static let storeStale = ErrorReply(
        503,
        .storeUnavailable,
        "This gateway has not reached its store for as long as store.stale_for allows, so it does not know which keys and "
            + "results are still valid. Try again later.",
        retryAfterSeconds: 1
    )

    static let tooManyWaiting = ErrorReply(
        503,
        .overloaded,
        "Too many requests wait for results already; try again later.",
        retryAfterSeconds: 1
    )

    static let outOfMemory = ErrorReply(
        503,
        .overloaded,
        "The requests under way take all the memory that is set aside for them; try again later.",
        retryAfterSeconds: 1
    )

    static let tooManyConnections = ErrorReply(
        503,
        .overloaded,
        "The gateway holds max_connections connections; try again later.",
        retryAfterSeconds: 1
    )

    static func rateLimited(_ team: Team, wait: Duration) -> ErrorReply {
        ErrorReply(
            429,
            .rateLimited,
            "Team \(team.id) has sent more than its requests_per_second; send less at a time or wait as Retry-After says.",
            retryAfterSeconds: max(1, Int((wait.wholeNanoseconds + 999_999_999) / 1_000_000_000))
        )
    }

    static func tooManyAtOnce(_ team: Team) -> ErrorReply {
        ErrorReply(
            429,
            .rateLimited,
            "Team \(team.id) has max_concurrency requests waiting for answers; let some of them end first.",
            retryAfterSeconds: 1
        )
    }

    static func modelNotAllowed(_ team: Team) -> ErrorReply {
        let models = (team.limits.models ?? []).sorted().joined(separator: ", ")
        return ErrorReply(
            403,
            .modelNotAllowed,
            "query_model names a model that team \(team.id) may not use; "
                + (models.isEmpty ? "its models is empty, so that it may use none." : "use one of these: \(models).")
        )
    }

    static let draining = ErrorReply(.draining(charged: .no))

    /// For a request that a drain has cut off.
    static let cut = ErrorReply(.draining(charged: .unknown))
}

extension ErrorReply {
    /// The reply for a failed call to the vendor: `docs/api.md` §3.
    init(_ failure: UpstreamFailure) {
        self.init(
            failure.status,
            failure.code.errorCode,
            failure.clientMessage,
            retryAfterSeconds: failure.retryAfterSeconds
        )
    }
}
