import Testing

@testable import HTTPMessages

/// What is seen of a connection does not depend on how its bytes are cut on the way.
@Suite("Any cut of the bytes gives the same messages")
struct SplitTests {
    /// The bytes of a connection and how many messages they are.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let messages: Int

        init(_ name: String, _ text: String, messages: Int) {
            testDescription = name
            bytes = wire(text)
            self.messages = messages
        }
    }

    private static let plain =
        "POST /v1/classify?a=b HTTP/1.1\r\nHost: h:1\r\nContent-Length: 5\r\nx-api-key:k\r\n\r\nhello"
    private static let short = "GET /a HTTP/1.1\r\nHost: h\r\nA:\r\n\r\n"
    private static let chunked =
        "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5;a=\"b\"\r\nhello\r\n00a ; c\r\n0123456789\r\n0;d\r\nE: f\r\ng:\r\n\r\n"

    private static let requests: [Row] = [
        Row("a short request", short, messages: 1),
        Row("an empty line and a request", "\r\n" + short, messages: 1),
        Row("a request of HTTP/1.0", "PUT http://a/b HTTP/1.0\r\nContent-Length: 2\r\n\r\n\r\n", messages: 1),
        Row("a request with content", plain, messages: 1),
        Row("chunks with extensions and trailers", chunked, messages: 1),
        Row("a pair without content", short + short, messages: 2),
        Row("a pair with content", plain + plain, messages: 2),
        Row("a pair of which the first is in chunks", chunked + plain, messages: 2),
        Row("a pair with an empty line between", plain + "\r\n" + short, messages: 2),
        Row("four of all kinds", plain + short + chunked + short, messages: 4),
        Row(
            "content that reads like a request",
            plain.replacing("5\r\n", with: "\(short.utf8.count)\r\n")
                .replacing("hello", with: short),
            messages: 1
        ),
    ]

    private static let responses: [Row] = [
        Row("a short response", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", messages: 1),
        Row("a response with content", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: \t b \r\n\r\nhello", messages: 1),
        Row(
            "an interim response and a final one in chunks",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;a\r\nabc\r\n0\r\nB: c\r\n\r\n",
            messages: 2
        ),
        Row("a response until the end", "HTTP/1.0 404 Not Found\r\n\r\nhello\r\nHTTP/1.1 200 OK\r\n\r\n", messages: 1),
        Row(
            "a pair",
            "HTTP/1.1 204 x\r\nA: b\r\n\r\nHTTP/1.1 429 x\r\nContent-Length: 2\r\nRetry-After: 1\r\n\r\nab",
            messages: 2
        ),
    ]

    private func requestParser() -> RequestParser { RequestParser(limits: HeadLimits()) }

    private func check<Parser: HeadParser>(_ row: Row, with parser: Parser) {
        typealias Reader = MessageReader<Parser>
        let whole = Reader.read(row.bytes, with: parser)
        #expect(whole.messages.count == row.messages)
        #expect(whole.ending == .waiting)
        #expect(Reader.readByteByByte(row.bytes, with: parser) == whole)
        for cut in 0...row.bytes.count {
            let cutOnce = Reader.read(row.bytes, with: parser, cuts: [cut])
            if cutOnce != whole { Issue.record("cut at \(cut): \(cutOnce)") }
        }
    }

    /// Whether what was seen of the first `count` bytes is a begin of what is seen of all.
    private func checkBegins<Parser: HeadParser>(_ row: Row, with parser: Parser) {
        let whole = MessageReader<Parser>.read(row.bytes, with: parser)
        for count in 0..<row.bytes.count {
            let begin = MessageReader<Parser>.read(Array(row.bytes[..<count]), with: parser)
            #expect(begin.ending == .waiting, "after \(count) bytes")
            for (seen, message) in zip(begin.messages, whole.messages) {
                #expect(seen.head == message.head, "after \(count) bytes")
                #expect(message.content.starts(with: seen.content), "after \(count) bytes")
            }
            #expect(begin.messages.count <= whole.messages.count, "after \(count) bytes")
        }
    }

    @Test("requests are read alike, cut anywhere and byte by byte", arguments: requests)
    func requestsCutOnce(row: Row) { check(row, with: requestParser()) }

    @Test("responses are read alike, cut anywhere and byte by byte", arguments: responses)
    func responsesCutOnce(row: Row) { check(row, with: ResponseParser()) }

    @Test("requests that break off are waited for", arguments: requests)
    func requestBegins(row: Row) { checkBegins(row, with: requestParser()) }

    @Test("responses that break off are waited for", arguments: responses)
    func responseBegins(row: Row) { checkBegins(row, with: ResponseParser()) }

    @Test(
        "requests are read alike, cut at any two places",
        arguments: [
            short, "\r\nGET / HTTP/1.1\r\nHost:h\r\n\r\n\r\n",
            "PUT / HTTP/1.1\r\nHost:h\r\nTransfer-Encoding:chunked\r\n\r\n1;a\r\nb\r\n0\r\nc:d\r\n\r\n",
            "GET / HTTP/1.1\r\nHost:h\r\nA \t: b\r\n\r\n", "GET / HTTP/1.1\r\nHost:h\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost:h\r\nA:b\rc\r\n\r\n", "GET / HTTP/1.10\r\nHost:h\r\n\r\n",
        ]
    )
    func requestsCutTwice(text: String) {
        let bytes = wire(text)
        let whole = RequestReader.read(bytes, with: requestParser())
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let seen = RequestReader.read(bytes, with: requestParser(), cuts: [first, second])
                guard seen == whole else {
                    Issue.record("cut at \(first) and \(second): \(seen.ending)")
                    return
                }
            }
        }
    }

    @Test(
        "responses are read alike, cut at any two places",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length:1\r\n\r\na", "HTTP/1.1 200\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 O\rK\r\n\r\n", "HTTP/1.1 2000 OK\r\nA:b\r\n\r\n",
        ]
    )
    func responsesCutTwice(text: String) {
        let bytes = wire(text)
        let whole = ResponseHeadReader.read(bytes, with: ResponseParser())
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let seen = ResponseHeadReader.read(bytes, with: ResponseParser(), cuts: [first, second])
                guard seen == whole else {
                    Issue.record("cut at \(first) and \(second): \(seen.ending)")
                    return
                }
            }
        }
    }

    @Test(
        "a bare CR is refused with the byte behind it, which need not be the end of the line",
        arguments: ["GET / HTTP/1.1", "GET / HTTP/1.1\r\nA:b", "GET / HTTP/1.1\r\nA:b\r\n"]
    )
    func bareCarriageReturn(begin: String) {
        let bytes = wire(begin + "\rc")
        let waiting = RequestReader.read(Array(bytes.dropLast()), with: requestParser())
        #expect(waiting.ending == .waiting)
        let refused = RequestReader.read(bytes, with: requestParser())
        #expect(refused.ending != .waiting)
        #expect(RequestReader.read(bytes, with: requestParser(), cuts: [bytes.count - 1]) == refused)
        let response = wire(begin.replacing("GET / HTTP/1.1", with: "HTTP/1.1 200 OK") + "\rc")
        let refusedResponse = ResponseHeadReader.read(response, with: ResponseParser())
        #expect(refusedResponse.ending != .waiting)
        let cutResponse = ResponseHeadReader.read(response, with: ResponseParser(), cuts: [response.count - 1])
        #expect(cutResponse == refusedResponse)
    }

    @Test("pipelined requests stand where they were sent")
    func pipelined() {
        let transcript = RequestReader.read(wire(Self.plain + Self.short + Self.chunked), with: requestParser())
        let bounds = [Self.plain, Self.short, Self.chunked].map { $0.utf8.count }
        #expect(transcript.messages.map(\.headRange.lowerBound) == [0, bounds[0], bounds[0] + bounds[1]])
        #expect(transcript.messages.map(\.content) == [wire("hello"), [], wire("hello0123456789")])
        #expect(transcript.messages.map(\.isWhole) == [true, true, true])
    }
}
