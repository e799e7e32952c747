import Foundation
import TestSupport
import Testing

/// The bound on clients' memory, with little memory: 256 MiB by RLIMIT_DATA, of which clients have a quarter, and
/// clients without a key an eighth of that.
@Suite(
    "The memory of clients",
    .serialized,
    .disabled(
        if: ServerProcess.programsAreSanitized,
        "a sanitizer's own memory does not fit; TOLLGATE_TEST_PROGRAMS may name the folder of another build"
    )
)
struct ClientMemoryTests {
    private static let limit = 256 << 20
    private static let classifyHead = "POST /v1/classify HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n"

    @Test("a gateway that is ready holds less than its start took, and an idle connection less than a KiB")
    func idle() throws {
        let gateway = try Gateway(["listen": ["workers": 1]])
        let deadline = Deadline.generous
        while try gateway.residentKilobytes() > gateway.highestResidentKilobytes() * 3 / 4 {
            try #require(!deadline.hasPassed, "what the start took is held")
        }
        let question = SampleRequests.vendors
        expectStoredMiss(try gateway.classify(question))
        func connect(_ count: Int) throws -> [RawConnection] {
            try (0..<count).map { _ in
                let connection = try gateway.connect()
                try connection.send(TestRequest.classify(question, key: Gateway.keyA).bytes)
                expectHit(try connection.response())
                return connection
            }
        }
        // The first ones let tables grow.
        var connections = try connect(200)
        let before = try gateway.anonymousKilobytes()
        let count = 1_000
        connections += try connect(count)
        let growth = try gateway.anonymousKilobytes() - before
        #expect(growth * 1_024 / count < 1_024, "\(before) KiB, then \(growth) more for \(count) connections")
        connections.removeAll()
        try expectCleanEnd(of: gateway)
    }

    private func withLittleMemory(_ configuration: JSON = [:], _ body: (Gateway) throws -> Void) throws {
        let gateway = try Gateway(configuration, dataBytesMax: Self.limit)
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        try body(gateway)
        try expectCleanEnd(of: gateway)
    }

    private func memory(_ gateway: Gateway) throws -> JSON { try gateway.admin("GET", "/status").json["memory"] }

    private func taken(_ gateway: Gateway, _ member: String = "client_bytes") throws -> Int {
        let bytes = try memory(gateway)[member].int
        return try #require(bytes)
    }

    /// Waits until at most this much is taken.
    private func expectTaken(_ gateway: Gateway, atMost bytes: Int) throws {
        let deadline = Deadline.generous
        var left = try taken(gateway)
        while left > bytes {
            try #require(!deadline.hasPassed, "\(left) bytes are still taken")
            left = try taken(gateway)
        }
    }

    private func expectServed(_ gateway: Gateway) throws {
        #expect(try gateway.send(TestRequest("GET", "/healthz")).status == 200)
        expectHit(try gateway.classify(SampleRequests.vendors))
    }

    @Test("the shares follow the least limit of the process, are in the log and in the status")
    func shares() throws {
        try withLittleMemory { gateway in
            try expectTaken(gateway, atMost: 0)
            let memory = try memory(gateway)
            #expect(memory["limit_bytes"].int == Self.limit)
            #expect(memory["client_bytes_max"].int == Self.limit / 4)
            #expect(memory["stranger_bytes_max"].int == Self.limit / 32)
            #expect(memory["cache_bytes_max"].int == Self.limit / 8 * 3)
            let log = gateway.process.stderr.text
            #expect(log.contains("memory_shares"), "\(log)")
            #expect(log.contains("cache_memory_reduced"), "\(log)")
            // A reload does not restore what there is no memory for.
            try gateway.reload(expecting: "reloaded")
            #expect(try self.memory(gateway)["cache_bytes_max"].int == Self.limit / 8 * 3)
        }
    }

