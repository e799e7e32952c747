/// Reads the responses of a connection, one after the other, with their content: decisions only, no socket.
///
/// Content is kept in memory, up to a bound, or taken in pieces by `takeContent`; interim responses are skipped
/// (RFC 9110 §15.2). Confined to its connection; an object, since it is handed on whole. What is read of a response is
/// there until the next one is begun (`reset`), which keeps the memory.
public final class ResponseReader {
    public enum Progress: Equatable, Sendable { case needMore, complete, refused(String) }

    private enum Phase { case head, body, done }

    /// A server that sends more interim responses than these is broken.
    private static let interimMax = 10
    /// Memory for a longer header section is not kept for the next response, in bytes.
    private static let keptHeadBytesMax = 4 * 1024

    private var parser = ResponseParser()
    private var decoder = ChunkedDecoder()
    private var phase = Phase.head
    private var interimCount = 0
    private var requestMethod: HTTPMethod
    private var bodyBytesMax: Int
    private var limitName: StaticString
    /// How much content has come, taken or not.
    private var contentByteCount = 0
    /// The content that was not taken.
    public private(set) var body: [UInt8] = []
    /// The header section as it came, once it is complete: the ranges of `head` lie in it.
    public private(set) var headBytes: [UInt8] = []
    /// Whether a byte of a response has come.
    public private(set) var hasBegun = false

    /// - Parameters:
    ///   - method: of the request, which decides whether there is content (RFC 9112 §6.3).
    ///   - limitName: what `bodyBytesMax` is called in the settings.
    public init(to method: HTTPMethod, bodyBytesMax: Int, limitName: StaticString) {
        requestMethod = method
        self.bodyBytesMax = bodyBytesMax
        self.limitName = limitName
        parser.reset(requestMethod: method)
    }

    /// A reader of a response that is passed on as it comes: the content, of any length, is taken in pieces.
    public convenience init(passingOnTo method: HTTPMethod) {
        self.init(to: method, bodyBytesMax: .max, limitName: "any limit")
    }

    /// For the next response; what was read of the last one is gone.
    public func reset(to method: HTTPMethod, bodyBytesMax: Int, limitName: StaticString) {
        requestMethod = method
        self.bodyBytesMax = bodyBytesMax
        self.limitName = limitName
        phase = .head
        parser.reset(requestMethod: method)
        decoder = ChunkedDecoder()
        interimCount = 0
        contentByteCount = 0
        if !body.isEmpty { body = [] }
        if headBytes.capacity > Self.keptHeadBytesMax {
            headBytes = []
        } else {
            headBytes.removeAll(keepingCapacity: true)
        }
        hasBegun = false
        asksForContent = false
        announcesImpossibleContent = false
    }

    /// Like `reset(to:bodyBytesMax:limitName:)`, for a response that is passed on.
    public func reset(passingOnTo method: HTTPMethod) {
        reset(to: method, bodyBytesMax: .max, limitName: "any limit")
    }

    /// Whether the head of the final response is complete.
    public var hasHead: Bool { phase != .head }

    /// Whether the response has come whole.
    public var isComplete: Bool { phase == .done }

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

    /// Lends the head, which must be complete, and the bytes that its ranges lie in.
    public func withHead<Result>(_ body: (borrowing ResponseHead, Span<UInt8>) -> Result) -> Result {
        let bytes = headBytes
        return body(parser.head, bytes.span)
    }

    // MARK: Fields of the complete head

    public var contentType: [UInt8]? { value(of: .contentType) }

    public var retryAfter: [UInt8]? { value(of: .retryAfter) }

    /// All field lines of that name, joined by commas (RFC 9110 §5.2).
    public var contentEncoding: [UInt8]? {
        var joined: [UInt8]?
        if hasHead {
            for field in parser.head.fields where field.known == .contentEncoding {
                let line = headBytes[field.value.indices]
                joined = joined.map { $0 + [UInt8(ascii: ",")] + line } ?? Array(line)
            }
        }
        return joined
    }

    /// Of a redirect (3xx).
    public var location: [UInt8]? {
        guard hasHead, (300..<400).contains(status) else { return nil }
        let bytes = headBytes
        // It is no `KnownField`: its name is compared with each line's.
        for field in parser.head.fields where TokenList.equals(bytes.span.extracting(field.name.indices), "location") {
            return Array(bytes[field.value.indices])
        }
        return nil
    }

    /// How long the sender keeps the connection open without a request, if its Keep-Alive fields say so.
    public var keepAliveSeconds: Int64? {
        var least: Int64?
        if hasHead {
            for field in parser.head.fields where field.known == .keepAlive {
                let seconds = unsafe headBytes.withUnsafeBufferPointer {
                    unsafe KeepAliveField.timeoutSeconds($0[field.value.indices])
                }
                least = [least, seconds].compactMap(\.self).min()
            }
        }
        return least
    }

    private func value(of known: KnownField) -> [UInt8]? {
        guard hasHead, let range = parser.head.first(known) else { return nil }
        return Array(headBytes[range.indices])
    }

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
        let (status, byteCount) = (parser.head.status, parser.head.byteCount)
        if status == 101 { return .refused("the server switched protocols") }
        if status < 200 {
            interimCount += 1
            if status == 100 { asksForContent = true }
            guard interimCount <= Self.interimMax else { return .refused("too many interim responses") }
            consumed += byteCount
            parser.reset(requestMethod: requestMethod)
            return .complete
        }
        if parser.head.framing == .none {
            let length = parser.head.first(.contentLength).map { range in range.indices.map { rest[$0] } } ?? []
            announcesImpossibleContent =
                parser.head.first(.transferEncoding) != nil || length.contains { $0 != UInt8(ascii: "0") }
        }
        unsafe rest.extracting(0..<byteCount).withUnsafeBufferPointer { unsafe headBytes.append(contentsOf: $0) }
        consumed += byteCount
        return beginBody()
    }

    private func beginBody() -> Progress {
        phase = .body
        switch parser.head.framing {
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
        unsafe bytes.extracting(range).withUnsafeBufferPointer { piece in
            if body.isEmpty { body = unsafe Array(piece) } else { unsafe body.append(contentsOf: piece) }
        }
        contentByteCount += range.count
    }

    private var tooLong: Progress { .refused("the body is longer than \(limitName)") }
}
