import Glibc
import TestSupport
import Testing

/// `docs/faults.md` §1, the rows about more than one message: order, continuation, persistence, ends.
@Suite("Conversations on one connection (RFC 9112 §9)", .serialized, .gateway())
struct ConversationTests {
    private func head(_ lines: [String]) -> String { lines.joined(separator: "\r\n") + "\r\n\r\n" }

    private func classifyHead(_ lines: [String], version: String = "HTTP/1.1", key: String = Gateway.keyA) -> String {
        head(["POST /v1/classify \(version)", "Host: gateway.test", "x-api-key: \(key)"] + lines)
    }

    @Test("pipelined requests are answered in order, one in work at a time")
    func pipelining() throws {
        let gateway = try suiteGateway()
        let callsBefore = try gateway.vendor.calls()
        let documents = (0..<3).map { _ in SampleRequests.newDocumentID() }
        try gateway.vendor.queueFault("hold", document: documents[0])
        let connection = try gateway.connect()
        var bytes = TestRequest("GET", "/healthz").bytes
        for document in documents {
            bytes += TestRequest.classify(SampleRequests.about(document), key: Gateway.keyA).bytes
        }
        bytes += TestRequest("GET", "/nowhere", fields: [("x-api-key", Gateway.keyA)]).bytes
        try connection.send(bytes)
        #expect(try connection.response().status == 200)
        try gateway.vendor.waitForCalls(inFlight: 1)
        #expect(try gateway.vendor.calls() == callsBefore + 1)
        try gateway.vendor.release()
        for document in documents {
            #expect(try connection.response().json["document_id"].string == document)
        }
        expectError(try connection.response(), 404, "not_found")
        #expect(try gateway.vendor.calls() == callsBefore + 3)
        #expect(connection.isOpen)
    }

    @Test("Expect: 100-continue gets 100 before the body and the answer after it")
    func expectContinue() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        let connection = try gateway.connect()
        try connection.send(classifyHead(["Expect: 100-continue", "Content-Length: \(body.utf8.count)"]))
        while connection.received.count < 25 { try #require(connection.receiveMore()) }
        #expect(String(decoding: connection.received, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send(body)
        let response = try connection.response()
        expectStoredMiss(response)
        #expect(response.interim.map(\.status) == [100])
        #expect(connection.isOpen)
    }

    @Test("no 100 is sent where the answer is known, nor to HTTP/1.0")
    func noContinue() throws {
        let gateway = try suiteGateway()
        let tooLarge = try gateway.connect()
        try tooLarge.send(classifyHead(["Expect: 100-continue", "Content-Length: 2097152"]))
        let refusal = try tooLarge.response()
        expectError(refusal, 413, "body_too_large")
        #expect(refusal.interim.isEmpty)

        let badKey = try gateway.connect()
        try badKey.send(classifyHead(["Expect: 100-continue", "Content-Length: 200"], key: "wrong-key-0123456789"))
        let forbidden = try badKey.response()
        expectError(forbidden, 403, "invalid_api_key")
        #expect(forbidden.interim.isEmpty)

        let old = try gateway.connect()
        let body = SampleRequests.about()
        try old.send(
            classifyHead(["Expect: 100-continue", "Content-Length: \(body.utf8.count)"], version: "HTTP/1.0") + body
        )
        let response = try old.response()
        #expect(response.status == 200)
        #expect(response.interim.isEmpty)
    }

    @Test("a body over the limit is refused before it is read, in a length or in chunks")
    func bodyTooLarge() throws {
        let gateway = try suiteGateway()
        let connection = try gateway.connect()
        try connection.send(classifyHead(["Content-Length: 1048577"]))
        expectError(try connection.response(), 413, "body_too_large")
        let largest = try gateway.connect()
        let body = SampleRequests.about()
        let padded = body + String(repeating: " ", count: 1_048_576 - body.utf8.count)
        try largest.send(classifyHead(["Content-Length: 1048576"]) + padded)
        expectStoredMiss(try largest.response())
    }

    @Test("an early refusal never takes the unread body for a request", arguments: [true, false])
    func unreadBody(key isWrong: Bool) throws {
        let gateway = try suiteGateway()
        let callsBefore = try gateway.vendor.calls()
        let smuggled = TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes
        let connection = try gateway.connect()
        let start = isWrong ? "POST /v1/classify" : "POST /nowhere"
        let key = isWrong ? "wrong-key-0123456789" : Gateway.keyA
        let first = head(["\(start) HTTP/1.1", "Host: a", "x-api-key: \(key)", "Content-Length: \(smuggled.count)"])
        try connection.send([UInt8](first.utf8))
        // The body is sent when the answer may already have gone out.
        _ = connection.receiveMore()
        try connection.sendWhatIsTaken(smuggled + TestRequest("GET", "/healthz").bytes)
        let refusal = try connection.response()
        #expect(refusal.status == (isWrong ? 403 : 404))
        if refusal.announcesClose {
            #expect(try connection.receiveToEnd().bytes.isEmpty)
        } else {
            #expect(try connection.response().json["document_id"] == .null)
        }
        #expect(try gateway.vendor.calls() == callsBefore)
    }