    @Test("bodies beyond the share are refused, hits and health checks are served, and all is given back")
    func bodies() throws {
        try withLittleMemory { gateway in
            let length = 1 << 20
            let piece = [UInt8](repeating: 0x20, count: length - 1)
            let head = Self.classifyHead + "Content-Length: \(length)\r\n\r\n"
            var connections: [RawConnection] = []
            for _ in 0..<100 {
                let connection = try gateway.connect()
                try connection.send(head)
                _ = try connection.sendWhatIsTaken(piece)
                connections.append(connection)
            }
            // 56 MiB hold at most 56 bodies of 1 MiB; the others have been answered.
            let replies = try RawConnection.firstResponses(100 - 56, of: connections)
            for reply in replies.values {
                expectError(reply, 503, "overloaded")
                #expect(reply["cache-status"] == "tollgate; detail=overloaded")
                #expect(reply.announcesClose)
            }
            try expectServed(gateway)
            #expect(try taken(gateway) <= Self.limit / 4)
            connections.removeAll()
            try expectTaken(gateway, atMost: 0)
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test("strangers take their own share and no more: heads that never end are refused, teams go on")
    func strangers() throws {
        try withLittleMemory { gateway in
            let head = "POST /v1/classify HTTP/1.1\r\nHost: h\r\na: " + String(repeating: "b", count: 15_900)
            var connections = try (0..<700).map { _ in
                let connection = try gateway.connect()
                try connection.send(head)
                return connection
            }
            // 8 MiB hold 512 heads of 16 KiB.
            let replies = try RawConnection.firstResponses(700 - 512, of: connections)
            for reply in replies.values {
                expectError(reply, 503, "overloaded")
                #expect(reply["cache-status"] == "tollgate; detail=overloaded")
            }
            #expect(try taken(gateway, "stranger_bytes") <= Self.limit / 32)
            #expect(try taken(gateway) == taken(gateway, "stranger_bytes"))
            try expectServed(gateway)
            // A team's body still arrives in pieces, and is counted as the team's.
            let body = SampleRequests.about() + String(repeating: " ", count: 200_000)
            let team = try gateway.connect()
            try team.send(Self.classifyHead + "Content-Length: \(body.utf8.count)\r\n\r\n")
            try team.send(body)
            expectStoredMiss(try team.response())
            connections.removeAll()
            try expectTaken(gateway, atMost: 0)
        }
    }

    @Test("what is pipelined beyond the share goes unanswered, the request before it does not")
    func pipelined() throws {
        try withLittleMemory(["listen": ["workers": 1]]) { gateway in
            try gateway.vendor.queueFault("hold")
            let question = TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes
            let behind = TestRequest("POST", "/nowhere", body: [UInt8](repeating: 0x61, count: 60_000)).bytes
            let early = try gateway.connect()
            try early.send(question)
            try gateway.vendor.waitForCalls(inFlight: 1)
            // 56 MiB hold fewer than 1,000 times 60,000 bytes.
            let count = 1_200
            let connections = try (0..<count).map { _ in
                let connection = try gateway.connect()
                try connection.send(question + behind)
                return connection
            }
            try expectServed(gateway)
            try early.send(behind)
            try expectServed(gateway)
            #expect(try taken(gateway) <= Self.limit / 4)
            try gateway.vendor.release()
            let last = try early.response()
            expectStoredMiss(last)
            #expect(last.announcesClose)
            #expect(try early.receiveToEnd().bytes.isEmpty)
            // A question without room gets a refusal, or its connection is closed.
            let replies = try RawConnection.firstResponses(count, of: connections)
            #expect(replies.values.allSatisfy { $0.status == 200 || $0.code == "overloaded" })
            #expect(replies.values.count { $0.status == 200 && !$0.announcesClose } > 500)
        }
    }

    @Test("replies that nobody reads cost the connection, when there is no room for them")
    func unreadReplies() throws {
        try withLittleMemory { gateway in
            let requests = Array(repeatElement(TestRequest("GET", "/healthz").bytes, count: 20_000).joined())
            let connections = try (0..<100).map { _ in
                let connection = try gateway.connect(receiveBuffer: 4096)
                _ = try? connection.sendWhatIsTaken(requests, .after(.milliseconds(20)))
                return connection
            }
            #expect(try taken(gateway, "stranger_bytes") <= Self.limit / 32)
            try expectServed(gateway)
            for connection in connections { connection.reset() }
            try expectTaken(gateway, atMost: 0)
        }
    }

    @Test("handshakes that never end take the strangers' share and no more, and make way for others when they are old")
    func handshakes() throws {
        let identity = try Certificates().issue("gateway")
        let tls: JSON = [
            "certificate_file": .string(identity.certificate), "private_key_file": .string(identity.privateKey),
        ]
        let gateway = try Gateway(
            ["listen": ["tls": tls, "workers": 1, "header_timeout": "1h"]],
            dataBytesMax: Self.limit
        )
        let connections = try (0..<300).map { _ in
            let connection = try gateway.connect()
            try connection.send(TLSTests.clientHello)
            return connection
        }
        let deadline = Deadline.generous
        while try taken(gateway, "stranger_bytes") < Self.limit / 32 - 40 * 1024 {
            try #require(!deadline.hasPassed, "the share is not taken")
        }
        #expect(try taken(gateway, "stranger_bytes") <= Self.limit / 32)
        var served = false
        while !served {
            try #require(!deadline.hasPassed, "nobody gets in")
            let url = "https://127.0.0.1:\(gateway.port)/healthz"
            let command = ["curl", "--silent", "--insecure", "--noproxy", "*", "--max-time", "2", url]
            served = try CommandResult.of(command).output.contains("alive")
        }
        #expect(connections.count { !$0.isOpen } > 0)
        try expectCleanEnd(of: gateway)
    }
}
