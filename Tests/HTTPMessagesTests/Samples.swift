import Testing

@testable import HTTPMessages

/// The bytes of a text whose characters stand for one byte each, U+0000 to U+00FF.
func wire(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

/// A message that is refused, and why; the name is a sentence.
struct RefusedRow<Refusal: Equatable & Sendable>: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let refusal: Refusal

    init(_ name: String, _ text: String, _ refusal: Refusal) {
        testDescription = name
        bytes = wire(text)
        self.refusal = refusal
    }
}

extension RefusedRow where Refusal == RequestRefusal {
    /// A request that is sound but for its fields.
    static func fields(_ name: String, _ lines: String, _ refusal: RequestRefusal) -> Self {
        Self(name, "POST /v1/classify HTTP/1.1\r\nHost: h\r\n\(lines)\r\n", refusal)
    }
}

extension RefusedRow where Refusal == ResponseRefusal {
    /// A response that is sound but for its fields.
    static func fields(_ name: String, _ lines: String, _ refusal: ResponseRefusal) -> Self {
        Self(name, "HTTP/1.1 200 OK\r\n\(lines)\r\n", refusal)
    }
}

/// A request head read in one piece.
struct ReadRequest {
    let bytes: [UInt8]
    let progress: HeadProgress<RequestRefusal>
    let head: RequestHead

    init(_ text: String, limits: HeadLimits = HeadLimits()) {
        var parser = RequestParser(limits: limits)
        bytes = wire(text)
        progress = parser.parse(bytes)
        head = parser.head
    }

    var pathIsPlain: Bool { head.pathIsPlain(bytes.span) }

    /// A request that is sound but for its fields.
    init(fields: String) { self.init("POST /v1/classify HTTP/1.1\r\nHost: h\r\n\(fields)\r\n") }

    func text(_ range: ByteRange?) -> String? { range.map { String(decoding: bytes[$0.indices], as: UTF8.self) } }
}

/// A response head read in one piece.
struct ReadResponse {
    let bytes: [UInt8]
    let progress: HeadProgress<ResponseRefusal>
    let head: ResponseHead

    init(_ text: String, to method: HTTPMethod = .post, parser: ResponseParser = ResponseParser()) {
        var parser = parser
        parser.reset(requestMethod: method)
        bytes = wire(text)
        progress = parser.parse(bytes)
        head = parser.head
    }

    /// A response that is sound but for its fields.
    init(fields: String, to method: HTTPMethod = .post) { self.init("HTTP/1.1 200 OK\r\n\(fields)\r\n", to: method) }

    func text(_ range: ByteRange?) -> String? { range.map { String(decoding: bytes[$0.indices], as: UTF8.self) } }
}

/// That a message is refused for the same reason in one piece, in two wherever it is cut, and byte by byte.
///
/// Only a line that never ends may be refused later when it comes in pieces: it is not read again before a control
/// character has come. The lines of all rows end.
func expectRefused<Parser: HeadParser>(
    _ row: RefusedRow<Parser.Refusal>,
    with parser: Parser,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    typealias Reader = MessageReader<Parser>
    let expected = Reader.Transcript(messages: [], ending: .refused(row.refusal))
    #expect(Reader.read(row.bytes, with: parser) == expected, sourceLocation: sourceLocation)
    #expect(Reader.readByteByByte(row.bytes, with: parser) == expected, sourceLocation: sourceLocation)
    for cut in 1..<row.bytes.count {
        let seen = Reader.read(row.bytes, with: parser, cuts: [cut])
        if seen != expected {
            Issue.record("cut at \(cut): \(seen.ending)", sourceLocation: sourceLocation)
            return
        }
    }
}
