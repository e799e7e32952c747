@testable import HTTPMessages

/// What the two parsers have in common, so that one reader serves both.
protocol HeadParser: Sendable {
    associatedtype Head: Equatable & Sendable
    associatedtype Refusal: Equatable & Sendable

    var head: Head { get }
    var framing: BodyFraming { get }
    var headByteCount: Int { get }

    mutating func begin()
    mutating func parse(_ bytes: Span<UInt8>) -> HeadProgress<Refusal>
}

extension HeadParser {
    /// Parses bytes that nothing follows yet.
    mutating func parse(_ bytes: [UInt8]) -> HeadProgress<Refusal> { parse(bytes.span) }
}

extension RequestParser: HeadParser {
    var framing: BodyFraming { head.framing }
    var headByteCount: Int { head.byteCount }

    mutating func begin() { reset() }
}

extension ResponseParser: HeadParser {
    var framing: BodyFraming { head.framing }
    var headByteCount: Int { head.byteCount }

    mutating func begin() { reset(requestMethod: .post) }
}

/// Reads the messages of one connection, as a server or a client does, and notes all that it saw.
struct MessageReader<Parser: HeadParser> {
    struct Message: Equatable {
        var head: Parser.Head
        /// Where its head stands in the bytes of the connection.
        var headRange: Range<Int>
        var content: [UInt8] = []
        var isWhole = false
    }

    enum Ending: Equatable { case waiting, refused(Parser.Refusal), badChunk(ChunkRefusal) }

    struct Transcript: Equatable {
        var messages: [Message] = []
        var ending = Ending.waiting
    }

    private enum Phase: Equatable { case head, body(BodyFraming) }

    private(set) var transcript = Transcript()
    private var parser: Parser
    private var decoder = ChunkedDecoder()
    private var phase = Phase.head
    private var start = 0  // of what is not consumed yet

    init(_ parser: Parser) {
        self.parser = parser
        self.parser.begin()
    }

    /// Reads on; `bytes` are all that came since the connection began.
    mutating func read(_ bytes: Span<UInt8>) {
        var goesOn = transcript.ending == .waiting
        while goesOn {
            switch phase {
            case .head: goesOn = readHead(bytes.extracting(start..<bytes.count))
            case .body(.none): endMessage()
            case .body(.length(let rest)):
                let taken = min(Int(clamping: rest), bytes.count - start)
                take(bytes, start..<(start + taken))
                start += taken
                phase = .body(rest == Int64(taken) ? .none : .length(rest - Int64(taken)))
                goesOn = rest == Int64(taken)
            case .body(.untilClose):
                take(bytes, start..<bytes.count)
                start = bytes.count
                goesOn = false
            case .body(.chunked): goesOn = readChunk(bytes)
            }
        }
    }

    private mutating func readHead(_ bytes: Span<UInt8>) -> Bool {
        switch parser.parse(bytes) {
        case .incomplete: return false
        case .refused(let refusal):
            transcript.ending = .refused(refusal)
            return false
        case .complete:
            let headRange = start..<(start + parser.headByteCount)
            transcript.messages.append(Message(head: parser.head, headRange: headRange))
            start += parser.headByteCount
            decoder = ChunkedDecoder()
            phase = .body(parser.framing)
            return true
        }
    }

    private mutating func readChunk(_ bytes: Span<UInt8>) -> Bool {
        switch decoder.next(bytes, &start) {
        case .data(let range): take(bytes, range)
        case .needMore: return false
        case .end: phase = .body(.none)
        case .refused(let refusal):
            transcript.ending = .badChunk(refusal)
            return false
        }
        return true
    }

    private mutating func endMessage() {
        transcript.messages[transcript.messages.count - 1].isWhole = true
        parser.begin()
        phase = .head
    }

    private mutating func take(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let last = transcript.messages.count - 1
        bytes.extracting(range).withUnsafeBufferPointer { transcript.messages[last].content.append(contentsOf: $0) }
    }
}

extension MessageReader {
    /// What is seen of these bytes when they come in pieces that end at `cuts`, which ascend, and at the end.
    ///
    /// Each piece is in memory of its own size, so that nobody who reads too far finds there what comes next.
    static func read(_ bytes: [UInt8], with parser: Parser, cuts: [Int] = []) -> Transcript {
        var reader = MessageReader(parser)
        for cut in cuts { reader.read(Array(bytes[..<cut]).span) }
        reader.read(bytes.span)
        return reader.transcript
    }

    /// What is seen when each byte comes alone.
    static func readByteByByte(_ bytes: [UInt8], with parser: Parser) -> Transcript {
        var reader = MessageReader(parser)
        for count in 0...bytes.count { reader.read(bytes.span.extracting(0..<count)) }
        return reader.transcript
    }
}

typealias RequestReader = MessageReader<RequestParser>
typealias ResponseHeadReader = MessageReader<ResponseParser>
