import HTTPMessages

/// Reads one response out of the bytes of a connection: decisions only, no socket.
struct AdminAnswerReader {
    enum Progress: Equatable { case needMore, complete, refused(String) }

    private enum Phase { case head, content, done }

    /// RFC 9110 §15.2: interim responses are skipped; a server that sends more than these is broken.
    private static let interimMax = 10

    private let requestMethod: HTTPMethod
    private let contentBytesMax: Int
    private var parser = ResponseParser()
    private var decoder = ChunkedDecoder()
    private var phase = Phase.head
    private var interimCount = 0
    private var content: [UInt8] = []

    init(method: HTTPMethod, contentBytesMax: Int) {
        requestMethod = method
        self.contentBytesMax = contentBytesMax
        parser.reset(requestMethod: method)
    }

    /// What was read, once it is complete.
    var answer: AdminAnswer { AdminAnswer(status: parser.head.status, content: content) }

    /// Reads on. `consumed` tells how many bytes from the front are not needed any more.
    mutating func read(_ bytes: Span<UInt8>, consumed: inout Int) -> Progress {
        while phase == .head {
            let progress = readHead(bytes, &consumed)
            if progress != .complete { return progress }
        }
        return phase == .done ? .complete : readContent(bytes, &consumed)
    }

    /// The connection has ended in order. Content until the end is complete now; anything else is broken off.
    mutating func end() -> Progress {
        guard phase == .content, parser.head.framing == .untilClose else {
            return .refused("the connection ended too early")
        }
        phase = .done
        return .complete
    }

    private mutating func readHead(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        switch parser.parse(bytes.extracting(consumed..<bytes.count)) {
        case .incomplete: return .needMore
        case .refused(let refusal): return .refused(refusal.message)
        case .complete: break
        }
        consumed += parser.head.byteCount
        guard parser.head.status < 200 else { return beginContent() }
        interimCount += 1
        // After 101 (RFC 9110 §15.2.2) the bytes would be of another protocol, which nobody asked for.
        guard parser.head.status != 101, interimCount <= Self.interimMax else { return .refused("no final response") }
        parser.reset(requestMethod: requestMethod)
        return .complete
    }

    private mutating func beginContent() -> Progress {
        switch parser.head.framing {
        case .none, .length(0): phase = .done
        case .length(let length) where length > Int64(contentBytesMax): return tooLong
        case .length, .chunked, .untilClose: phase = .content
        }
        return .complete
    }

    private mutating func readContent(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        switch parser.head.framing {
        case .none: preconditionFailure("content where there is none")
        case .chunked: return readChunks(bytes, &consumed)
        case .length(let length):
            let end = min(bytes.count, consumed + Int(length) - content.count)
            take(bytes, consumed..<end)
            consumed = end
            if content.count == Int(length) { phase = .done }
        case .untilClose:
            take(bytes, consumed..<bytes.count)
            consumed = bytes.count
        }
        if content.count > contentBytesMax { return tooLong }
        return phase == .done ? .complete : .needMore
    }

    private mutating func readChunks(_ bytes: Span<UInt8>, _ consumed: inout Int) -> Progress {
        while true {
            switch decoder.next(bytes, &consumed) {
            case .data(let range):
                take(bytes, range)
                if content.count > contentBytesMax { return tooLong }
            case .needMore: return .needMore
            case .end:
                phase = .done
                return .complete
            case .refused(let refusal): return .refused(refusal.message)
            }
        }
    }

    private mutating func take(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        bytes.extracting(range).withUnsafeBufferPointer { content.append(contentsOf: $0) }
    }

    private var tooLong: Progress { .refused("the answer is longer than \(contentBytesMax) bytes") }
}
