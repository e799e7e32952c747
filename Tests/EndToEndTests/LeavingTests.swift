import Foundation
import TestSupport
import Testing

/// `listen.drain_delay`: what happens between SIGTERM and the drain.
@Suite("The time before a drain")
struct LeavingTests {
    /// Asks both sides whether the gateway is ready, on connections that stay open.
    private struct Probes {
        let sides: [RawConnection]

        init(_ gateway: Gateway) throws { sides = [try gateway.connect(), try RawConnection(port: gateway.adminPort)] }

        func replies() throws -> [TestResponse] {
            try sides.map { side in
                try side.send(TestRequest("GET", "/readyz").bytes)
                return try side.response()
            }
        }

        func waitForDraining() throws {
            let deadline = Deadline.generous
            while try !replies().allSatisfy({ $0.status == 503 }) { try #require(!deadline.hasPassed, "still ready") }
        }
    }

    @Test("both sides say draining, and all else goes on, until drain_delay is over or a second signal skips it")
    func leaving() throws {
        let gateway = try Gateway(["listen": ["drain_delay": "10m", "drain_timeout": "10m"]])
        let probes = try Probes(gateway)
        #expect(try probes.replies().map(\.status) == [200, 200])
        let kept = try gateway.connect()
        func ask(_ connection: RawConnection, _ body: String) throws -> TestResponse {
            try connection.send(TestRequest.classify(body, key: Gateway.keyA).bytes)
            return try connection.response()
        }
        expectStoredMiss(try ask(kept, SampleRequests.vendors))

        gateway.process.signal(SIGTERM)
        try probes.waitForDraining()
        for reply in try probes.replies() {
            expectError(reply, 503, "draining")
            #expect(!reply.announcesClose)
        }
        for body in [SampleRequests.vendors, SampleRequests.about()] {
            let reply = try ask(kept, body)
            #expect(reply.status == 200 && !reply.announcesClose, "\(reply.text)")
        }
        expectStoredMiss(try ask(try gateway.connect(), SampleRequests.about()))
        #expect(try gateway.admin("POST", "/teams", ["id": "late"]).status == 201)

        gateway.process.signal(SIGTERM)
        #expect(try gateway.process.waitForEnd() == .exit(0))
        #expect(try kept.receiveToEnd().end == .finished)
        #expect(!gateway.process.stderr.text.contains("drain_cut"))
        #expect(gateway.complaint == nil)
    }

    @Test("when drain_delay is over, the listener closes by itself")
    func over() throws {
        let gateway = try Gateway(["listen": ["drain_delay": "300ms"]])
        let begin = ContinuousClock.now
        gateway.process.signal(SIGINT)
        #expect(try gateway.process.waitForEnd() == .exit(0))
        #expect(ContinuousClock.now - begin >= .milliseconds(300))
        let messages = try gateway.process.stderr.lines.map { try JSON.parse($0.utf8) }
        let leaving = messages.first { $0["msg"].string == "leaving" }
        #expect(leaving?["drain_delay_ms"].string == "300")
    }

    @Test("a client that connects as the drain begins has a moment for its first request, which is answered")
    func newcomer() throws {
        // A machine that was busy elsewhere for that moment proves nothing.
        for attempt in 1...5 {
            let (reply, time) = try replyToNewcomer()
            if let reply {
                expectStoredMiss(reply)
                return #expect(reply.announcesClose)
            }
            try #require(time > .milliseconds(800) && attempt < 5, "no answer after \(time)")
        }
    }

    /// The reply to a client that was accepted before SIGTERM and asks after it, nil when there was none; and the time
    /// from the signal to its request.
    private func replyToNewcomer() throws -> (TestResponse?, Duration) {
        let gateway = try Gateway(["listen": ["workers": 1]])
        try gateway.vendor.queueFault("hold")
        let flying = try gateway.connect()
        try flying.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
        try gateway.vendor.waitForCalls(inFlight: 1)
        let newcomer = try gateway.connect()
        let idle = try gateway.connect()
        try idle.send(TestRequest("GET", "/healthz").bytes)
        // One worker accepts in order: the newcomer is in.
        _ = try idle.response()
        let begin = ContinuousClock.now
        gateway.process.signal(SIGTERM)
        #expect(try idle.receiveToEnd().end == .finished)
        try newcomer.sendWhatIsTaken(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
        let time = ContinuousClock.now - begin
        let reply = try? newcomer.response()
        try gateway.vendor.release()
        expectStoredMiss(try flying.response())
        #expect(try gateway.process.waitForEnd() == .exit(0))
        return (reply, time)
    }
}
