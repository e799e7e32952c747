import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §1 for paths that are passed through, with an origin behind that records every byte.
@Suite("Smuggling through pass-through")
struct PassthroughSmugglingTests {
    private static let key = "x-api-key: \(Gateway.keyA)"
    private static let file = "Content-Type: application/octet-stream"
    private static let settings: JSON = ["passthrough": ["max_body_bytes": "1MiB"]]
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    /// What an attacker would have the vendor see as a request of its own.
    private static let hidden = "GET /v1/hidden HTTP/1.1\r\nHost: h\r\n\(key)\r\n\r\n"

    private static func answer(_ text: String) -> @Sendable (OriginRequest, RawConnection) throws -> Bool {
        { _, connection in
            try connection.send(text)
            return true
        }
    }

    /// The row's message, for a path that is passed through, with a request behind it. Its content is said to be a
    /// file, which is not looked into: the vendor has its head before it is refused.
    private static func message(_ row: WireRow) -> [UInt8] {
        // Byte by byte: the rows are not all UTF-8.
        let (from, to) = (Array("/v1/classify".utf8), Array("/v1/document".utf8))
        var bytes = row.bytes
        for start in bytes.indices where bytes[start...].starts(with: from) {
            bytes.replaceSubrange(start..<start + from.count, with: to)
        }
        let host = Array("Host: gateway.test\r\n".utf8)
        if let start = bytes.indices.first(where: { bytes[$0...].starts(with: host) }) {
            bytes.insert(contentsOf: "\(file)\r\n".utf8, at: start + host.count)
        }
        return bytes + Array(hidden.utf8)
    }

    /// Sends each row and a sound request after it, and expects that the vendor sees the sound one only.
    private func expectRefused(_ rows: [WireRow], allowsCutBody: Bool) throws {
        try withOrigin(Self.settings, answer: Self.answer(Self.ok)) { gateway, origin in
            for (number, row) in rows.enumerated() {
                let connection = try gateway.connect()
                try connection.sendWhatIsTaken(Self.message(row))
                let reply = try connection.response()
                // With a request behind it, a line that does not end is another fault.
                let isRefused = row.statuses.contains(reply.status) || reply.status == 400
                #expect(isRefused, "\(row.name): \(reply.status) \(reply.text)")
                #expect(reply.announcesClose && reply.json["success"].bool == false, "\(row.name)")
                #expect(try connection.receiveToEnd().bytes.isEmpty, "\(row.name): a second reply")
                let sound = TestRequest("GET", "/v1/sound/\(number)", fields: [("x-api-key", Gateway.keyA)])
                #expect(try gateway.send(sound).status == 200)
                #expect(origin.requests.count == number + 1, "\(row.name)")
                #expect(origin.requests.last?.target == "/v1/sound/\(number)", "\(row.name)")
            }
            let malformed = origin.malformed.filter { !allowsCutBody || !$0.contains("the connection ended within") }
            #expect(malformed == [])
        }
    }

    @Test("a head that means two things, or nothing, reaches the vendor in no way")
    func heads() throws {
        try expectRefused(FramingRefusalTests.wrongHeads + HeadRefusalTests.rows, allowsCutBody: false)
    }

    @Test("a content that means two things is cut off at the vendor, and what follows it is no request")
    func contents() throws { try expectRefused(FramingRefusalTests.wrongContents, allowsCutBody: true) }

    @Test(
        "a target that another reader would take for another path, another host or another protocol goes nowhere",
        arguments: [
            "GET /v1/../mcp", "GET /v1/x/../../mcp", "GET /v1/%2e%2e/mcp", "GET /v1/x/%2e./y", "GET //v1/x",
            "GET /v1//x",
            "GET /v1/x%2f..%2fmcp", "GET /v1/x%5c..%5cmcp", "GET /v1\\x", "GET /v1/x#y", "GET /v1/x%00",

            "GET http://127.0.0.1:1/v1/../mcp", "GET http://a:b@127.0.0.1:1/v1/x", "GET ftp://a/v1/x", "GET v1/x",
            "GET *",
            "CONNECT /v1/x", "CONNECT vendor.test:443", "TRACE /v1/x", "get /v1/x", "BREW /v1/x",
        ]
    )
    func targets(start: String) throws {
        try withOrigin(Self.settings, answer: Self.answer(Self.ok)) { gateway, origin in
            let connection = try gateway.connect()
            try connection.send("\(start) HTTP/1.1\r\nHost: h\r\n\(Self.key)\r\n\r\n")
            let reply = try connection.response()
            #expect([400, 404, 405, 501].contains(reply.status), "\(reply.status)")
            #expect(origin.requests.isEmpty && origin.malformed == [])
        }
    }

