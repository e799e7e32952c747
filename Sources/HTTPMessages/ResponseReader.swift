/// Reads one response with its content out of the bytes of a connection: decisions only, no socket.
///
/// Content is kept in memory, up to a bound, or taken in pieces by `takeContent`; interim responses are skipped
/// (RFC 9110 §15.2). Confined to its connection; an object, since it is handed on whole.
public final class ResponseReader {
    public enum Progress: Equatable, Sendable { case needMore, complete, refused(String) }

    private enum Phase { case head, body, done }

    /// A server that sends more interim responses than these is broken.
    private static let interimMax = 10

    private var parser = ResponseParser()
    private var decoder = ChunkedDecoder()
    private var phase = Phase.head
    private var interimCount = 0
    private let requestMethod: HTTPMethod
    private let bodyBytesMax: Int
    private let limitName: StaticString
    private let keepsHead: Bool
    /// How much content has come, taken or not.
    private var contentByteCount = 0
    /// The content that was not taken.
    public private(set) var body: [UInt8] = []
    /// The header section as it came, if it is kept: the ranges of `head` lie in it.
    public private(set) var headBytes: [UInt8] = []
    public private(set) var contentType: [UInt8]?
    public private(set) var retryAfter: [UInt8]?
    /// Of a redirect (3xx).
    public private(set) var location: [UInt8]?
    /// All field lines of that name, joined by commas (RFC 9110 §5.2).
    public private(set) var contentEncoding: [UInt8]?
    /// Whether a byte of a response has come.
    public private(set) var hasBegun = false

    /// - Parameters:
    ///   - method: of the request, which decides whether there is content (RFC 9112 §6.3).
    ///   - limitName: what `bodyBytesMax` is called in the settings.
    public init(to method: HTTPMethod, bodyBytesMax: Int, limitName: StaticString) {
        requestMethod = method
        self.bodyBytesMax = bodyBytesMax
        self.limitName = limitName
        keepsHead = false
        parser.reset(requestMethod: method)
    }

    /// A reader of a response that is passed on as it comes: the header section is kept, and the content, of any
    /// length, is taken in pieces.
    public init(passingOnTo method: HTTPMethod) {
        requestMethod = method
        bodyBytesMax = .max
        limitName = "any limit"
        keepsHead = true
        parser.reset(requestMethod: method)
    }

    /// Whether the head of the final response is complete.
    public var hasHead: Bool { phase != .head }

    /// Whether an interim response asks for the request's content (100, RFC 9110 §15.2.1).
    public private(set) var asksForContent = false

    /// The head; complete if `hasHead`.
    public var head: ResponseHead { parser.head }

    /// The content since the last call.
    public func takeContent() -> [UInt8] {
        defer { body = [] }
        return body
    }

    public var status: Int { parser.head.status }

    /// How long the sender keeps the connection open without a request, if its Keep-Alive fields say so.
    public private(set) var keepAliveSeconds: Int64?

    /// Content was announced where none can be (204, 304): it may come yet, and be taken for the next response.
    private var announcesImpossibleContent = false

    /// Whether the connection can carry another response after this one.
    public var allowsReuse: Bool {
        phase == .done && parser.head.keepsAlive && parser.head.framing != .untilClose && !announcesImpossibleContent
    }

    /// Reads on. `consumed` tells how many bytes from the front are no longer needed.
    public func read(_ bytes: Span<UInt8>, consumed: inout Int) -> Progress {
        if !bytes.isEmpty { hasBegun = true }
        while true {
            switch phase {
            case .head:
                switch readHead(bytes, &consumed) {
                case .complete: continue
                case let other: return other
                }
            case .body: return readBody(bytes, &consumed)
            case .done: return .complete
            }
        }
    }

    /// The connection has ended in order. A body until the end is complete now; anything else is broken off.
    public func end() -> Progress {
        if phase == .body, parser.head.framing == .untilClose {
            phase = .done
            return .complete
        }
        return .refused("the connection ended within the response")
    }

