import Testing

@testable import HTTPMessages

/// `docs/faults.md` §1, behind the table: responses of the vendor are read as strictly as requests.
@Suite("ResponseParser")
struct ResponseParserTests {
    private static func line(_ name: String, _ line: String, _ refusal: ResponseRefusal) -> RefusedRow<ResponseRefusal>
    {
        RefusedRow("the status line: \(name)", line + "\r\nContent-Length: 0\r\n\r\n", refusal)
    }

    private static let lines: [RefusedRow<ResponseRefusal>] = [
        line("a status of four digits", "HTTP/1.1 2000 OK", .malformedStatusLine),
        line("a status of two digits", "HTTP/1.1 20 OK", .malformedStatusLine),
        line("a status of four digits that begins with 0", "HTTP/1.1 0200 OK", .malformedStatusLine),
        line("no status", "HTTP/1.1 OK", .malformedStatusLine),
        line("no status at all", "HTTP/1.1", .malformedStatusLine),
        line("status 099", "HTTP/1.1 099 Low", .malformedStatusLine),
        line("status 000", "HTTP/1.1 000 Low", .malformedStatusLine),
        line("status 600", "HTTP/1.1 600 High", .malformedStatusLine),
        line("status 999", "HTTP/1.1 999 High", .malformedStatusLine),
        line("status +20", "HTTP/1.1 +20 OK", .malformedStatusLine),
        line("status 2xx", "HTTP/1.1 2xx OK", .malformedStatusLine),
        line("a tab after the status", "HTTP/1.1 200\tOK", .malformedStatusLine),
        line("two spaces before the status", "HTTP/1.1  200 OK", .malformedStatusLine),
        line("a tab before the status", "HTTP/1.1\t200 OK", .malformedStatusLine),
        line("a space before it", " HTTP/1.1 200 OK", .malformedStatusLine),
        line("an empty line before it", "\r\nHTTP/1.1 200 OK", .malformedStatusLine),
        line("http/1.1", "http/1.1 200 OK", .malformedStatusLine),
        line("HTTP/1.10", "HTTP/1.10 200 OK", .malformedStatusLine),
        line("HTTP/1.x", "HTTP/1.x 200 OK", .malformedStatusLine),
        line("HTTP/2.0", "HTTP/2.0 200 OK", .unsupportedVersion),
        line("HTTP/2", "HTTP/2 200 OK", .unsupportedVersion),
        line("HTTP/0.9", "HTTP/0.9 200 OK", .unsupportedVersion),
        line("HTTP/1.2", "HTTP/1.2 200 OK", .unsupportedVersion),
        line("ICY", "ICY 200 OK", .malformedStatusLine),
        line("NUL in the reason", "HTTP/1.1 200 O\u{0}K", .malformedStatusLine),
        line("DEL in the reason", "HTTP/1.1 200 O\u{7F}K", .malformedStatusLine),
        line("a bare CR in the reason", "HTTP/1.1 200 O\rK", .malformedStatusLine),
        RefusedRow("the status line: LF as its end", "HTTP/1.1 200 OK\nA: b\r\n\r\n", .malformedStatusLine),
        RefusedRow("the status line: LF after the status", "HTTP/1.1 200\nA: b\r\n\r\n", .malformedStatusLine),
        RefusedRow("a request", "GET / HTTP/1.1\r\n\r\n", .malformedStatusLine),
        RefusedRow("JSON without a head", "{\"status\": 200}\r\n\r\n", .malformedStatusLine),
        RefusedRow("an alert of TLS", "\u{15}\u{03}\u{01}\u{00}\u{02}\u{02}\u{28}", .malformedStatusLine),
    ]

