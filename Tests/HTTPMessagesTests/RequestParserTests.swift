import Testing

@testable import HTTPMessages

/// `docs/faults.md` §1: the request line, the lines of the head, and how much of them there may be.
@Suite("RequestParser")
struct RequestParserTests {
    private static func line(_ name: String, _ line: String, _ refusal: RequestRefusal) -> RefusedRow<RequestRefusal> {
        RefusedRow("the request line: \(name)", line + "\r\nHost: h\r\n\r\n", refusal)
    }

    private static let lines: [RefusedRow<RequestRefusal>] = [
        line("HTTP/0.9 without a version", "GET /", .malformedRequestLine),
        line("HTTP/0.9 with a space at the end", "GET / ", .malformedVersion),
        line("a version in lower case", "GET / http/1.1", .malformedVersion),
        line("HTTP/1.10", "GET / HTTP/1.10", .malformedVersion),
        line("HTTP/01.1", "GET / HTTP/01.1", .malformedVersion),
        line("HTTP/1", "GET / HTTP/1", .malformedVersion),
        line("HTTP/1,1", "GET / HTTP/1,1", .malformedVersion),
        line("HTTPS/1.1", "GET / HTTPS/1.1", .malformedVersion),
        line("HTTP/1.x", "GET / HTTP/1.x", .malformedVersion),
        line("HTTP/2.0", "GET / HTTP/2.0", .unsupportedVersion),
        line("HTTP/0.9 by name", "GET / HTTP/0.9", .unsupportedVersion),
        line("HTTP/1.2", "GET / HTTP/1.2", .unsupportedVersion),
        line("HTTP/1.9", "GET / HTTP/1.9", .unsupportedVersion),
        line("HTTP/3.0", "GET / HTTP/3.0", .unsupportedVersion),
        line("a space after the version", "GET / HTTP/1.1 ", .malformedVersion),
        line("two spaces before the version", "GET /  HTTP/1.1", .malformedVersion),
        line("two spaces before the target", "GET  / HTTP/1.1", .malformedVersion),
        line("no target", "GET  HTTP/1.1", .malformedTarget),
        line("a space before the method", " GET / HTTP/1.1", .malformedMethod),
        line("a tab after the method", "GET\t/ HTTP/1.1", .malformedMethod),
        line("a tab after the target", "GET /\tHTTP/1.1", .malformedTarget),
        line("a vertical tab in the target", "GET /a\u{0B}b HTTP/1.1", .malformedTarget),
        line("no method", "/ HTTP/1.1", .malformedMethod),
        line("a method alone", "GET", .malformedMethod),
        line("a method with a colon", "GE:T / HTTP/1.1", .malformedMethod),
        line("a method with NUL", "G\u{0}T / HTTP/1.1", .malformedMethod),
        line("a method with a byte above ASCII", "G\u{C8}T / HTTP/1.1", .malformedMethod),
        line("NUL in the target", "GET /a\u{0}b HTTP/1.1", .malformedTarget),
        line("DEL in the target", "GET /a\u{7F}b HTTP/1.1", .malformedTarget),
        line("a byte above ASCII in the target", "GET /\u{E9} HTTP/1.1", .malformedTarget),
        line("two empty lines before it", "\r\n\r\nGET / HTTP/1.1", .malformedMethod),
        line("a bare CR before it", "\rGET / HTTP/1.1", .head(.bareCarriageReturn)),
        line("a bare LF before it", "\nGET / HTTP/1.1", .head(.bareLineFeed)),
        line("a field before it", "Host: h\r\nGET / HTTP/1.1", .malformedMethod),
        line("a bare CR within the version", "GET / HTTP/1.1\r", .malformedVersion),
        RefusedRow("the request line: LF as its end", "GET / HTTP/1.1\nHost: h\r\n\r\n", .head(.bareLineFeed)),
        RefusedRow("the request line: CR as its end", "GET / HTTP/1.1\rHost: h\r\n\r\n", .malformedVersion),
        RefusedRow("the request line: LF after the target", "GET /\nHost: h\r\n\r\n", .head(.bareLineFeed)),
        RefusedRow("the request line: LF after the method", "GET\nHost: h\r\n\r\n", .head(.bareLineFeed)),
    ]

