import HTTPMessages

/// Reads one response of the vendor out of the bytes of a connection: decisions only, no socket.
struct ReplyReader {
    enum Progress: Equatable { case needMore, complete, refused(String) }

    private enum Phase { case head, body, done }

    /// RFC 9110 §15.2: interim responses are skipped; a vendor that sends more than these is broken.
    private static let interimMax = 10

    private var parser = ResponseParser()
    private var decoder = ChunkedDecoder()
    private var phase = Phase.head
    private var interimCount = 0
    private let bodyBytesMax: Int
    private(set) var body: [UInt8] = []
    private(set) var contentType: [UInt8]?
    private(set) var retryAfter: [UInt8]?
    /// Whether a byte of a response has come.
    private(set) var hasBegun = false

    init(bodyBytesMax: Int) {
        self.bodyBytesMax = bodyBytesMax
        parser.reset(requestMethod: .post)
    }

    var status: Int { parser.head.status }

    /// Content was announced where none can be (204, 304): it may come yet, and be taken for the next response.
    private var announcesImpossibleContent = false

    /// Whether the connection can carry another response after this one.
    var allowsReuse: Bool {
        phase == .done && parser.head.keepsAlive && parser.head.framing != .untilClose && !announcesImpossibleContent
    }

    /// Reads on. `consumed` tells how many bytes from the front are not needed any more.
    mutating func read(_ bytes: Span<UInt8>, consumed: inout Int) -> Progress {
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
    mutating func end() -> Progress {
        if phase == .body, parser.head.framing == .untilClose {
            phase = .done
            return .complete
        }
        return .refused("the connection ended within the response")
    }

    private mutating func readHead(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        let rest = bytes.extracting(consumed..<bytes.count)
        switch parser.parse(rest) {
        case .incomplete: return .needMore
        case .refused(let refusal): return .refused(refusal.message)
        case .complete: break
        }
        let head = parser.head
        if head.status == 101 { return .refused("the vendor switched protocols") }
        if head.status < 200 {
            interimCount += 1
            guard interimCount <= Self.interimMax else { return .refused("too many interim responses") }
            consumed += head.byteCount
            parser.reset(requestMethod: .post)
            return .complete
        }
        contentType = head.first(.contentType).map { range in range.indices.map { rest[$0] } }
        retryAfter = head.first(.retryAfter).map { range in range.indices.map { rest[$0] } }
        if head.framing == .none {
            let length = head.first(.contentLength).map { range in range.indices.map { rest[$0] } } ?? []
            announcesImpossibleContent =
                head.first(.transferEncoding) != nil || length.contains { $0 != UInt8(ascii: "0") }
        }
        consumed += head.byteCount
        return beginBody(head)
    }

    private mutating func beginBody(_ head: ResponseHead) -> Progress {
        phase = .body
        switch head.framing {
        case .none, .length(0): phase = .done
        case .length(let length):
            guard length <= Int64(bodyBytesMax) else { return .refused("the body is longer than max_response_bytes") }
        case .chunked, .untilClose: break
        }
        return .complete
    }

    private mutating func readBody(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        switch parser.head.framing {
        case .none: preconditionFailure("a body where there is none")
        case .length(let length):
            let taken = min(bytes.count - consumed, Int(length) - body.count)
            take(bytes, consumed..<(consumed + taken))
            consumed += taken
            guard body.count == Int(length) else { return .needMore }
            phase = .done
            return .complete
        case .untilClose:
            take(bytes, consumed..<bytes.count)
            consumed = bytes.count
            return body.count <= bodyBytesMax ? .needMore : .refused("the body is longer than max_response_bytes")
        case .chunked: return readChunks(bytes, &consumed)
        }
    }

    private mutating func readChunks(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        while true {
            switch decoder.next(bytes, &consumed) {
            case .data(let range):
                take(bytes, range)
                if body.count > bodyBytesMax { return .refused("the body is longer than max_response_bytes") }
            case .needMore:
                guard body.count + Int(decoder.announcedByteCount) <= bodyBytesMax else {
                    return .refused("the body is longer than max_response_bytes")
                }
                return .needMore
            case .end:
                phase = .done
                return .complete
            case .refused(let refusal): return .refused(refusal.message)
            }
        }
    }

    private mutating func take(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        bytes.extracting(range).withUnsafeBufferPointer { body.append(contentsOf: $0) }
    }
}