    private static let fieldLines: [RefusedRow<ResponseRefusal>] = [
        .fields("NUL in a value", "A: b\u{0}c\r\n", .head(.controlCharacter)),
        .fields("a control character in a value", "A: b\u{1B}c\r\n", .head(.controlCharacter)),
        .fields("NUL in a name", "A\u{0}: b\r\n", .head(.fieldNameNotToken)),
        .fields("a folded line", "A: b\r\n c\r\n", .head(.foldedLine)),
        .fields("white space before the first field", " A: b\r\n", .head(.foldedLine)),
        .fields("a space before the colon", "A : b\r\n", .head(.spaceBeforeColon)),
        .fields("an empty name", ": b\r\n", .head(.emptyFieldName)),
        .fields("no colon", "nocolon\r\n", .head(.noColon)),
        .fields("LF as the end of a line", "A: b\n", .head(.bareLineFeed)),
        .fields("LF as the end of the head", "A: b\r\n\n", .head(.bareLineFeed)),
        .fields("a bare CR", "A: b\rc\r\n", .head(.bareCarriageReturn)),
    ]

    private static let malformedLengths: [RefusedRow<ResponseRefusal>] = [
        "+5", "-1", "0x5", "5_0", "", "5 a", "5, 5", "5, 6", "9223372036854775808", "18446744073709551621",
    ].map { .fields("Content-Length: \($0)", "Content-Length: \($0)\r\n", .malformedContentLength) }

    private static let malformedCodings: [RefusedRow<ResponseRefusal>] = [
        "chunked, chunked", "identity", "gzip, chunked", "gzip", "xchunked", "", "chunked;q=1",
    ].map { .fields("Transfer-Encoding: \($0)", "Transfer-Encoding: \($0)\r\n", .malformedTransferCoding) }