    private func readHead(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        let rest = bytes.extracting(consumed..<bytes.count)
        switch parser.parse(rest) {
        case .incomplete: return .needMore
        case .refused(let refusal): return .refused(refusal.message)
        case .complete: break
        }
        let head = parser.head
        if head.status == 101 { return .refused("the server switched protocols") }
        if head.status < 200 {
            interimCount += 1
            if head.status == 100 { asksForContent = true }
            guard interimCount <= Self.interimMax else { return .refused("too many interim responses") }
            consumed += head.byteCount
            parser.reset(requestMethod: requestMethod)
            return .complete
        }
        contentType = head.first(.contentType).map { Self.copy($0, of: rest) }
        retryAfter = head.first(.retryAfter).map { Self.copy($0, of: rest) }
        for field in head.fields where field.known == .keepAlive {
            let seconds = unsafe rest.withUnsafeBufferPointer {
                unsafe KeepAliveField.timeoutSeconds($0[field.value.indices])
            }
            keepAliveSeconds = [keepAliveSeconds, seconds].compactMap(\.self).min()
        }
        if (300..<400).contains(head.status) { location = value(of: "location", head, rest) }
        for field in head.fields where field.known == .contentEncoding {
            let line = field.value.indices.map { rest[$0] }
            contentEncoding = contentEncoding.map { $0 + [UInt8(ascii: ",")] + line } ?? line
        }
        if head.framing == .none {
            let length = head.first(.contentLength).map { range in range.indices.map { rest[$0] } } ?? []
            announcesImpossibleContent =
                head.first(.transferEncoding) != nil || length.contains { $0 != UInt8(ascii: "0") }
        }
        if keepsHead {
            headBytes = unsafe rest.extracting(0..<head.byteCount).withUnsafeBufferPointer { unsafe Array($0) }
        }
        consumed += head.byteCount
        return beginBody(head)
    }

    /// The value of a field that is no `KnownField`: its name is compared with each line's.
    private func value(of name: StaticString, _ head: ResponseHead, _ bytes: Span<UInt8>) -> [UInt8]? {
        for field in head.fields where TokenList.equals(bytes.extracting(field.name.indices), name) {
            return field.value.indices.map { bytes[$0] }
        }
        return nil
    }

    private static func copy(_ range: ByteRange, of bytes: Span<UInt8>) -> [UInt8] {
        unsafe bytes.extracting(range.indices).withUnsafeBufferPointer { unsafe Array($0) }
    }

    private func beginBody(_ head: ResponseHead) -> Progress {
        phase = .body
        switch head.framing {
        case .none, .length(0): phase = .done
        case .length(let length):
            guard length <= Int64(bodyBytesMax) else { return tooLong }
        case .chunked, .untilClose: break
        }
        return .complete
    }

    private func readBody(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        switch parser.head.framing {
        case .none: preconditionFailure("a body where there is none")
        case .length(let length):
            let taken = min(bytes.count - consumed, Int(length) - contentByteCount)
            take(bytes, consumed..<(consumed + taken))
            consumed += taken
            guard contentByteCount == Int(length) else { return .needMore }
            phase = .done
            return .complete
        case .untilClose:
            take(bytes, consumed..<bytes.count)
            consumed = bytes.count
            return contentByteCount <= bodyBytesMax ? .needMore : tooLong
        case .chunked: return readChunks(bytes, &consumed)
        }
    }

    private func readChunks(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        while true {
            switch decoder.next(bytes, &consumed) {
            case .data(let range):
                take(bytes, range)
                if contentByteCount > bodyBytesMax { return tooLong }
            case .needMore:
                guard Int(decoder.announcedByteCount) <= bodyBytesMax - contentByteCount else { return tooLong }
                return .needMore
            case .end:
                phase = .done
                return .complete
            case .refused(let refusal): return .refused(refusal.message)
            }
        }
    }

    private func take(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        if body.isEmpty { body.reserveCapacity(range.count) }
        unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe body.append(contentsOf: $0) }
        contentByteCount += range.count
    }

    private var tooLong: Progress { .refused("the body is longer than \(limitName)") }
}
