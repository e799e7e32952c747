import Foundation
import TestSupport
import Testing

/// `docs/api.md` §2: other paths of the vendor, passed through. The origin records every byte that the vendor would
/// get.
@Suite("Pass-through")
struct PassthroughTests {
    private static let key = [("x-api-key", Gateway.keyA)]

    private static func reply(_ text: String) -> @Sendable (OriginRequest, RawConnection) throws -> Bool {
        { _, connection in
            try connection.send(text)
            return true
        }
    }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    // MARK: Messages

    @Test("method, target, fields and body go to the vendor as they were sent; key, host and hop-by-hop fields do not")
    func request() throws {
        try withOrigin(answer: Self.reply(Self.ok)) { gateway, origin in
            let fields = [
                ("x-api-key", Gateway.keyA), ("Connection", "X-Hop, keep-alive"), ("X-Hop", "1"), ("TE", "trailers"),
                ("Upgrade", "h2c"), ("X_Api_Key", Gateway.keyA), ("X-Kept", "a  b"), ("Via", "1.1 before"),
                ("x-request-id", "my-request"), ("Accept-Encoding", "gzip"),
                ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                ("X-Copy", "key=\(Gateway.keyA)"),
            ]
            let target = "/v1/documents/a%20b;c?x=%2F..&y=a+b&&z"
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let content = Array("\(method) content".utf8)
                let body = method == "GET" ? [] : content
                let reply = try gateway.send(TestRequest(method, target, fields: fields, body: body))
                #expect(reply.status == 200 && reply.text == "ok")
                #expect(reply["via"] == "1.1 tollgate" && reply["x-request-id"] == "my-request")
                let request = try #require(origin.requests.last)
                #expect(request.line == "\(method) \(target) HTTP/1.1")
                #expect(request.body == body)
                let names = request.fields.map { $0.name.lowercased() }.sorted()
                let expected = ["accept-encoding", "host", "traceparent", "via", "x-api-key", "x-kept", "x-request-id"]
                #expect(names == (expected + (body.isEmpty ? [] : ["content-length"])).sorted())
                #expect(request["host"] == "127.0.0.1:\(origin.port)" && request["x-api-key"] == VendorSim.key)
                #expect(request["via"] == "1.1 before, 1.1 tollgate" && request["x-kept"] == "a  b")
                // The vendor's key could not be found in a coded reply.
                #expect(request["accept-encoding"] == "identity")
                #expect(request["x-request-id"] == "my-request")
                // The span is the gateway's.
                #expect(request["traceparent"]?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
            }
            #expect(origin.malformed == [])
        }
    }

    @Test(
        "a reply is passed on with its status and fields",
        arguments: [
            (
                "HTTP/1.1 201 X\r\nLocation: /a\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 1\r\n\r\nx",
                201, "x"
            ),
            ("HTTP/1.1 302 X\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n", 302, ""),
            ("HTTP/1.1 204 X\r\n\r\n", 204, ""), ("HTTP/1.1 304 X\r\nETag: \"e\"\r\n\r\n", 304, ""),
            ("HTTP/1.1 404 X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 404, "{}"),
            ("HTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nx", 500, "x"),
            ("HTTP/1.1 502 X\r\nContent-Length: 1\r\n\r\nx", 502, "x"),
            (
                "HTTP/1.1 102 X\r\n\r\nHTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "1\r\na\r\n2\r\nbc\r\n0\r\nT: x\r\n\r\n",
                200, "abc"
            ),
            (
                "HTTP/1.1 200 X\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\n"
                    + "Content-Length: 0\r\n\r\n",
                200, ""
            ),
        ]
    )
    func reply(text: String, status: Int, content: String) throws {
        try withOrigin(answer: Self.reply(text)) { gateway, _ in
            let connection = try gateway.connect()
            for _ in 0..<2 {
                try connection.send(TestRequest("GET", "/v1/x", fields: Self.key).bytes)
                let reply = try connection.response()
                #expect(reply.status == status && reply.text == content)
                #expect(reply.values("x-hop") == [] && reply.values("keep-alive") == [])
                #expect(reply.values("via") == ["1.1 tollgate"])
                #expect(reply["location"] != nil || !text.contains("Location"))
                #expect(reply.values("set-cookie") == (text.contains("Cookie") ? ["a", "b"] : []))
                #expect(reply["cache-status"] == nil)
            }
        }
    }

    @Test("a reply to HEAD has the length of GET and no content; one until the close is chunked, or ends a connection")
    func framings() throws {
        try withOrigin(answer: { request, connection in
            if request.method == "HEAD" {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")
                return true
            }
            try connection.send("HTTP/1.1 200 OK\r\n\r\nuntil the close")
            return false
        }) { gateway, _ in
            let connection = try gateway.connect()
            try connection.send(TestRequest("HEAD", "/v1/x", fields: Self.key).bytes)
            let head = try connection.response(toHEAD: true)
            #expect(head["content-length"] == "77" && head.body == [])
            try connection.send(TestRequest("GET", "/v1/x", fields: Self.key).bytes)
            let chunked = try connection.response()
            #expect(chunked["transfer-encoding"] == "chunked" && chunked.text == "until the close")
            let old = try gateway.connect()
            try old.send("GET /v1/x HTTP/1.0\r\nx-api-key: \(Gateway.keyA)\r\nConnection: keep-alive\r\n\r\n")
            let (bytes, end) = try old.receiveToEnd()
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(end == .finished && text.hasSuffix("\r\n\r\nuntil the close") && !text.contains("chunked"))
        }
    }

    @Test("what is outside the prefixes is not found and names the setting, and nothing reaches the vendor")
    func outside() throws {
        try withOrigin(answer: Self.reply(Self.ok)) { gateway, origin in
            let refused = [
                ("POST", "/mcp", 404), ("GET", "/v2/x", 404), ("GET", "/filesystem", 404), ("GET", "/v1/classify", 405),
                ("POST", "/v1/classify/", 404), ("POST", "/v1/%63lassify", 400), ("POST", "/v1/x/../classify", 400),
                ("GET", "/v1//x", 400), ("GET", "/v1/%2e%2e/mcp", 400), ("BREW", "/v1/x", 405), ("TRACE", "/v1/x", 405),
            ]
            for (method, target, status) in refused {
                let reply = try gateway.send(TestRequest(method, target, fields: Self.key))
                #expect(reply.status == status, "\(method) \(target)")
                if status == 404 { #expect(reply.json["message"].string?.contains("passthrough.prefixes") == true) }
            }
            expectError(try gateway.send(TestRequest("GET", "/v1/x")), 403, "invalid_api_key")
            let leaking = TestRequest("GET", "/v1/x?key=\(Gateway.keyA)", fields: Self.key)
            expectError(try gateway.send(leaking), 400, "bad_request")
            #expect(origin.requests.count == 0 && origin.malformed == [])
        }
        try withOrigin(["passthrough": ["enabled": false]], answer: Self.reply(Self.ok)) { gateway, origin in
            expectError(try gateway.send(TestRequest("GET", "/v1/x", fields: Self.key)), 404, "not_found")
            #expect(origin.requests.isEmpty)
        }
    }

    // MARK: Streaming

    @Test("the vendor has the first byte before the client sent the last, and the client before the vendor did")
    func streams() throws {
        try withOrigin(
            readsBody: false,
            answer: { request, connection in
                #expect(try connection.take(exactly: 5) == Array("first".utf8))
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nup")
                #expect(try connection.take(exactly: 4) == Array("last".utf8))
                try connection.send("and-down")
                return true
            }
        ) { gateway, _ in
            let connection = try gateway.connect()
            let head = "POST /v1/x HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\nContent-Length: 9\r\n\r\n"
            try connection.send(head + "first")
            while !String(decoding: connection.received, as: UTF8.self).hasSuffix("\r\n\r\nup") {
                try #require(connection.receiveMore())
            }
            try connection.send("last")
            #expect(try connection.response().text == "upand-down")
        }
    }

    /// A sanitizer keeps freed memory, so these bounds are not its programs'.
    private static let isMeasurable = ConditionTrait.disabled(
        if: ServerProcess.programsAreSanitized,
        "a sanitizer keeps what is freed; TOLLGATE_TEST_PROGRAMS may name the folder of another build"
    )

    @Test("100 MiB each way, chunked or not, take no memory to speak of", isMeasurable, arguments: [false, true])
    func large(isChunked: Bool) throws {
        let size = 100 << 20
        try withOrigin(
            ["passthrough": ["max_body_bytes": "100MiB"]],
            readsBody: false,
            answer: { request, connection in
                var count = 0
                if isChunked {
                    while true {
                        let line = String(decoding: try connection.takeLine(), as: UTF8.self)
                        let chunk = try #require(Int(line, radix: 16))
                        _ = try connection.take(exactly: chunk + 2)
                        count += chunk
                        if chunk == 0 { break }
                    }
                } else {
                    while count < size {
                        if connection.received.isEmpty { try #require(connection.receiveMore()) }
                        count += connection.take(connection.received.count).count
                    }
                }
                #expect(count == size)
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)"
                try connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\(framing)\r\n\r\n")
                let piece = [UInt8](repeating: 0x61, count: 1 << 20)
                for _ in 0..<100 {
                    if isChunked { try connection.send("100000\r\n") }
                    try connection.send(piece)
                    if isChunked { try connection.send("\r\n") }
                }
                if isChunked { try connection.send("0\r\n\r\n") }
                return true
            }
        ) { gateway, _ in
            // The first use of everything that is made once.
            _ = try gateway.send(TestRequest("GET", "/v2/x", fields: Self.key))
            let before = try gateway.residentKilobytes()
            var highest = 0
            let connection = try gateway.connect()
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)"
            try connection.send("POST /v1/x HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n\(framing)\r\n\r\n")
            let piece = [UInt8](repeating: 0x62, count: 1 << 20)
            for number in 0..<100 {
                if isChunked { try connection.send("100000\r\n") }
                try connection.send(piece)
                if isChunked { try connection.send("\r\n") }
                if number % 10 == 9 { highest = max(highest, try gateway.residentKilobytes()) }
            }
            if isChunked { try connection.send("0\r\n\r\n") }
            var received = 0
            while received < size {
                try #require(connection.receiveMore())
                received += connection.take(connection.received.count).count
                if received % (10 << 20) < 65_536 { highest = max(highest, try gateway.residentKilobytes()) }
            }
            #expect(highest - before < 16_384, "\(before) KiB, then \(highest) KiB")
        }
    }

    @Test("nothing of a request is left when it is over, its content least of all", isMeasurable)
    func residue() throws {
        try withOrigin(["passthrough": ["spending": []]], answer: Self.reply(Self.ok)) { gateway, _ in
            let fields = Self.key + [("Content-Type", "text/plain")]
            let body = [UInt8](repeating: 0x20, count: 60_000)
            let connection = try gateway.connect()
            func ask(_ count: Int) throws {
                for _ in 0..<count {
                    try connection.send(TestRequest("POST", "/v1/x", fields: fields, body: body).bytes)
                    #expect(try connection.response().status == 200)
                }
            }
            try ask(100)
            let before = try gateway.residentKilobytes()
            try ask(1_000)
            let growth = try gateway.residentKilobytes() - before
            #expect(growth < 8_192, "\(growth) KiB of 58 MiB")
        }
    }

    @Test("a client that does not read a large reply stops the vendor's sending, and costs no memory", isMeasurable)
    func stalledClient() throws {
        try withOrigin(answer: { _, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n")
            let piece = [UInt8](repeating: 0x61, count: 1 << 20)
            for _ in 0..<1_024 { try connection.send(piece, .after(.seconds(60))) }
            return true
        }) { gateway, origin in
            let before = try gateway.residentKilobytes()
            let clients = try (0..<8).map { _ in try gateway.connect(receiveBuffer: 4_096) }
            for client in clients {
                try client.send(TestRequest("GET", "/v1/x", fields: Self.key).bytes)
                while !client.received.starts(with: Array("HTTP/1.1 200".utf8)) { try #require(client.receiveMore()) }
            }
            // Others are served meanwhile.
            #expect(try gateway.send(TestRequest("GET", "/healthz")).status == 200)
            #expect(try gateway.residentKilobytes() - before < 16_384)
            for client in clients { client.reset() }
            #expect(origin.wait { $0.ends == 8 })
        }
    }

    @Test("a client that leaves closes the connection to the vendor: while it sends, while it waits, while it reads")
    func leaves() throws {
        try withOrigin(
            readsBody: false,
            answer: { request, connection in
                if request.target == "/v1/reads" {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
                }
                while connection.end == nil { _ = connection.receiveMore() }
                return false
            }
        ) { gateway, origin in
            let requests = [
                "POST /v1/sends HTTP/1.1\r\nHost: h\r\nKEY\r\nContent-Length: 100\r\n\r\nabc",
                "HEAD /v1/waits HTTP/1.1\r\nHost: h\r\nKEY\r\n\r\n", "GET /v1/reads HTTP/1.1\r\nHost: h\r\nKEY\r\n\r\n",
            ]
            for (number, text) in requests.enumerated() {
                let connection = try gateway.connect()
                try connection.send(text.replacingOccurrences(of: "KEY", with: "x-api-key: \(Gateway.keyA)"))
                #expect(origin.wait { $0.requests.count == number + 1 })
                if text.contains("reads") { try #require(connection.receiveMore()) }
                connection.reset()
                #expect(origin.wait { $0.ends == number + 1 })
            }
            let lines = try gateway.accessLog(atLeast: 3)
            #expect(lines.map { $0["status"].int } == [499, 499, 499])
        }
    }

    // MARK: Expectations

    @Test("a client that expects a 100 gets the vendor's word, either a 100 or a final reply")
    func expectation() throws {
        try withOrigin(
            readsBody: false,
            answer: { request, connection in
                #expect(request["expect"] == "100-continue")
                guard request.target == "/v1/wanted" else {
                    try connection.send("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")
                    return false
                }
                try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
                #expect(try connection.take(exactly: 4) == Array("body".utf8))
                try connection.send(Self.ok)
                return true
            }
        ) { gateway, _ in
            for target in ["/v1/wanted", "/v1/unwanted"] {
                let connection = try gateway.connect()
                let key = "x-api-key: \(Gateway.keyA)\r\nContent-Type: application/octet-stream"
                let fields = "Host: h\r\n\(key)\r\nContent-Length: 4\r\nExpect: 100-continue"
                try connection.send("POST \(target) HTTP/1.1\r\n\(fields)\r\n\r\n")
                if target == "/v1/wanted" {
                    while connection.received.count < 25 { try #require(connection.receiveMore()) }
                    try connection.send("body")
                }
                let reply = try connection.response()
                #expect(reply.interim.map(\.status) == (target == "/v1/wanted" ? [100] : []))
                #expect(reply.status == (target == "/v1/wanted" ? 200 : 417))
                if target == "/v1/unwanted" {
                    #expect(reply.announcesClose)
                    #expect(try connection.receiveToEnd().bytes == [])
                }
            }
        }
    }

    @Test("a vendor that does not know the expectation keeps no client waiting for long")
    func silentExpectation() throws {
        try withOrigin(answer: { _, connection in
            try connection.send(Self.ok)
            return true
        }) { gateway, origin in
            let connection = try gateway.connect()
            let key = "x-api-key: \(Gateway.keyA)\r\nContent-Type: application/octet-stream"
            let fields = "Host: h\r\n\(key)\r\nContent-Length: 4\r\nExpect: 100-continue"
            try connection.send("POST /v1/x HTTP/1.1\r\n\(fields)\r\n\r\n")
            while connection.received.count < 25 { try #require(connection.receiveMore()) }
            try connection.send("body")
            #expect(try connection.response().status == 200)
            #expect(origin.requests.first?.body == Array("body".utf8))
        }
    }

    // MARK: Faults

    @Test("a vendor that stalls, cuts or lies is told as such if nothing was sent, and cut off if something was")
    func vendorFaults() throws {
        let settings: JSON = ["upstream": ["response_timeout": "3s", "circuit_breaker": ["failures": 100]]]
        try withOrigin(
            settings,
            answer: { request, connection in
                switch request.target {
                case "/v1/silent": while connection.end == nil { _ = connection.receiveMore() }
                case "/v1/garbage": try connection.send("SSH-2.0\r\n")
                case "/v1/both":
                    try connection.send(
                        "HTTP/1.1 200 X\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    )
                case "/v1/closes": break
                case "/v1/cut": try connection.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nabc")
                case "/v1/chunk":
                    try connection.send("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
                default:
                    try connection.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nabc")
                    while connection.end == nil { _ = connection.receiveMore() }
                }
                return false
            }
        ) { gateway, origin in
            for (target, status, code) in [
                ("/v1/silent", 504, "upstream_timeout"), ("/v1/garbage", 502, "upstream_invalid_response"),
                ("/v1/both", 502, "upstream_invalid_response"), ("/v1/closes", 502, "upstream_unreachable"),
            ] {
                expectError(try gateway.send(TestRequest("GET", target, fields: Self.key)), status, code)
            }
            for target in ["/v1/cut", "/v1/chunk", "/v1/stalls"] {
                let connection = try gateway.connect()
                try connection.send(TestRequest("GET", target, fields: Self.key).bytes)
                // A reset, so that it does not look whole, though its bytes may be gone then.
                #expect(try connection.receiveToEnd().end == .reset)
            }
            #expect(origin.requests.count == 7)
        }
    }

    @Test("the vendor's key never comes back: not in a field, not in content, not across the border of two pieces")
    func echoedKey() throws {
        try withOrigin(answer: { request, connection in
            let key = VendorSim.key
            let half = key.count / 2
            try connection.send(
                "HTTP/1.1 401 X\r\nX-Echo: \(key)\r\nVia: 1.1 \(key)\r\nContent-Type: text/plain\r\nContent-Length: \(key.count + 2)\r\n\r\n<"
            )
            for part in [String(key.prefix(half)), String(key.dropFirst(half)), ">"] {
                try connection.send(part)
                usleep(20_000)
            }
            return true
        }) { gateway, _ in
            let reply = try gateway.send(TestRequest("GET", "/v1/x", fields: Self.key))
            let stars = String(repeating: "*", count: VendorSim.key.count)
            #expect(reply.status == 401 && reply["x-echo"] == stars && reply.text == "<\(stars)>")
            #expect(reply["via"] == "1.1 \(stars), 1.1 tollgate")
        }
    }

    @Test("a body over passthrough.max_body_bytes is refused: before it is read, or as soon as it is too long")
    func tooLarge() throws {
        try withOrigin(["passthrough": ["max_body_bytes": "2MiB"]], answer: Self.reply(Self.ok)) { gateway, origin in
            let body = [UInt8](repeating: 0x20, count: (2 << 20) + 1)
            let announced = try gateway.connect()
            try announced.send(
                "POST /v1/x HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\nContent-Length: \(body.count)\r\n\r\n"
            )
            let refused = try announced.response()
            expectError(refused, 413, "body_too_large")
            #expect(refused.json["message"].string?.contains("2097152") == true)
            #expect(origin.requests.isEmpty)
            let fits = TestRequest("POST", "/v1/x", fields: Self.key, body: Array(body.dropLast()))
            #expect(try gateway.send(fits).status == 200)
            let chunked = try gateway.connect()
            try chunked.send(
                "POST /v1/x HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            try chunked.sendWhatIsTaken(Array("200001\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8))
            expectError(try chunked.response(), 413, "body_too_large")
        }
    }

    @Test("pass-through counts in a team's rate and concurrency, and has a line in the access log")
    func limits() throws {
        let teams: JSON = [
            [
                "id": "team-a", "account": "default", "max_concurrency": 1, "name": "A",
                "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
            ]
        ]
        try withOrigin(
            ["teams": teams],
            answer: { request, connection in
                if request.target == "/v1/holds" { while connection.end == nil { _ = connection.receiveMore() } }
                try connection.send(Self.ok)
                return true
            }
        ) { gateway, origin in
            let held = try gateway.connect()
            try held.send(TestRequest("HEAD", "/v1/holds", fields: Self.key).bytes)
            #expect(origin.wait { $0.requests.count == 1 })
            expectError(try gateway.send(TestRequest("GET", "/v1/x", fields: Self.key)), 429, "rate_limited")
            held.reset()
            #expect(origin.wait { $0.ends == 1 })
            let deadline = Deadline.generous
            while try gateway.send(TestRequest("GET", "/v1/x", fields: Self.key)).status != 200 {
                try #require(!deadline.hasPassed)
            }
            #expect(gateway.process.stdout.wait { $0.contains { $0.contains(#""status":200"#) } })
            let lines = try gateway.accessLog(atLeast: 3)
            let line = try #require(lines.first { $0["status"].int == 200 })
            #expect(line["path"].string == "/v1/x" && line["team"].string == "team-a" && line["status"].int == 200)
            #expect(line["credits_charged"].int == 0)
        }
    }
}