    private static let framings: [RefusedRow<ResponseRefusal>] = [
        .fields("two lengths that differ", "Content-Length: 5\r\nContent-Length: 6\r\n", .severalContentLengths),
        .fields("two lengths that agree", "Content-Length: 5\r\nContent-Length: 5\r\n", .severalContentLengths),
        .fields("length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding),
        .fields("chunked and length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", .lengthAndCoding),
        .fields(
            "chunked twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            .malformedTransferCoding
        ),
        RefusedRow("chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .codingInHTTP10),
        RefusedRow(
            "length and chunked where the status has no body",
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            .lengthAndCoding
        ),
    ]

    @Test(
        "is refused, whatever the cut",
        arguments: lines + fieldLines + malformedLengths + malformedCodings + framings
    )
    func refused(row: RefusedRow<ResponseRefusal>) { expectRefused(row, with: ResponseParser()) }

    @Test("a bad chunk ends the response", arguments: ["g\r\n", "5\r\nhello!", "1\r\na\r\n-1\r\n", "0\r\nbad\r\n\r\n"])
    func badChunk(content: String) {
        let bytes = wire("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + content)
        let whole = ResponseHeadReader.read(bytes, with: ResponseParser())
        guard case .badChunk = whole.ending else {
            Issue.record("\(whole.ending)")
            return
        }
        #expect(whole.messages.map(\.isWhole) == [false])
        for cut in 0...bytes.count {
            #expect(ResponseHeadReader.read(bytes, with: ResponseParser(), cuts: [cut]) == whole, "cut at \(cut)")
        }
    }

    @Test("a sound head is noted by its places")
    func sound() {
        let text = "HTTP/1.1 404 Not  Found\r\nContent-Type: application/json\r\nRetry-After:\t5 \r\nA:\r\n\r\n"
        let response = ReadResponse(text + "body")
        let head = response.head
        #expect(response.progress == .complete)
        #expect(head.status == 404)
        #expect(head.version == .http11)
        #expect(response.text(head.reason) == "Not  Found")
        #expect(head.fields.map { response.text($0.name) } == ["Content-Type", "Retry-After", "A"])
        #expect(head.fields.map { response.text($0.value) } == ["application/json", "5", ""])
        #expect(response.text(head.first(.retryAfter)) == "5")
        #expect(head.first(.contentLength) == nil)
        #expect(head.byteCount == text.utf8.count)
    }

    @Test(
        "the reason may be empty, be any text, or be left out with its space",
        arguments: [
            ("HTTP/1.1 200 \r\n\r\n", ""), ("HTTP/1.1 200\r\n\r\n", ""), ("HTTP/1.1 200  \t\r\n\r\n", " \t"),
            ("HTTP/1.1 200 OK\r\n\r\n", "OK"), ("HTTP/1.1 200 200: ok\r\n\r\n", "200: ok"),
        ]
    )
    func reasons(text: String, reason: String) {
        let response = ReadResponse(text)
        #expect(response.progress == .complete)
        #expect(response.text(response.head.reason) == reason)
        #expect(response.head.byteCount == text.utf8.count)
    }

    @Test("each status from 100 to 599 is taken, no other one")
    func statuses() {
        for status in 0...999 {
            let digits = String("00\(status)".suffix(3))
            let response = ReadResponse("HTTP/1.1 \(digits) x\r\n\r\n")
            #expect((response.progress == .complete) == (100...599).contains(status))
            if response.progress == .complete { #expect(response.head.status == status) }
        }
    }

    // MARK: Framing

    @Test(
        "an answer to HEAD, an interim one, 204 and 304 have no content whatever their fields say, RFC 9112 §6.3",
        arguments: ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"]
    )
    func noContent(fields: String) {
        for status in [100, 101, 103, 199, 204, 304] {
            let response = ReadResponse("HTTP/1.1 \(status) x\r\n\(fields)\r\n")
            #expect(response.progress == .complete)
            #expect(response.head.framing == .none)
        }
        let head = ReadResponse(fields: fields, to: .head)
        #expect(head.progress == .complete)
        #expect(head.head.framing == .none)
    }

    @Test("other answers have as much content as their fields say, or all until the end")
    func content() {
        for method in [HTTPMethod.get, .post, .put, .delete, .options, .unknown] {
            #expect(ReadResponse(fields: "", to: method).head.framing == .untilClose)
            #expect(ReadResponse(fields: "Content-Length: 0\r\n", to: method).head.framing == .length(0))
            #expect(ReadResponse(fields: "content-length:5\r\n", to: method).head.framing == .length(5))
            #expect(ReadResponse(fields: "Transfer-Encoding: Chunked\r\n", to: method).head.framing == .chunked)
        }
        let largest = ReadResponse(fields: "Content-Length: 9223372036854775807\r\n")
        #expect(largest.head.framing == .length(.max))
    }

    @Test("what follows until the end of the connection is content, and no other response")
    func untilClose() {
        let bytes = wire("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 500 x\r\n\r\n")
        let transcript = ResponseHeadReader.read(bytes, with: ResponseParser())
        #expect(transcript.messages.map(\.content) == [wire("HTTP/1.1 500 x\r\n\r\n")])
        #expect(transcript.messages.map(\.isWhole) == [false])
    }

    @Test(
        "HTTP/1.1 keeps the connection but for close, HTTP/1.0 only when told so; close wins, RFC 9112 §9.3",
        arguments: [
            ("", true, false), ("Connection: close\r\n", false, false), ("Connection: a, CLOSE\r\n", false, false),
            ("Connection: keep-alive\r\n", true, true), ("Connection: Keep-Alive, a\r\n", true, true),
            ("Connection: keep-alive, close\r\n", false, false), ("Connection: close, keep-alive\r\n", false, false),
            ("Connection: keep-alive\r\nConnection: close\r\n", false, false),
            ("Connection: close\r\nConnection: keep-alive\r\n", false, false),
            ("Connection: closed\r\n", true, false), ("Proxy-Connection: close\r\n", true, false),
        ]
    )
    func connection(fields: String, keepsAlive: Bool, keepsAliveInOldVersion: Bool) {
        let response = ReadResponse(fields: "Content-Length: 0\r\n" + fields)
        #expect(response.progress == .complete)
        #expect(response.head.keepsAlive == keepsAlive)
        let old = ReadResponse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\(fields)\r\n")
        #expect(old.progress == .complete)
        #expect(old.head.version == .http10)
        #expect(old.head.keepsAlive == keepsAliveInOldVersion)
    }

    @Test("no response can follow one that goes on until the connection ends, whatever it promises")
    func untilCloseEndsTheConnection() {
        #expect(!ReadResponse(fields: "").head.keepsAlive)
        #expect(!ReadResponse(fields: "Connection: keep-alive\r\n").head.keepsAlive)
        #expect(!ReadResponse("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n").head.keepsAlive)
        #expect(ReadResponse(fields: "", to: .head).head.keepsAlive)
        #expect(ReadResponse("HTTP/1.1 204 x\r\n\r\n").head.keepsAlive)
    }

    // MARK: Limits

    @Test("a head of 64 KiB is accepted, one byte more is not", arguments: [true, false])
    func headBytes(inOnePiece: Bool) {
        func ending(headBytes: Int) -> ResponseHeadReader.Ending {
            let begin = "HTTP/1.1 204 x\r\nA: "
            let bytes = wire(begin + repeated("a", headBytes - begin.utf8.count - 4) + "\r\n\r\n")
            let transcript =
                inOnePiece
                ? ResponseHeadReader.read(bytes, with: ResponseParser())
                : ResponseHeadReader.readByteByByte(bytes, with: ResponseParser())
            #expect(transcript.messages.count == (transcript.ending == .waiting ? 1 : 0))
            return transcript.ending
        }
        #expect(ending(headBytes: 64 * 1024) == .waiting)
        #expect(ending(headBytes: 64 * 1024 + 1) == .refused(.headTooLarge))
        #expect(ending(headBytes: 64 * 1024 + 2) == .refused(.headTooLarge))
    }

    @Test("a status line or a field line that never ends is refused at the limit")
    func endless() {
        for begin in ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\n"] {
            let bytes = wire(begin + repeated("a", 64 * 1024))
            #expect(ResponseHeadReader.read(bytes, with: ResponseParser()).ending == .refused(.headTooLarge))
            let slowly = ResponseHeadReader.readByteByByte(bytes, with: ResponseParser())
            #expect(slowly.ending == .refused(.headTooLarge))
        }
    }

    @Test("a status line that alone is above the limit is refused with what follows it")
    func longStatusLine() {
        let bytes = wire("HTTP/1.1 200 \(repeated("a", 64 * 1024))\r\nContent-Length: 0\r\n\r\n")
        #expect(ResponseHeadReader.read(bytes, with: ResponseParser()).ending == .refused(.headTooLarge))
    }

    @Test("200 fields are accepted, one more is not", arguments: [true, false])
    func fieldCount(inOnePiece: Bool) {
        func ending(fields: Int) -> ResponseHeadReader.Ending {
            let bytes = wire("HTTP/1.1 204 x\r\n" + repeated("A: b\r\n", fields) + "\r\n")
            return inOnePiece
                ? ResponseHeadReader.read(bytes, with: ResponseParser()).ending
                : ResponseHeadReader.readByteByByte(bytes, with: ResponseParser()).ending
        }
        #expect(ending(fields: 200) == .waiting)
        #expect(ending(fields: 201) == .refused(.tooManyFields))
    }

    @Test("nothing of a response remains in the head of the next")
    func reset() {
        let second = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
        var parser = ResponseParser()
        parser.reset(requestMethod: .head)
        let first = wire("HTTP/1.0 503 Busy\r\nRetry-After: 1\r\nConnection: close\r\n\r\n")
        #expect(parser.parse(first) == .complete)
        parser.reset(requestMethod: .post)
        #expect(parser.parse(wire(second)) == .complete)
        #expect(parser.head == ReadResponse(second).head)
    }

    @Test("each refusal says in its own words what is wrong")
    func messages() {
        let all: [ResponseRefusal] =
            HeadFault.allCases.map { .head($0) } + [
                .malformedStatusLine, .unsupportedVersion, .headTooLarge, .tooManyFields, .malformedContentLength,
                .severalContentLengths, .lengthAndCoding, .malformedTransferCoding, .codingInHTTP10,
            ]
        #expect(Set(all.map(\.message)).count == all.count)
    }
}
