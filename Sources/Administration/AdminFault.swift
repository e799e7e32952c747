import Caching
public import Forms
import HTTPMessages
public import JSON
import Registry
import Serving
import Transport
public import Vocabulary

/// Why a request to the admin side is not served: `docs/api.md` §3 and §6.
public struct AdminFault: Error, Sendable, Equatable {
    public let status: Int
    public let code: ErrorCode
    /// Names the member or limit and says what to do; holds no secret.
    public let message: String
    /// Seconds for `Retry-After` (RFC 9110 §10.2.3).
    public let retryAfterSeconds: Int?
    /// The methods of the resource, for a 405 (RFC 9110 §15.5.6).
    public let allow: String?

    public init(
        _ status: Int,
        _ code: ErrorCode,
        _ message: String,
        retryAfterSeconds: Int? = nil,
        allow: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
        self.allow = allow
    }
}

/// Who may do what, and where.
extension AdminFault {
    /// One answer for a token that is missing, malformed, unknown or a team's: the client must not learn which.
    public static let unauthorized = AdminFault(
        401,
        .unauthorized,
        "The Authorization field is missing or holds no valid admin token; send: Authorization: Bearer TOKEN."
    )

    /// The longest name of a host that a message holds; a longer one is cut.
    private static let hostShownMax = 100

    /// RFC 9110 §15.5.20.
    ///
    /// - Parameters:
    ///   - host: the value of `Host`, as the parser took it: visible ASCII without quotation marks.
    ///   - own: where the listener is bound.
    static func misdirected(_ host: String, own: SocketAddress) -> AdminFault {
        let shown = host.utf8.count > hostShownMax ? host.prefix(hostShownMax) + "…" : host[...]
        return AdminFault(
            421,
            .misdirectedRequest,
            "The admin side is not known by the name in Host, \(shown). Add that name to admin.hosts in the configuration "
                + "if it is yours, or use \(own) or localhost."
        )
    }

    /// The request would change something, and `Sec-Fetch-Site` says that another site's page made it.
    static let foreignChange = AdminFault(
        403,
        .forbidden,
        "A page of another site sent this (Sec-Fetch-Site: cross-site); changes are taken from the admin side's own page "
            + "and from programs that are no browsers."
    )

    public static func forbidden(needs role: AdminRole) -> AdminFault {
        AdminFault(403, .forbidden, "This needs the role \(role.name); ask for a token that has it.")
    }

    /// - Parameter what: for instance `team sales`.
    public static func notFound(_ what: String) -> AdminFault {
        AdminFault(404, .notFound, "There is no \(what) here; the list of them says which there are.")
    }

    public static let noSuchPath = AdminFault(
        404,
        .notFound,
        "There is no such path here; the paths of the API begin with /admin/v1/, like /admin/v1/teams."
    )

    public static func methodNotAllowed(allow: String) -> AdminFault {
        AdminFault(405, .methodNotAllowed, "This path answers \(allow) only.", allow: allow)
    }
}

/// What is wrong with a request.
extension AdminFault {
    /// The maximum number of faults named in one message.
    private static let faultsNamedMax = 50

    init(_ fault: RequestFault) {
        switch fault {
        case .head(let refusal): self.init(refusal.status, refusal.code, refusal.message)
        case .headTimeout: self = .headTimeout
        case .bodyTimeout: self = .bodyTimeout
        case .bodyTooLarge(let limit): self = .bodyTooLarge(limit)
        case .contentNotTaken: self = .bodyTooLarge(0)
        case .badChunk(let refusal): self = .badRequest(refusal.message)
        case .noRoom: self = .overloaded
        case .draining: self = .draining
        }
    }

    static func badRequest(_ message: String) -> AdminFault { AdminFault(400, .badRequest, message) }

    static let pathNotPlain = badRequest(
        "The path has empty or dot segments or encoded separators; send the path as the documentation writes it."
    )

    static let queryMalformed = badRequest(
        "The query has a % without two hexadecimal digits or is no UTF-8; percent-encode its names and values."
    )

    static let idempotencyKeyMalformed = badRequest(
        "Idempotency-Key must be one field of 1 to 128 visible ASCII characters."
    )

    static func bodyTooLarge(_ limit: Int) -> AdminFault {
        AdminFault(413, .bodyTooLarge, "The body is longer than \(limit) bytes, the most that this path takes.")
    }

    static let headTimeout = AdminFault(
        408,
        .requestTimeout,
        "The request's head was not complete in time; send it without pauses."
    )

    static let bodyTimeout = AdminFault(
        408,
        .requestTimeout,
        "The request's body did not come on in time; send it without pauses."
    )

    public static func invalidJSON(_ fault: JSONFault) -> AdminFault {
        AdminFault(400, .invalidJSON, "The body is not valid JSON: \(fault).")
    }

    /// - Parameters:
    ///   - faults: at least one.
    ///   - others: the number of faults that were counted but not kept.
    public static func unprocessable(_ faults: [FormFault], beside others: Int = 0) -> AdminFault {
        var texts = faults.prefix(faultsNamedMax).map(\.description)
        let rest = faults.count - texts.count + others
        if rest > 0 { texts.append("and \(rest) more") }
        return AdminFault(422, .invalidRequest, texts.joined(separator: "; "))
    }

    /// - Parameter path: of the member or the query's parameter.
    public static func unprocessable(_ path: String, _ message: String) -> AdminFault {
        unprocessable([FormFault(path: path, message: message)])
    }

    /// - Parameter message: what prevents the change, and what to do.
    public static func conflict(_ message: String) -> AdminFault { AdminFault(409, .conflict, message) }
}

/// Faults that pass by themselves.
extension AdminFault {
    public static func storeUnavailable(_ fault: StoreFault) -> AdminFault {
        let message =
            "The gateway's store does not work (\(fault.code.rawValue)): \(fault.code.meaning). Try again later."
        return AdminFault(503, .storeUnavailable, message, retryAfterSeconds: 1)
    }

    public static let overloaded = AdminFault(
        503,
        .overloaded,
        "The admin side has more to do than it takes on; try again later.",
        retryAfterSeconds: 1
    )

    /// Each purge that is not finished costs every look-up in the store.
    public static let tooManyPurges = AdminFault(
        503,
        .overloaded,
        "\(PurgeLimits.underWay) purges are under way; /status says how far they are. Try again when some are finished.",
        retryAfterSeconds: 10
    )

    public static let draining = AdminFault(
        503,
        .draining,
        "The gateway is shutting down; try again in a moment.",
        retryAfterSeconds: 1
    )
}

extension AdminFault {
    /// Maps the registry's refusal to the answer of the API.
    init(_ refusal: RegistryRefusal) {
        switch refusal {
        case .notFound(let what): self = .notFound(what)
        case .conflict(let message): self = .conflict(message)
        case .unprocessable(let path, let message): self = .unprocessable(path, message)
        }
    }

    /// Runs a decision of the registry.
    static func deciding<Value>(_ decide: () throws(RegistryRefusal) -> Value) throws(AdminFault) -> Value {
        do throws(RegistryRefusal) { return try decide() } catch { throw AdminFault(error) }
    }
}
