import EventLoops
import Forms
import Gateway
public import JSON

/// The answer to one request.
public struct AdminReply: Sendable {
    public var status: Int
    /// Sent as JSON on one line; nil when there is none, or when `content` is sent instead.
    public var body: JSONValue?
    /// Sent unchanged.
    public var content: [UInt8]?
    /// The media type of the content.
    public var contentType: String
    /// The path of the created resource (RFC 9110 §10.2.2).
    public var location: String?
    /// Seconds for `Retry-After` (RFC 9110 §10.2.3).
    public var retryAfterSeconds: Int?
    /// The methods of the resource (RFC 9110 §10.2.1).
    public var allow: String?
    /// What a browser may do with the content.
    var use = Use.answer
    /// Sent piece by piece in place of the content.
    var download: LoopBound<AdminDownload>?
    /// In answer to HEAD: what GET would send has a length that is not known.
    var lengthIsUnknown = false

    /// What a browser may do with a reply's content.
    enum Use: Sendable {
        /// An answer of the API: kept nowhere.
        case answer
        /// The dashboard: kept nowhere, and confined by a policy.
        case page
        /// A file of the dashboard, whose path names its content: kept for good.
        case asset
    }

    public init(
        status: Int,
        body: JSONValue? = nil,
        content: [UInt8]? = nil,
        contentType: String = "application/json",
        location: String? = nil,
        retryAfterSeconds: Int? = nil,
        allow: String? = nil
    ) {
        self.status = status
        self.body = body
        self.content = content
        self.contentType = contentType
        self.location = location
        self.retryAfterSeconds = retryAfterSeconds
        self.allow = allow
    }

    public init(_ fault: AdminFault) {
        self.init(
            status: fault.status,
            content: ErrorReply.body(code: fault.code, message: fault.message),
            retryAfterSeconds: fault.retryAfterSeconds,
            allow: fault.allow
        )
    }

    public static func ok(_ body: JSONValue) -> AdminReply { AdminReply(status: 200, body: body) }

    /// - Parameter location: the path of the created resource.
    public static func created(_ body: JSONValue, location: String) -> AdminReply {
        AdminReply(status: 201, body: body, location: location)
    }

    public static let noContent = AdminReply(status: 204)

    /// A 200 whose content is not JSON: CSV, a page, metrics.
    public static func ok(_ content: [UInt8], contentType: String) -> AdminReply {
        AdminReply(status: 200, content: content, contentType: contentType)
    }

    /// The bytes after the head; always empty for a 204.
    var sentContent: [UInt8] {
        if status == 204 { return [] }
        return content ?? body.map { $0.text + [0x0A] } ?? []
    }
}
