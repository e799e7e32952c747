import Foundation
import TestSupport
import Testing

@Suite("Start, reload and end")
struct LifecycleTests {
    private func isRefused(_ gateway: Gateway) -> Bool { (try? gateway.connect()) == nil }

    @Test("SIGTERM and SIGINT drain: what flies lands, nobody new is let in, exit 0", arguments: [SIGTERM, SIGINT])
    func drain(signal: Int32) throws {
        let gateway = try Gateway()
        try gateway.vendor.queueFault("hold")
        let flying = try gateway.connect()
        try flying.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
        let idle = try gateway.connect()
        try idle.send(TestRequest("GET", "/healthz").bytes)
        _ = try idle.response()
        try gateway.vendor.waitForCalls(inFlight: 1)

        gateway.process.signal(signal)
        let deadline = Deadline.generous
        while !isRefused(gateway) { try #require(!deadline.hasPassed, "new connections are still accepted") }
        #expect(gateway.process.isRunning)
        try gateway.vendor.release()
        let reply = try flying.response()
        expectStoredMiss(reply)
        #expect(reply.announcesClose)
        #expect(try gateway.process.waitForEnd() == .exit(0))
        #expect(try idle.receiveToEnd().end == .finished)
        #expect(gateway.complaint == nil)
    }

    @Test("SIGABRT, as a watchdog sends it, and SIGQUIT end it at once", arguments: [SIGABRT, SIGQUIT])
    func abort(signal: Int32) throws {
        // With its backtraces the runtime would catch the first.
        let gateway = try Gateway(environment: ["SWIFT_BACKTRACE": "enable=yes"])
        gateway.process.signal(signal)
        #expect(try gateway.process.waitForEnd() == .signal(signal))
    }

    @Test("a drain ends after drain_timeout even if the vendor never answers, in order, and says what it cut off")
    func drainTimeout() throws {
        let gateway = try Gateway(["listen": ["drain_timeout": "300ms"]])
        try gateway.vendor.queueFault("hold")
        let flying = try gateway.connect()
        try flying.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
        try gateway.vendor.waitForCalls(inFlight: 1)
        #expect(try gateway.process.terminate() == .exit(0))
        expectError(try flying.response(), 503, "draining")
        let told = gateway.process.stderr.lines.filter { $0.contains(#""msg":"drain_incomplete""#) }
        #expect(told.count == 1, "\(gateway.process.stderr.text)")
    }

    @Test("kill −9 and start again: what was stored is a hit")
    func killAndRestart() throws {
        try withGateway { gateway in
            let bodies = (0..<20).map { _ in SampleRequests.about() }
            let replies = try bodies.map { try gateway.classify($0) }
            try gateway.killAndRestart()
            for (body, reply) in zip(bodies, replies) {
                let hit = try gateway.classify(body)
                expectHit(hit)
                #expect(hit.body == reply.body)
            }
            #expect(try gateway.vendor.calls() == 20)
        }
    }

    @Test("a second process on the same store refuses to start, and harms nothing")
    func secondProcess() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let second = try CommandResult.ofProgram("tollgate", ["serve", "--config", gateway.configurationPath])
            #expect(second.end == .exit(1), "\(second.stderr)")
            #expect(second.stderr.contains("tollgate.db"))
            #expect(second.output.isEmpty)
            expectHit(try gateway.classify(SampleRequests.vendors))
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test("an address in use is told at the start")
    func addressInUse() throws {
        try withGateway { gateway in
            let folder = try TemporaryFolder()
            let address: JSON = ["listen": ["address": .string("127.0.0.1:\(gateway.port)")]]
            let base = Gateway.baseConfiguration(vendorURL: gateway.vendor.url, folder: folder)
            let file = try folder.write(base.overlaid(with: address).text, to: "config.json")
            let second = try CommandResult.ofProgram("tollgate", ["serve", "--config", file])
            #expect(second.end == .exit(1))
            #expect(second.stderr.contains("127.0.0.1:\(gateway.port)"), "\(second.stderr)")
        }
    }

    @Test("out of descriptors accepting stops, connections in hand go on, and it recovers by itself")
    func outOfDescriptors() throws {
        let gateway = try Gateway(openFilesMax: 128)
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        var crowd = [try gateway.connect()]
        let first = crowd[0]
        func expectAnswer() throws {
            try first.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
            expectHit(try first.response())
        }
        try expectAnswer()
        for _ in 0..<200 { crowd.append(try gateway.connect()) }
        try expectAnswer()
        // Connections that could not be accepted must cost no CPU time: far less than the time that passes.
        let before = try processorTicks(of: gateway)
        #expect(crowd[200].staysQuiet(for: .milliseconds(500)))
        #expect(try processorTicks(of: gateway) - before < 25, "accepting spins")
        try expectAnswer()
        for connection in crowd.dropFirst() { connection.close() }
        expectHit(try gateway.classify(SampleRequests.vendors))
        try expectCleanEnd(of: gateway)
    }

    /// User and system time of the process, in ticks of 10 ms (proc(5)).
    private func processorTicks(of gateway: Gateway) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(gateway.process.pid)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return try #require(Int(fields[12])) + #require(Int(fields[13]))
    }

    @Test("10,000 idle connections are held, and cost a normal client nothing")
    func idleConnections() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        // If the machine's hard limit is lower, as many as it allows this process and the gateway.
        let count = min(10_000, Int(clamping: limit.rlim_max) - 1000)
        try #require(count >= 1000, "the hard limit of open files is too low for this test: ulimit -Hn")
        if count < 10_000 { print("the hard limit of open files allows \(count) idle connections, not 10,000") }

        let gateway = try Gateway(openFilesMax: Int(clamping: limit.rlim_max))
        let idle = try (0..<count).map { _ in try gateway.connect() }
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        #expect(idle.allSatisfy { $0.isOpen })
        for connection in stride(from: 0, to: count, by: 97).map({ idle[$0] }) {
            try connection.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
            expectHit(try connection.response())
        }
        try expectCleanEnd(of: gateway)
    }
}
