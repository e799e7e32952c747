import ContentCodings
public import HTTPMessages

/// A client's request that goes to the vendor as it is, but for the key and the fields of the connection.
public struct PassageRequest: Sendable {
    /// How the content is framed.
    public enum Framing: Sendable, Equatable { case none, length(Int64), chunked }

    public let method: HTTPMethod
    /// Path and query as the client sent them.
    public let target: [UInt8]
    /// The field lines that are passed on, each with its CRLF, with Via and without the fields written here: Host,
    /// x-api-key, x-request-id, Expect and the framing.
    public let fields: [UInt8]
    public let framing: Framing
    /// The content, or its beginning, without framing.
    public let content: [UInt8]
    /// Whether `content` is all of it; the rest follows by `PassageCall.add`.
    public let isWhole: Bool
    /// Whether the client waits with its content for the vendor's word.
    public let expectsContinue: Bool

    public init(
        method: HTTPMethod,
        target: [UInt8],
        fields: [UInt8],
        framing: Framing,
        content: [UInt8],
        isWhole: Bool,
        expectsContinue: Bool
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.framing = framing
        self.content = content
        self.isWhole = isWhole
        self.expectsContinue = expectsContinue
    }
}

/// The head of a reply that is passed on.
public struct PassageReplyHead: Sendable {
    public let status: Int
    /// The field lines that are passed on, each with its CRLF, with Via and without the framing and x-request-id.
    public let fields: [UInt8]
    /// The length of the content; nil when its end is not known before it comes. For a reply to HEAD, the length that
    /// GET would get, if the vendor says so.
    public let length: Int64?
    /// Whether content may follow.
    public let hasContent: Bool
    public let hasDate: Bool
    /// Whether there is a Content-Type.
    public let hasType: Bool
    /// Whether the content is JSON by its type.
    public let isJSON: Bool
    /// The values of Content-Encoding, joined by commas.
    public let contentEncoding: [UInt8]?

    public init(
        status: Int,
        fields: [UInt8],
        length: Int64?,
        hasContent: Bool,
        hasDate: Bool,
        hasType: Bool,
        isJSON: Bool,
        contentEncoding: [UInt8]?
    ) {
        self.status = status
        self.fields = fields
        self.length = length
        self.hasContent = hasContent
        self.hasDate = hasDate
        self.hasType = hasType
        self.isJSON = isJSON
        self.contentEncoding = contentEncoding
    }

    /// The content before its codings were applied; nil if they are not known here, or do not decode to at most
    /// `bytesMax`.
    public func decoded(_ content: [UInt8], bytesMax: Int) -> [UInt8]? {
        guard let contentEncoding else { return content }
        guard let codings = ContentCoding.list(contentEncoding) else { return nil }
        return try? ContentDecoder.decode(content, codings, bytesMax: bytesMax)
    }
}

/// Takes what comes back of a request that is passed through. Confined to the client's loop.
public protocol PassageHandler: AnyObject {
    /// The head of the request is out, with a key of the account: its content may follow.
    func passageDidBegin()
    /// The vendor asks for the content of a request that expects a 100 (RFC 9110 §10.1.1).
    func passageIsAskedForContent()
    /// More content can be sent.
    func passageDidDrain()
    func passageDidReceive(_ head: PassageReplyHead)
    /// The next part of the content, without framing and without the vendor's key; never empty.
    func passageDidReceive(_ content: [UInt8])
    /// What has come so far was delivered, and the reply is not complete.
    func passageDidCatchUp()
}

/// A request that is passed through, for its caller. Confined to the client's loop.
public struct PassageCall {
    private let attempt: UpstreamAttempt

    init(_ attempt: UpstreamAttempt) { self.attempt = attempt }

    /// Sends more of the content. Only after `passageDidBegin`; does nothing after the end of the reply.
    public func add(_ content: [UInt8], isLast: Bool) { attempt.add(content, isLast: isLast) }

    /// Whether so much waits to be sent that `passageDidDrain` should be waited for.
    public var isCongested: Bool { attempt.passage?.connection.isCongested ?? false }

    /// Reads no more of the reply until `resume`: the vendor is slowed down.
    public func pause() { attempt.passage?.connection.pauseResponse() }

    public func resume() { attempt.passage?.connection.resumeResponse() }

    /// Gives the call up, which closes its connection if it has one. The outcome follows, at once or later, unless it
    /// has come already; the handler hears nothing else.
    public func abandon() {
        attempt.passageHandler = nil
        attempt.handle(.abandon)
    }
}
