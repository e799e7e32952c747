import TestSupport
import Testing

/// Content on paths that take none, which any client may send: it is checked before the route, never kept, and takes no
/// resources.
@Suite("Content where none is expected", .serialized, .gateway(["listen": ["body_timeout": "1s"]]))
struct UnexpectedContentTests {
    private static let paths = ["/healthz", "/readyz"]

    private func head(_ path: String, _ fields: String, method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: gateway.test\r\n\(fields)\r\n\r\n"
    }

    private func expectRefused(_ response: TestResponse, _ connection: RawConnection) throws {
        expectError(response, 413, "body_too_large")
        #expect(response.announcesClose)
        #expect(response.interim.isEmpty)
        #expect(try connection.receiveToEnd().bytes.isEmpty)
        #expect(try suiteGateway().send(TestRequest("GET", "/healthz")).status == 200)
    }

    @Test(
        "no length is too large to be refused, on any path",
        arguments: ["/healthz", "/readyz", "/v1/classify", "/nowhere", "/healthz/x"],
        ["9223372036854775807", "9223372036854775806", "4611686018427387904", "1099511627776", "1048577"]
    )
    func absurdLength(path: String, length: String) throws {
        let gateway = try suiteGateway()
        for method in ["GET", "POST", "HEAD"] {
            let connection = try gateway.connect()
            try connection.send(head(path, "Content-Length: \(length)", method: method))
            let response = try connection.response(toHEAD: method == "HEAD")
            #expect(response.status == 413 || (response.status == 405 && path != "/nowhere"), "\(response.status)")
            #expect(response.announcesClose)
            #expect(try connection.receiveToEnd().bytes.isEmpty)
        }
        #expect(try gateway.send(TestRequest("GET", "/healthz")).status == 200)
    }

    @Test("more than a little content is 413 before it is read", arguments: paths, [8 * 1024 + 1, 5 << 20])
    func tooLong(path: String, length: Int) throws {
        let connection = try suiteGateway().connect()
        try connection.send(head(path, "Content-Length: \(length)\r\nExpect: 100-continue"))
        try expectRefused(try connection.response(), connection)
    }

    @Test("chunks are read past up to the same bound, and refused as soon as they say more", arguments: paths)
    func chunksTooLong(path: String) throws {
        for content in [
            "2001\r\n", "fffffffffffffff\r\n", "1000\r\n" + String(repeating: "a", count: 4096) + "\r\n1001\r\n",
        ] {
            let connection = try suiteGateway().connect()
            try connection.send(head(path, "Transfer-Encoding: chunked") + content)
            try expectRefused(try connection.response(), connection)
        }
    }

    @Test("a little content is read past, and the connection goes on behind it", arguments: paths)
    func little(path: String) throws {
        let connection = try suiteGateway().connect()
        let content = String(repeating: "a", count: 8 * 1024)
        for (fields, body) in [
            ("Content-Length: \(content.utf8.count)", content),
            ("Transfer-Encoding: chunked", "2000\r\n\(content)\r\n0\r\n\r\n"),
        ] {
            try connection.send(head(path, fields))
            #expect(connection.staysQuiet(for: .milliseconds(50)))
            try connection.send(body)
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(!response.announcesClose)
        }
    }

    @Test("who asks whether content is wanted is answered without a 100, and the connection ends", arguments: paths)
    func expectation(path: String) throws {
        for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
            let connection = try suiteGateway().connect()
            try connection.send(head(path, "\(framing)\r\nExpect: 100-continue"))
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(response.interim.isEmpty)
            #expect(response.announcesClose)
            #expect(try connection.receiveToEnd().bytes.isEmpty)
        }
    }

    @Test("a byte now and then does not extend the time that content may take", arguments: paths)
    func trickle(path: String) throws {
        let connection = try suiteGateway().connect()
        try connection.send(head(path, "Content-Length: 8000"))
        var sent = 0
        while connection.staysQuiet(for: .milliseconds(100)), sent < 600 {
            sent += try connection.sendWhatIsTaken([0x61])
        }
        // 600 bytes take a minute; each comes within body_timeout of the previous one.
        #expect(sent < 600)
        expectError(try connection.response(), 408, "request_timeout")
        #expect(try connection.receiveToEnd().bytes.isEmpty)
    }
}