    private static let otherProtocols: [RefusedRow<RequestRefusal>] = [
        RefusedRow(
            "a TLS hello on the plain port",
            "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}\u{01}\u{FC}\u{03}\u{03}",
            .malformedMethod
        ),
        RefusedRow("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
        RefusedRow("binary that begins with NUL", "\u{0}\u{1}\u{2}\u{FF}", .malformedMethod),
        RefusedRow("binary with a control character later", "\u{80}\u{FF}\u{00}\u{01}", .malformedMethod),
        RefusedRow("a greeting of SSH", "SSH-2.0-OpenSSH_9.6\r\n", .malformedMethod),
        RefusedRow("a PROXY line", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", .malformedVersion),
        RefusedRow("a response", "HTTP/1.1 200 OK\r\n\r\n", .malformedMethod),
    ]

    private static let fieldLines: [RefusedRow<RequestRefusal>] = [
        .fields("a folded line with a space", "A: b\r\n c\r\n", .head(.foldedLine)),
        .fields("a folded line with a tab", "A: b\r\n\tc: d\r\n", .head(.foldedLine)),
        .fields("a folded line of white space only", "A: b\r\n \r\n", .head(.foldedLine)),
        RefusedRow(
            "a space before the first field",
            "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
            .head(.spaceBeforeFirstField)
        ),
        RefusedRow(
            "a tab before the first field",
            "GET / HTTP/1.1\r\n\tHost: h\r\n\r\n",
            .head(.spaceBeforeFirstField)
        ),
        .fields("a space before the colon", "A : b\r\n", .head(.spaceBeforeColon)),
        .fields("a tab before the colon", "A\t: b\r\n", .head(.spaceBeforeColon)),
        .fields("several blanks before the colon", "Content-Length \t : 5\r\n", .head(.spaceBeforeColon)),
        .fields("a space within a name", "Bad Name: b\r\n", .head(.fieldNameNotToken)),
        .fields("LF as the end of a field line", "A: b\nC: d\r\n", .head(.bareLineFeed)),
        .fields("LF as the end of the head", "A: b\r\n\n", .head(.bareLineFeed)),
        .fields("LF after a name", "A\n: b\r\n", .head(.bareLineFeed)),
        .fields("a bare CR in a value", "A: b\rc\r\n", .head(.bareCarriageReturn)),
        .fields("a bare CR before a value", "A:\rb\r\n", .head(.bareCarriageReturn)),
        .fields("CR CR LF", "A: b\r\r\n", .head(.bareCarriageReturn)),
        .fields("a bare CR in place of a line", "\rA: b\r\n", .head(.bareCarriageReturn)),
        .fields("an empty name", ": b\r\n", .head(.emptyFieldName)),
        .fields("a line without a colon", "nocolon\r\n", .head(.noColon)),
        .fields("a name in brackets", "(A): b\r\n", .head(.fieldNameNotToken)),
        .fields("a name with NUL", "A\u{0}B: b\r\n", .head(.fieldNameNotToken)),
        .fields("a name with a byte above ASCII", "\u{C4}: b\r\n", .head(.fieldNameNotToken)),
        .fields("two x-api-key", "x-api-key: a\r\nX-Api-Key: a\r\n", .severalKeys),
    ]

    @Test("is refused, whatever the cut", arguments: lines + otherProtocols + fieldLines)
    func refused(row: RefusedRow<RequestRefusal>) {
        expectRefused(row, with: RequestParser(limits: HeadLimits()))
    }

    @Test("no control character but the tab stands in a value, at any place", arguments: [1, 7, 8, 9, 16, 31])
    func controls(length: Int) {
        for byte in 0...255 as ClosedRange<UInt8> where byte != 0x0D && byte != 0x0A {
            for place in 0..<length {
                var value = [UInt8](repeating: UInt8(ascii: "v"), count: length)
                value[place] = byte
                let bytes = wire("GET / HTTP/1.1\r\nHost: h\r\nA:") + value + wire("\r\n\r\n")
                var parser = RequestParser(limits: HeadLimits())
                let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
                let expected = isControl ? HeadProgress.refused(RequestRefusal.head(.controlCharacter)) : .complete
                #expect(parser.parse(bytes) == expected, "byte \(byte) at \(place)")
            }
        }
    }

    @Test("a name is a token: no other byte stands in it, at any place", arguments: [1, 7, 8, 9])
    func names(length: Int) {
        let token = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in 0...255 as ClosedRange<UInt8> where byte != UInt8(ascii: ":") {
            for place in 0..<length {
                var name = [UInt8](repeating: UInt8(ascii: "n"), count: length)
                name[place] = byte
                let bytes = wire("GET / HTTP/1.1\r\nHost: h\r\n") + name + wire(": v\r\n\r\n")
                var parser = RequestParser(limits: HeadLimits())
                #expect((parser.parse(bytes) == .complete) == token.contains(byte), "byte \(byte) at \(place)")
            }
        }
    }

    @Test("a sound head is noted by its places")
    func sound() {
        let text =
            "POST /v1/classify?a=b?c HTTP/1.1\r\nHost: h:8080\r\nX-Api-Key: \t k 1 \t\r\nEmpty:\r\nBlank: \t\r\n\r\n"
        let request = ReadRequest(text + "body")
        let head = request.head
        #expect(request.progress == .complete)
        #expect(head.method == .post)
        #expect(request.text(head.methodRange) == "POST")
        #expect(request.text(head.target) == "/v1/classify?a=b?c")
        #expect(request.text(head.path) == "/v1/classify")
        #expect(request.text(head.query) == "a=b?c")
        #expect(request.text(head.authority) == "h:8080")
        #expect(head.fields.map { request.text($0.name) } == ["Host", "X-Api-Key", "Empty", "Blank"])
        #expect(head.fields.map { request.text($0.value) } == ["h:8080", "k 1", "", ""])
        #expect(head.fields.map(\.known) == [.host, .apiKey, .other, .other])
        #expect(head.byteCount == text.utf8.count)
        #expect(request.text(head.first(.apiKey)) == "k 1")
        #expect(head.first(.contentType) == nil)
        #expect(head.count(of: .other) == 2)
        #expect(head.version == .http11)
    }

    @Test("one empty line before the request line is skipped and counted")
    func emptyLine() {
        let request = ReadRequest("\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request.progress == .complete)
        #expect(request.text(request.head.path) == "/a")
        #expect(request.head.byteCount == request.bytes.count)
    }

    @Test(
        "methods are known by their exact name; any other token is unknown, RFC 9110 §9.1",
        arguments: [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("PATCH", .patch),
            ("OPTIONS", .options), ("TRACE", .trace), ("get", .unknown), ("GETS", .unknown), ("GE", .unknown),
            ("Post", .unknown), ("PROPFIND", .unknown), ("!#$%&'*+-.^_`|~", .unknown), ("HEAP", .unknown),
        ] as [(String, HTTPMethod)]
    )
    func methods(name: String, method: HTTPMethod) {
        let request = ReadRequest("\(name) /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request.progress == .complete)
        #expect(request.head.method == method)
        #expect(request.text(request.head.methodRange) == name)
        if method != .unknown { #expect("\(method.name)" == name) }
    }

    @Test("a name with _ in place of - is another field and repeats no key")
    func underscore() {
        let request = ReadRequest(
            fields: "x-api-key: a\r\nX_Api_Key: b\r\nContent_Length: 5\r\nTransfer_Encoding: x\r\n"
        )
        #expect(request.progress == .complete)
        #expect(request.head.fields.map(\.known) == [.host, .apiKey, .other, .other, .other])
        #expect(request.head.framing == .none)
    }

    // MARK: Limits

    @Test("a request line of 8000 and of 16 KiB is accepted, one byte more is 414", arguments: [true, false])
    func requestLine(inOnePiece: Bool) {
        func ending(lineBytes: Int) -> RequestReader.Ending {
            let line = "GET /\(repeated("a", lineBytes - "GET / HTTP/1.1\r\n".utf8.count)) HTTP/1.1\r\n"
            let bytes = wire(line + "Host: h\r\n\r\n")
            let parser = RequestParser(limits: HeadLimits(headBytesMax: 20_000))
            let transcript =
                inOnePiece
                ? RequestReader.read(bytes, with: parser) : RequestReader.readByteByByte(bytes, with: parser)
            #expect(transcript.messages.count == (transcript.ending == .waiting ? 1 : 0))
            return transcript.ending
        }
        #expect(ending(lineBytes: 8_000) == .waiting)
        #expect(ending(lineBytes: 16 * 1024) == .waiting)
        #expect(ending(lineBytes: 16 * 1024 + 1) == .refused(.requestLineTooLong))
        #expect(RequestRefusal.requestLineTooLong.status == 414)
    }

    @Test("a head of exactly max_header_bytes is accepted, one byte more is 431", arguments: [true, false])
    func headBytes(inOnePiece: Bool) {
        func ending(headBytes: Int) -> RequestReader.Ending {
            let begin = "GET / HTTP/1.1\r\nHost: h\r\nA: "
            let bytes = wire(begin + repeated("a", headBytes - begin.utf8.count - 4) + "\r\n\r\n")
            let parser = RequestParser(limits: HeadLimits())
            let transcript =
                inOnePiece
                ? RequestReader.read(bytes, with: parser) : RequestReader.readByteByByte(bytes, with: parser)
            #expect(transcript.messages.count == (transcript.ending == .waiting ? 1 : 0))
            return transcript.ending
        }
        #expect(ending(headBytes: 16 * 1024) == .waiting)
        #expect(ending(headBytes: 16 * 1024 + 1) == .refused(.headTooLarge))
        #expect(ending(headBytes: 16 * 1024 + 2) == .refused(.headTooLarge))
        #expect(ending(headBytes: 17 * 1024) == .refused(.headTooLarge))
        #expect(RequestRefusal.headTooLarge.status == 431)
    }

    @Test("the empty line counts, and what follows the head does not")
    func headBytesAtTheEdge() {
        let text = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        let count = text.utf8.count
        #expect(ReadRequest(text, limits: HeadLimits(headBytesMax: count)).progress == .complete)
        #expect(ReadRequest(text, limits: HeadLimits(headBytesMax: count - 1)).progress == .refused(.headTooLarge))
        let followed = text + repeated("x", 40_000)
        #expect(ReadRequest(followed, limits: HeadLimits(headBytesMax: count)).progress == .complete)
    }

    @Test("100 fields are accepted, one more is 431", arguments: [true, false])
    func fieldCount(inOnePiece: Bool) {
        func ending(fields: Int) -> RequestReader.Ending {
            let bytes = wire("GET / HTTP/1.1\r\nHost: h\r\n" + repeated("A: b\r\n", fields - 1) + "\r\n")
            let parser = RequestParser(limits: HeadLimits())
            return inOnePiece
                ? RequestReader.read(bytes, with: parser).ending
                : RequestReader.readByteByByte(bytes, with: parser).ending
        }
        #expect(ending(fields: 100) == .waiting)
        #expect(ending(fields: 101) == .refused(.tooManyFields))
        #expect(RequestRefusal.tooManyFields.status == 431)
    }

    @Test("a line that never ends is refused at its limit, whatever stands in it")
    func endless() {
        func ending(_ begin: String, _ filler: String) -> RequestReader.Ending {
            let bytes = wire(begin + repeated(filler, 17 * 1024))
            return RequestReader.readByteByByte(bytes, with: RequestParser(limits: HeadLimits())).ending
        }
        #expect(ending("", "a") == .refused(.requestLineTooLong))
        #expect(ending("GET /", "a") == .refused(.requestLineTooLong))
        // Of what comes in pieces, a character that no target has is looked at only when the line ends.
        #expect(ending("GET /", "\u{80}") == .refused(.requestLineTooLong))
        #expect(ReadRequest("GET /\u{80}").progress == .refused(.malformedTarget))
        #expect(ending("GET / HTTP/1.1\r\nHost: h\r\n", "a") == .refused(.headTooLarge))
        #expect(ending("GET / HTTP/1.1\r\nHost: h\r\nA:", " ") == .refused(.headTooLarge))
    }

    @Test("new limits hold from the next message on")
    func replacedLimits() {
        var parser = RequestParser(limits: HeadLimits())
        let bytes = wire("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(parser.parse(bytes) == .complete)
        parser.replaceLimits(HeadLimits(headBytesMax: bytes.count - 1))
        parser.reset()
        #expect(parser.parse(bytes) == .refused(.headTooLarge))
    }

    @Test("new limits hold for a head that comes again")
    func replacedLimitsOfRepeated() {
        var parser = RequestParser(limits: HeadLimits())
        let bytes = wire("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(parser.parse(bytes) == .complete)
        parser.reset()
        parser.replaceLimits(HeadLimits(fieldsMax: 0))
        #expect(parser.parse(bytes) == .refused(.tooManyFields))
    }

    @Test("a head that comes again is the same one, whatever follows it and however it is cut")
    func headThatComesAgain() {
        let text = "POST /a?b HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: 3\r\nx-api-key: k\r\n\r\n"
        let head = ReadRequest(text).head
        var parser = RequestParser(limits: HeadLimits())
        for follower in ["", "abc", "abcPOST /a HTTP/1.1\r\n"] {
            let bytes = wire(text + follower)
            for cut in [bytes.count] + Array(1..<text.utf8.count) {
                if cut < bytes.count { #expect(parser.parse(Array(bytes[..<cut])) == .incomplete) }
                #expect(parser.parse(bytes) == .complete)
                #expect(parser.head == head)
                #expect(parser.hasRequestLine)
                parser.reset()
                #expect(!parser.hasRequestLine)
            }
        }
    }

    @Test("a head that differs from the last one in any byte is read for itself")
    func headThatNearlyComesAgain() {
        let text = wire("POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nx-api-key: k\r\n\r\n")
        var used = RequestParser(limits: HeadLimits())
        #expect(used.parse(text) == .complete)
        used.reset()
        for index in text.indices {
            for byte in [UInt8(ascii: "4"), UInt8(ascii: "\r"), UInt8(ascii: " "), text[index] ^ 0x20] {
                var changed = text
                changed[index] = byte
                var (other, fresh) = (used, RequestParser(limits: HeadLimits()))
                let expected = fresh.parse(changed)
                #expect(other.parse(changed) == expected)
                if expected == .complete { #expect(other.head == fresh.head) }
            }
        }
    }

    @Test("a head that is too long to be kept is read again, and one behind it as well")
    func longHeadThatComesAgain() {
        let long = "GET / HTTP/1.1\r\nHost: h\r\nX-A: \(String(repeating: "a", count: RecentHead.byteCountMax))\r\n\r\n"
        var parser = RequestParser(limits: HeadLimits())
        for text in [long, long, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n", long] {
            #expect(parser.parse(wire(text)) == .complete)
            #expect(parser.head == ReadRequest(text).head)
            parser.reset()
        }
    }

    @Test("nothing of a message remains in the head of the next")
    func reset() {
        let first = "PUT http://a/b?c HTTP/1.0\r\nHost: h\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n"
        let second = "GET /d HTTP/1.1\r\nHost: h\r\n\r\n"
        var parser = RequestParser(limits: HeadLimits())
        #expect(parser.parse(wire(first)) == .complete)
        parser.reset()
        #expect(parser.parse(wire(second)) == .complete)
        #expect(parser.head == ReadRequest(second).head)
    }

    @Test(
        "empty lines before a request are told from its beginning",
        arguments: [
            ("", 0, false), ("\r", 0, false), ("\r\n", 2, false), ("\r\n\r", 2, false), ("\r\n\r\n", 4, false),
            ("G", 0, true),
            ("\r\nG", 2, true), ("\rG", 0, true), ("\n", 0, true), ("\r\n\r\nGET", 4, true), ("GET\r\n", 0, true),
        ]
    )
    func emptyLines(text: String, byteCount: Int, follows: Bool) {
        let lines = RequestParser.emptyLines(Array(text.utf8).span)
        #expect(lines.byteCount == byteCount)
        #expect(lines.requestFollows == follows)
    }
}
