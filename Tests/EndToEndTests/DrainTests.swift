import Foundation
import TestSupport
import Testing

/// What happens to requests that still wait when a drain must end.
@Suite("The end of a drain")
struct DrainTests {
    /// Sends a classify request about `body` and does not wait for its reply.
    private func ask(_ gateway: Gateway, _ body: String, key: String = Gateway.keyA) throws -> RawConnection {
        let connection = try gateway.connect()
        try connection.send(TestRequest.classify(body, key: key).bytes)
        return connection
    }

    /// Expects 503 `draining`, whole, and an orderly end of the connection after it.
    ///
    /// - Parameter isSent: whether the vendor was asked, of which the client is told.
    private func expectDraining(_ connection: RawConnection, isSent: Bool = false) throws {
        let reply = try connection.response()
        expectError(reply, 503, "draining")
        #expect(reply.json["message"].string?.contains("whether it did the work is not known") == isSent, "\(reply)")
        #expect(reply.announcesClose)
        #expect(reply["retry-after"] != nil)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    /// Restarts on the same store and expects that no reservation was left open.
    private func expectNothingLeftOpen(_ gateway: Gateway) throws {
        try gateway.restart()
        try expectCleanEnd(of: gateway)
        #expect(!gateway.process.stderr.text.contains("reservations_unconfirmed"), "\(gateway.process.stderr.text)")
    }

    enum Hurry: String, CaseIterable, Sendable { case timeout, secondSignal }

    @Test(
        "who waits when drain_timeout is over, or a second signal comes, is told so, and the ledger knows of each",
        arguments: Hurry.allCases
    )
    func cut(_ hurry: Hurry) throws {
        // One worker handles requests in order: the one that was answered was not the first to be read.
        let gateway = try Gateway(["listen": ["workers": 1, "drain_timeout": hurry == .timeout ? "600ms" : "10m"]])
        try gateway.vendor.queueFault("hold", count: 2)
        let leader = try ask(gateway, SampleRequests.vendors)
        let alone = try ask(gateway, SampleRequests.about())
        try gateway.vendor.waitForCalls(inFlight: 2)
        let follower = try ask(gateway, SampleRequests.vendors, key: Gateway.keyB)
        let sending = try gateway.connect()
        try sending.send("POST /v1/classify HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n")
        try sending.send("Content-Length: 99\r\n\r\n{")
        let answered = try gateway.connect()
        for _ in 0..<3 {
            try answered.send(TestRequest("GET", "/healthz").bytes)
            _ = try answered.response()
        }

        gateway.process.signal(SIGTERM)
        if hurry == .secondSignal {
            try #require(gateway.process.stderr.wait { $0.contains { $0.contains(#""msg":"draining""#) } })
            gateway.process.signal(SIGTERM)
        }
        for connection in [leader, alone, follower] { try expectDraining(connection, isSent: true) }
        try expectDraining(sending)
        #expect(try answered.receiveToEnd().end == .finished)
        #expect(try gateway.process.waitForEnd() == .exit(0))
        let lines = gateway.process.stderr.lines
        let told = lines.filter { $0.contains(#""msg":"drain_incomplete""#) && $0.contains(#""reservations":"2""#) }
        #expect(told.count == 1, "\(lines)")
        #expect(gateway.complaint == nil)
        try expectNothingLeftOpen(gateway)
    }

    @Test("who waits in the queue for a key is told so at once, and what was reserved for it is released")
    func queued() throws {
        let gateway = try Gateway([
            "upstream": ["max_concurrency": 1],
            "budgets": ["organization": [["window": "total", "credits": 100]]],
        ])
        try gateway.vendor.queueFault("hold", count: 1)
        let first = try ask(gateway, SampleRequests.vendors)
        try gateway.vendor.waitForCalls(inFlight: 1)
        let waiting = try (0..<3).map { _ in try ask(gateway, SampleRequests.about(), key: Gateway.keyB) }
        let deadline = Deadline.generous
        while try gateway.admin("GET", "/status").json["upstream"][0]["waiting"].int != 3 {
            try #require(!deadline.hasPassed, "not three in the queue")
        }

        gateway.process.signal(SIGTERM)
        for connection in waiting { try expectDraining(connection) }
        #expect(gateway.process.isRunning)
        try gateway.vendor.release()
        expectStoredMiss(try first.response())
        #expect(try gateway.process.waitForEnd() == .exit(0))
        #expect(try gateway.vendor.calls() == 1)

        try gateway.restart()
        // Two pages were paid for; nothing else counts as spent.
        let hit = try gateway.classify(SampleRequests.vendors)
        expectHit(hit)
        #expect(hit["tollgate-budget-remaining"] == "98")
        try expectCleanEnd(of: gateway)
        #expect(!gateway.process.stderr.text.contains("reservations_unconfirmed"))
    }

    @Test("a signal in the midst of the start kills nothing: SIGHUP waits, SIGTERM is an orderly end")
    func signalDuringTheStart() throws {
        let folder = try TemporaryFolder()
        // Long enough that reading it takes a while on any machine; the first bytes show when that has begun.
        let models = (0..<100).map { JSON.string("a-model-with-the-number-\($0)") }
        let teams = (0..<2_000).map { ["id": .string("team-\($0)"), "models": .array(models)] as JSON }
        let base = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:1", folder: folder)
        let file = try folder.write(
            base.overlaid(with: ["teams": .array(teams)]).text,
            to: "config.json"
        )
        let process = try ServerProcess.program("tollgate", ["serve", "--config", file])
        let deadline = Deadline.generous
        while try residentKiB(process) < 40_000 { try #require(!deadline.hasPassed && process.isRunning) }
        process.signal(SIGHUP)
        process.signal(SIGTERM)
        #expect(try process.waitForEnd() == .exit(0), "\(process.stderr.text)")
    }

    /// The process's own resident memory, without shared libraries (proc(5)).
    private func residentKiB(_ process: ServerProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
    }
}
