import Authentication
import HTTPMessages
import Serving
import Upstream
import Vocabulary

/// What goes to the vendor of a request that is passed through, and how its body is taken.
struct PassageDraft: ~Copyable {
    /// What of a request's content is read into memory and looked into before the request goes out.
    enum Reading {
        case nothing
        /// All of it, or the request is refused.
        case whole
        /// All of it if it has at most `readMax` bytes and, where nothing is reserved, is an object, else nothing: what has
        /// been read goes out first, as soon as that is known.
        case short
    }

    /// What is looked into of a request's content, in bytes.
    static let readBytesMax = 1024 * 1024

    /// The spending route; nil for a request that reserves nothing.
    let route: PassthroughSettings.SpendingRoute?
    let plan: BodyPlan
    let reading: Reading
    /// The longest content that is looked into, in bytes.
    let readMax: Int
    let isJSON: Bool
    /// Whether the content has no coding.
    let isReadable: Bool
    let expectsContinue: Bool
    var content: [UInt8] = []
    var isWhole = true
    let method: HTTPMethod
    /// Empty once the request is taken.
    private var target: [UInt8]
    private var fields: [UInt8]
    /// Nil without a body.
    private let announced: AnnouncedContent
    private let hasLengthZero: Bool

    /// - Parameter loggedPath: the path as it is logged; mostly the target, which then needs no bytes of its own.
    /// - Throws: the reply to a request that is not passed on.
    init(
        _ head: borrowing RequestHead,
        _ content: AnnouncedContent,
        _ bytes: Span<UInt8>,
        team: Team,
        loggedPath: [UInt8],
        _ settings: PassthroughSettings
    ) throws(ErrorReply) {
        let route = settings.spendingRoute(head.method, bytes.extracting(head.path.indices))
        let shownKey = bytes.extracting((head.first(.apiKey) ?? ByteRange(0, 0)).indices)
        let range = ByteRange(Int(head.path.lower), Int((head.query ?? head.path).upper))
        let target = bytes.extracting(range.indices)
        guard !target.contains(shownKey) else { throw .keyInTarget }
        let contentType = head.first(.contentType).map { bytes.bytes(in: $0) } ?? []
        let isJSON = MediaType.isJSON(contentType.span)
        let readMax = min(Self.readBytesMax, settings.bodyBytesMax)
        let isReadable = head.first(.contentEncoding) == nil
        let mayNameMore = content != .none && (route != nil || MediaType.mayBeJSON(contentType))
        let mustBeRead = content != .none && team.limits.models != nil && (isJSON || route != nil)
        var isShort = true
        if case .bytes(let count) = content {
            guard count <= settings.bodyBytesMax else { throw .bodyTooLarge(settings.bodyBytesMax) }
            isShort = count <= readMax
        }
        let reading: Reading
        if isReadable, mayNameMore, isShort {
            reading = mustBeRead ? .whole : .short
        } else if mustBeRead {
            throw .contentNotReadable(team, limit: readMax)
        } else if content != .none, route != nil, isShort || !head.expectsContinue {
            // A slow client reserves nothing: docs/faults.md §2. A long body that waits for a 100 is the vendor's to judge.
            reading = .short
        } else {
            reading = .nothing
        }
        method = head.method
        announced = content
        hasLengthZero = head.framing == .length(0)
        self.route = route
        self.target = loggedPath.span.hasBytes(of: target) ? loggedPath : bytes.bytes(in: range)
        fields = Self.fields(of: head, bytes, hiding: shownKey)
        (self.isJSON, self.isReadable, self.readMax, self.reading) = (isJSON, isReadable, readMax, reading)
        expectsContinue = head.expectsContinue && reading == .nothing
        plan =
            switch reading {
            case .whole: BodyPlan(.buffered, limit: readMax, timesPieces: true)
            case .short: BodyPlan(.streamed, limit: settings.bodyBytesMax, timesPieces: true)
            case .nothing: BodyPlan(.streamed, limit: settings.bodyBytesMax, timesPieces: true, holdsContinue: true)
            }
    }

    /// What goes out. It is sent once, so target, fields and content are given away.
    mutating func takeRequest() -> PassageRequest {
        let framing = self.framing
        return PassageRequest(
            method: method,
            target: Self.take(&target),
            fields: Self.take(&fields),
            framing: framing,
            content: Self.take(&content),
            isWhole: isWhole,
            expectsContinue: expectsContinue && !isWhole
        )
    }

    private static func take(_ bytes: inout [UInt8]) -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        return taken
    }

    private var framing: PassageRequest.Framing {
        switch announced {
        case .none: hasLengthZero ? .length(0) : .none
        case .bytes(let count): .length(Int64(count))
        case .chunked: isWhole ? .length(Int64(content.count)) : .chunked
        }
    }

    // MARK: Fields

    /// The field lines that are passed on, with Via. A value with the team's key in it is not: the key must not leave,
    /// wherever the client put it.
    private static func fields(of head: borrowing RequestHead, _ bytes: Span<UInt8>, hiding key: Span<UInt8>) -> [UInt8]
    {
        PassedFields.lines(of: .request, head.version, head.fields, in: bytes) { _, value in
            !value.contains(key)
        }
    }
}
