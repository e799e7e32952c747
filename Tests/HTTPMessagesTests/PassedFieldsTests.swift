import Testing

@testable import HTTPMessages

@Suite("Fields that an intermediary passes on")
struct PassedFieldsTests {
    /// The lines that are passed on, of a request with these lines after `Host`.
    private func passed(_ lines: String...) throws -> [String] {
        let text = "GET /x HTTP/1.1\r\nHost: h\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let bytes = Array(text.utf8)
        var parser = RequestParser(limits: HeadLimits())
        try #require(parser.parse(bytes.span) == .complete)
        let passed = PassedFields(of: .request, parser.head.fields, in: bytes.span)
        return parser.head.fields.filter { passed.passes($0, in: bytes.span) }.map { field in
            String(decoding: bytes[field.name.indices], as: UTF8.self) + ": "
                + String(decoding: bytes[field.value.indices], as: UTF8.self)
        }
    }

    /// The same of a response.
    private func returned(_ lines: String...) throws -> [String] {
        let text = "HTTP/1.1 200 OK\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let bytes = Array(text.utf8)
        var parser = ResponseParser()
        parser.reset(requestMethod: .get)
        try #require(parser.parse(bytes.span) == .complete)
        let passed = PassedFields(of: .response, parser.head.fields, in: bytes.span)
        return parser.head.fields.filter { passed.passes($0, in: bytes.span) }.map { field in
            String(decoding: bytes[field.name.indices], as: UTF8.self)
        }
    }

    @Test(
        "a field of the connection, of the framing or of the gateway's own is not passed on",
        arguments: [
            "Connection: close", "Keep-Alive: timeout=5", "Proxy-Connection: close", "Proxy-Authenticate: Basic",
            "Proxy-Authorization: Basic YTpi", "TE: trailers", "Trailer: X", "Upgrade: h2c", "HTTP2-Settings: AAMA",
            "Content-Length: 0", "x-api-key: k", "X-API-KEY: k", "X_Api_Key: k", "x_other: 1", "Expect: 100-continue",
            "Via: 1.1 a", "x-request-id: r", "traceparent: 00-a-b-01", "TraceState: a=1",
        ]
    )
    func left(line: String) throws {
        #expect(try passed(line, "Accept: */*") == ["Accept: */*"])
    }

    @Test("any other field is passed on as it was sent, in order and with its letter case")
    func kept() throws {
        let lines = [
            "aCCept: a/b", "Accept-Language: de", "Cookie: a=b", "traceparents: 1", "X-A: 1", "X-A: 2",
            "Content-Type: multipart/form-data; boundary=x", "Range: bytes=0-1", "If-None-Match: \"e\"",
        ]
        let bytes = try passed(lines[0], lines[1], lines[2], lines[3], lines[4], lines[5], lines[6], lines[7], lines[8])
        #expect(bytes == lines)
    }

    @Test("what Connection nominates is not passed on, in any letter case and from any of its lines")
    func nominated() throws {
        #expect(try passed("Connection: X-A, close", "x-a: 1", "X-B: 2", "connection: ,x-b ,", "X-C: 3") == ["X-C: 3"])
        // Framing, host and key are written anew, so nominating them takes nothing from the vendor's request.
        #expect(try passed("Connection: host, x-api-key, content-length", "x-api-key: k") == [])
    }

    @Test("a field that the gateway knows is left out where Connection nominates it, as any other is")
    func nominatedKnown() throws {
        let lines = ["Content-Type: a/b", "Cache-Control: no-store", "Content-Encoding: gzip", "Retry-After: 1"]
        #expect(try passed(lines[0], lines[1], lines[2], lines[3]) == lines)
        for line in lines {
            let name = String(line.prefix { $0 != ":" })
            let rest = lines.filter { $0 != line }
            let nominated = "Connection: keep-alive, \(name.uppercased())"
            #expect(try passed(nominated, lines[0], lines[1], lines[2], lines[3]) == rest)
            #expect(try !returned(nominated, line).contains(name))
            #expect(try returned("Connection: keep-alive", "Keep-Alive: timeout=1", line) == [name])
        }
    }

    @Test("fields that mean something in requests alone are passed on in a response")
    func requestFields() throws {
        let names = ["Host", "Expect", "x-api-key", "traceparent", "tracestate"]
        for name in names { #expect(try returned("\(name): v") == [name]) }
    }

    @Test("of a response, the fields of the connection and what the gateway itself says are not passed on")
    func response() throws {
        let names = try returned(
            "Connection: X-Hop",
            "X-Hop: 1",
            "Date: d",
            "Set-Cookie: a",
            "Set-Cookie: b",
            "Transfer-Encoding: chunked",
            "Trailer: T",
            "Keep-Alive: timeout=1",
            "Tollgate-Credits-Charged: 0",
            "x-request-id: v",
            "Via: 1.1 v",
            "X_Under: 1",
            "Location: /there"
        )
        #expect(names == ["Date", "Set-Cookie", "Set-Cookie", "X_Under", "Location"])
    }

    @Test("Via names every hop in order, this one last, with the version that was received")
    func via() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\nVia: 1.0 a, 1.1 b\r\nvia: 1.1 c\r\n\r\n".utf8)
        var parser = RequestParser(limits: HeadLimits())
        try #require(parser.parse(bytes.span) == .complete)
        let lines = PassedFields.lines(of: .request, .http11, parser.head.fields, in: bytes.span) { _, _ in true }
        #expect(String(decoding: lines, as: UTF8.self) == "via: 1.0 a, 1.1 b, 1.1 c, 1.1 tollgate\r\n")
        let alone = PassedFields.lines(of: .request, .http10, [], in: bytes.span) { _, _ in true }
        #expect(String(decoding: alone, as: UTF8.self) == "via: 1.0 tollgate\r\n")
    }

    @Test("lines are written with one space before their values, however they came")
    func spaces() throws {
        let bytes = Array(
            "HTTP/1.1 200 OK\r\nA: 1\r\nB:2\r\nC:\t3\r\nD:  4\r\nE: 5 \r\nF:\r\nG: \r\nH: 8\r\n\r\nA: 9".utf8
        )
        var parser = ResponseParser()
        parser.reset(requestMethod: .get)
        try #require(parser.parse(bytes.span) == .complete)
        let lines = PassedFields.lines(of: .response, .http11, parser.head.fields, in: bytes.span) { name, _ in
            name[0] != UInt8(ascii: "H")
        }
        let expected = "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: \r\nG: \r\nvia: 1.1 tollgate\r\n"
        #expect(String(decoding: lines, as: UTF8.self) == expected)
    }

    @Test("content in chunks is read back as it was", arguments: [1, 9, 10, 255, 4_096, 70_000])
    func chunks(count: Int) {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let bytes = Chunk.write(content) + Chunk.write([0x0D]) + Chunk.last
        var reader = ContentReader(length: nil)
        #expect(reader.read(bytes.span, limit: 100_000) == .complete)
        #expect(reader.takeConsumed() == bytes.count)
        #expect(reader.takeContent() == content + [0x0D])
    }
}