    @Test(
        "framing does not depend on the method; HEAD has no content in its answer",
        arguments: ["GET", "HEAD", "OPTIONS"]
    )
    func contentWithoutMeaning(method: String) throws {
        let gateway = try suiteGateway()
        let connection = try gateway.connect()
        let content = Array("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var request = TestRequest(method, "/healthz", body: content)
        request.fields = [("x-api-key", Gateway.keyA)]
        try connection.send(request.bytes)
        let first = try connection.response(toHEAD: method == "HEAD")
        #expect(method == "OPTIONS" ? [200, 204, 405].contains(first.status) : first.status == 200)
        guard !first.announcesClose else {
            #expect(try connection.receiveToEnd().bytes.isEmpty)
            return
        }
        try connection.send(TestRequest("GET", "/healthz").bytes)
        #expect(try connection.response().status == 200)
        #expect(connection.isOpen)
        #expect(connection.received.isEmpty)
    }

    @Test("HTTP/1.0 closes unless asked to stay, confirms it, and gets no chunks")
    func oldVersion() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        let closing = try gateway.connect()
        try closing.send(classifyHead(["Content-Length: \(body.utf8.count)"], version: "HTTP/1.0") + body)
        let first = try closing.response()
        expectStoredMiss(first)
        #expect(first["transfer-encoding"] == nil)
        #expect(try closing.receiveToEnd().end == .finished)

        let staying = try gateway.connect()
        for _ in 1...2 {
            try staying.send(
                classifyHead(["Connection: keep-alive", "Content-Length: \(body.utf8.count)"], version: "HTTP/1.0")
                    + body
            )
            let reply = try staying.response()
            expectHit(reply)
            #expect(reply["connection"]?.lowercased() == "keep-alive")
            #expect(reply["transfer-encoding"] == nil)
        }
        #expect(staying.isOpen)

        let withoutHost = try gateway.connect()
        try withoutHost.send("GET /healthz HTTP/1.0\r\n\r\n")
        #expect(try withoutHost.response().status == 200)
    }

    @Test("Connection: close is honoured and said")
    func close() throws {
        let gateway = try suiteGateway()
        let connection = try gateway.connect()
        try connection.send(TestRequest("GET", "/healthz", fields: [("Connection", "close")]).bytes)
        #expect(try connection.response().announcesClose)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("a client that has sent all and half-closes is answered")
    func halfClose() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.queueFault("hold", document: document)
        let connection = try gateway.connect()
        try connection.send(TestRequest.classify(SampleRequests.about(document), key: Gateway.keyA).bytes)
        connection.finishSending()
        try gateway.vendor.waitForCalls(inFlight: 1)
        try gateway.vendor.release()
        expectStoredMiss(try connection.response())
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("a client that ends within the request after one that is in work gets that one's answer and no other")
    func endWithinPipelinedRequest() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.queueFault("hold", document: document)
        let connection = try gateway.connect()
        let whole = TestRequest.classify(SampleRequests.about(document), key: Gateway.keyA).bytes
        try connection.send(whole + whole.prefix(30))
        connection.finishSending()
        try gateway.vendor.waitForCalls(inFlight: 1)
        try gateway.vendor.release()
        expectStoredMiss(try connection.response())
        #expect(try connection.receiveToEnd().bytes == [])
    }

    @Test("a client that ends within a request is let go, and nothing is forwarded", arguments: [10, 100, 250])
    func endWithinRequest(byteCount: Int) throws {
        let gateway = try suiteGateway()
        let callsBefore = try gateway.vendor.calls()
        let connection = try gateway.connect()
        try connection.send(
            Array(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes.prefix(byteCount))
        )
        connection.finishSending()
        _ = try connection.receiveToEnd()
        #expect(try gateway.vendor.calls() == callsBefore)
    }

    @Test("a request that arrives byte by byte is one request")
    func byteByByte() throws {
        let gateway = try suiteGateway()
        let connection = try gateway.connect()
        for byte in TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes {
            try connection.send([byte])
        }
        expectStoredMiss(try connection.response())
    }

    @Test("an empty line before the request line is skipped")
    func emptyLine() throws {
        let gateway = try suiteGateway()
        let connection = try gateway.connect()
        try connection.send([13, 10] + TestRequest("GET", "/healthz").bytes)
        #expect(try connection.response().status == 200)
    }

    @Test("an idle connection that sent an empty line is idle still", arguments: ["\r\n", "\r", "\r\n\r\n\r\n"])
    func idleAfterEmptyLine(line: String) throws {
        try withGateway(["listen": ["header_timeout": "200ms", "idle_timeout": "1h", "drain_timeout": "1h"]]) {
            gateway in
            let connection = try gateway.connect()
            for connection in [connection, try RawConnection(port: gateway.adminPort)] {
                try connection.send(TestRequest("GET", "/healthz").bytes)
                #expect(try connection.response().status == 200)
                try connection.send(line)
                #expect(connection.staysQuiet(for: .milliseconds(600)), "an answer to nothing")
                try connection.send((line == "\r" ? [10] : []) + TestRequest("GET", "/healthz").bytes)
                #expect(try connection.response().status == 200)
                try connection.send(line)
            }
            // It ends at once when the gateway drains, and a half-closed one is released.
            let halfClosed = try gateway.connect()
            try halfClosed.send(line)
            halfClosed.finishSending()
            #expect(try halfClosed.receiveToEnd() == ([], .finished))
            gateway.process.signal(SIGTERM)
            #expect(try gateway.process.waitForEnd() == .exit(0))
            #expect(try connection.receiveToEnd().bytes.isEmpty)
        }
    }
}
