import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §2: slow and many clients. Waits here are the time-outs under test, set small.
@Suite("Slow clients")
struct SlowClientTests {
    private static let head = "POST /v1/classify HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n"

    /// The reply before the end, if there was one, must be 408 request_timeout.
    private func expectTimedOut(_ connection: RawConnection) throws {
        if let response = try? connection.response() {
            expectError(response, 408, "request_timeout")
            #expect(response.announcesClose)
        }
        #expect(try connection.receiveToEnd().bytes.isEmpty)
    }

    @Test("a head that does not come to its end is cut off after header_timeout")
    func unfinishedHead() throws {
        try withGateway(["listen": ["header_timeout": "300ms"]]) { gateway in
            let connection = try gateway.connect()
            try connection.send(Self.head)
            try expectTimedOut(connection)
            #expect(try gateway.vendor.calls() == 0)
        }
    }

    @Test("a byte now and then does not extend header_timeout")
    func slowloris() throws {
        try withGateway(["listen": ["header_timeout": "1s", "idle_timeout": "1h"]]) { gateway in
            let connection = try gateway.connect()
            let start = ContinuousClock.now
            for byte in (Self.head + "a: " + String(repeating: "b", count: 10_000)).utf8 {
                guard try connection.sendWhatIsTaken([byte]) == 1, connection.staysQuiet(for: .milliseconds(50)) else {
                    break
                }
            }
            try expectTimedOut(connection)
            // 10,000 bytes would have taken more than 8 minutes.
            #expect(start.duration(to: .now) < .seconds(60))
        }
    }

    @Test("a body without progress is cut off after body_timeout; nothing was spent or held for it")
    func stalledBody() throws {
        try withGateway(["listen": ["body_timeout": "300ms"], "upstream": ["max_concurrency": 1]]) { gateway in
            let connection = try gateway.connect()
            try connection.send(Self.head + "Content-Length: 300\r\n\r\n{\"document_id\":")
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try expectTimedOut(connection)
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    @Test("a body that comes slowly but steadily may take longer than body_timeout")
    func steadyBody() throws {
        try withGateway(["listen": ["body_timeout": "2s", "header_timeout": "2s"]]) { gateway in
            let connection = try gateway.connect()
            let body = Array(SampleRequests.about().utf8)
            try connection.send(Self.head + "Content-Length: \(body.count)\r\n\r\n")
            let size = body.count / 25 + 1
            for start in stride(from: 0, to: body.count, by: size) {
                try connection.send(Array(body[start..<min(start + size, body.count)]))
                if start + size < body.count { #expect(connection.staysQuiet(for: .milliseconds(100))) }
            }
            expectStoredMiss(try connection.response())
        }
    }

    @Test("a connection without a request is closed after idle_timeout, in silence")
    func idle() throws {
        try withGateway(["listen": ["idle_timeout": "300ms"]]) { gateway in
            let fresh = try gateway.connect()
            let used = try gateway.connect()
            try used.send(TestRequest("GET", "/healthz").bytes)
            #expect(try used.response().status == 200)
            for connection in [fresh, used] {
                let (bytes, end) = try connection.receiveToEnd()
                #expect(bytes.isEmpty)
                #expect(end == .finished)
            }
        }
    }

    @Test("idle_timeout does not end a request under way")
    func idleDuringRequest() throws {
        try withGateway(["listen": ["idle_timeout": "300ms", "header_timeout": "300ms", "body_timeout": "300ms"]]) {
            gateway in
            try gateway.vendor.queueFault("hold")
            let connection = try gateway.connect()
            try connection.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            #expect(connection.staysQuiet(for: .seconds(1)))
            try gateway.vendor.release()
            expectStoredMiss(try connection.response())
        }
    }

    @Test("a thousand slow clients cost a normal one nothing")
    func manySlowClients() throws {
        try withGateway(["listen": ["header_timeout": "10m", "body_timeout": "10m"]]) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let normal = try gateway.connect()
            func transfersOfHits() throws -> Int {
                let before = try transfers(of: gateway)
                for _ in 0..<200 {
                    try normal.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
                    expectHit(try normal.response())
                }
                return try transfers(of: gateway) - before
            }
            let alone = try transfersOfHits()
            let slow = try (0..<1000).map { index in
                let connection = try gateway.connect()
                try connection.send(Self.head + (index % 2 == 0 ? "a: b" : "Content-Length: 300\r\n\r\n{"))
                return connection
            }
            // All that they sent has been read when the gateway answers after the last of them.
            #expect(slow.allSatisfy { $0.isOpen })
            expectHit(try gateway.classify(SampleRequests.vendors))
            // A hit takes a read, a write and the log's line; one read per slow client would add a thousand.
            let among = try transfersOfHits()
            #expect(among < alone + 1000, "\(alone) system calls for 200 hits alone, \(among) among slow clients")
            #expect(slow.allSatisfy { $0.isOpen })
        }
    }

    /// The gateway's count of read and write system calls, proc_pid_io(5).
    private func transfers(of gateway: Gateway) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(gateway.process.pid)/io", encoding: .utf8)
        return try ["syscr: ", "syscw: "].reduce(0) { sum, name in
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name) })
            return sum + (try #require(Int(line.dropFirst(name.count))))
        }
    }

    @Test("who pipelines without reading is stopped, costs little memory, and hurts nobody")
    func pipeliningWithoutReading() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let greedy = try gateway.connect(receiveBuffer: 4096)
            let before = try gateway.residentKilobytes()
            let burst = Array(
                repeatElement(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes, count: 100)
                    .joined()
            )
            // The sockets' own buffers take some megabytes; a gateway that never stopped would take it all.
            let hasStopped = (0..<2000).contains { _ in
                (try? greedy.sendWhatIsTaken(burst, .after(.seconds(2)))) != burst.count
            }
            #expect(hasStopped, "200,000 requests were taken from a client that reads none of the replies")
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try gateway.residentKilobytes() - before < 65_536)
            greedy.reset()
        }
    }

    @Test("clients beyond max_connections are not served, and make room when they go")
    func maxConnections() throws {
        try withGateway(["listen": ["max_connections": 10, "workers": 1]]) { gateway in
            let held = try (0..<10).map { _ in
                let connection = try gateway.connect()
                try connection.send(TestRequest("GET", "/healthz").bytes)
                #expect(try connection.response().status == 200)
                return connection
            }
            // A further one waits, is refused, or is closed; it is not served.
            let extra = try gateway.connect()
            _ = try? extra.sendWhatIsTaken(TestRequest("GET", "/healthz").bytes)
            if let reply = try? extra.response(.after(.milliseconds(300))) { #expect(reply.status == 503) }
            for connection in held { connection.close() }
            let deadline = Deadline.generous
            while (try? gateway.send(TestRequest("GET", "/healthz")).status) != 200 {
                try #require(!deadline.hasPassed, "no room was made")
            }
        }
    }
}