    @Test("an absolute target is passed on by its path, to the vendor's host, and nobody else is dialled")
    func absolute() throws {
        try withOrigin(Self.settings, answer: Self.answer(Self.ok)) { gateway, origin in
            let connection = try gateway.connect()
            try connection.send("GET http://127.0.0.1:1/v1/x?a=/../b HTTP/1.1\r\nHost: other\r\n\(Self.key)\r\n\r\n")
            #expect(try connection.response().status == 200)
            let request = try #require(origin.requests.first)
            #expect(request.line == "GET /v1/x?a=/../b HTTP/1.1" && request["host"] == "127.0.0.1:\(origin.port)")
        }
    }

    @Test("sound chunks are passed on as the content that they carry, without their extensions and trailers")
    func chunks() throws {
        try withOrigin(Self.settings, answer: Self.answer(Self.ok)) { gateway, origin in
            let content =
                "5;a=b;c=\"d\"\r\nhello\r\n001\r\n!\r\n0;last\r\nchecksum: 1\r\nContent-Length: 3\r\n\(Self.key)\r\n\r\n"
            let connection = try gateway.connect()
            for _ in 0..<2 {
                let fields = "Host: h\r\n\(Self.key)\r\n\(Self.file)\r\nTransfer-Encoding: chunked"
                let head = "POST /v1/x HTTP/1.1\r\n\(fields)\r\n\r\n"
                try connection.send(head + content)
                #expect(try connection.response().status == 200)
            }
            #expect(origin.requests.map(\.body) == [Array("hello!".utf8), Array("hello!".utf8)])
            #expect(origin.requests.allSatisfy { $0["transfer-encoding"] == "chunked" && $0["content-length"] == nil })
            #expect(origin.requests.allSatisfy { $0["checksum"] == nil } && origin.malformed == [])
        }
    }

    @Test("requests that follow one another in one segment are as many, in order, each with its own content")
    func pipelined() throws {
        try withOrigin(
            Self.settings,
            answer: { request, connection in
                let body = request.target
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return true
            }
        ) { gateway, origin in
            let connection = try gateway.connect()
            let head = "Host: h\r\n\(Self.key)\r\n"
            try connection.send(
                "POST /v1/a HTTP/1.1\r\n\(head)Content-Length: \(Self.hidden.utf8.count)\r\n\r\n\(Self.hidden)"
                    + "POST /v1/b HTTP/1.1\r\n\(head)Transfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n"
                    + "DELETE /v1/c HTTP/1.1\r\n\(head)\r\nGET /v1/d HTTP/1.1\r\n\(head)Content-Length: 0\r\n\r\n"
            )
            for target in ["/v1/a", "/v1/b", "/v1/c", "/v1/d"] { #expect(try connection.response().text == target) }
            #expect(origin.requests.map(\.target) == ["/v1/a", "/v1/b", "/v1/c", "/v1/d"])
            let bodies = origin.requests.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(bodies == [Self.hidden, "GET", "", ""] && origin.malformed == [])
        }
    }

    @Test("a vendor that answers before the content has come makes none of it a request, on neither side")
    func early() throws {
        try withOrigin(
            Self.settings,
            readsBody: false,
            answer: { request, connection in
                try connection.send(Self.ok)
                // What comes after that must be the content that was announced, or the end.
                while connection.end == nil { _ = connection.receiveMore() }
                #expect(Array("abc".utf8).starts(with: connection.received.prefix(3)))
                _ = connection.take(connection.received.count)
                return false
            }
        ) { gateway, origin in
            let connection = try gateway.connect()
            let length = 3 + Self.hidden.utf8.count
            let fields = "Host: h\r\n\(Self.key)\r\n\(Self.file)\r\nContent-Length: \(length)"
            try connection.send("POST /v1/x HTTP/1.1\r\n\(fields)\r\n\r\nabc")
            let reply = try connection.response()
            #expect(reply.status == 200 && reply.announcesClose)
            _ = try connection.sendWhatIsTaken(Array(Self.hidden.utf8))
            #expect(try connection.receiveToEnd().bytes.isEmpty)
            #expect(origin.wait { $0.ends == 1 })
            #expect(origin.requests.count == 1 && origin.malformed == [])
        }
    }
}
