import Foundation
import TestSupport
import Testing

/// What a service manager is told, sd_notify(3).
@Suite("States that a service manager is told")
struct SupervisorTests {
    enum Place: String, CaseIterable, Sendable { case path, abstract }

    private func receiver(_ place: Place, _ folder: TemporaryFolder) throws -> NotifyReceiver {
        switch place {
        case .path: try NotifyReceiver(folder.file("notify"))
        case .abstract: try NotifyReceiver("@tollgate-test-\(UUID().uuidString)")
        }
    }

    @Test(
        "ready, reloading, ready again whatever came of it, stopping with the time that it takes",
        arguments: Place.allCases
    )
    func states(_ place: Place) throws {
        let folder = try TemporaryFolder()
        let receiver = try receiver(place, folder)
        let times: JSON = ["listen": ["drain_timeout": "100s", "drain_delay": "20s"]]
        let gateway = try Gateway(times, environment: ["NOTIFY_SOCKET": receiver.place])
        let addresses =
            "Clients on http://127.0.0.1:\(gateway.port), operators on http://127.0.0.1:\(gateway.adminPort)"
        let ready = "READY=1\nSTATUS=\(addresses)"
        #expect(receiver.next() == ready)
        gateway.process.signal(SIGHUP)
        let reloading = try #require(receiver.next())
        let moment = try #require(reloading.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)/)?.1)
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        #expect((1...Int(now.tv_sec) + 1).contains(try #require(Int(moment)) / 1_000_000))
        #expect(receiver.next() == ready)
        try gateway.folder.write("{", to: "config.json")
        try gateway.reload(expecting: "reload_refused")
        #expect(receiver.next()?.hasPrefix("RELOADING=1") == true)
        #expect(receiver.next() == ready)
        gateway.process.signal(SIGTERM)
        #expect(receiver.next() == "STOPPING=1\nSTATUS=Draining")
        let more = try #require(receiver.next()?.wholeMatch(of: /EXTEND_TIMEOUT_USEC=(\d+)/)?.1)
        #expect((120_000_000...130_000_000).contains(try #require(Int(more))))
        gateway.process.signal(SIGTERM)
        #expect(try gateway.process.waitForEnd() == .exit(0))
        #expect(gateway.complaint == nil)
    }

    @Test(
        "a manager that is not there, or is named in nonsense, fails nothing",
        arguments: [
            "", "@", "/", "relative", "vsock:2:1234", "/nowhere/notify", "@" + String(repeating: "x", count: 108),
            "/" + String(repeating: "x", count: 5_000),
        ]
    )
    func unusable(_ place: String) throws {
        let gateway = try Gateway(environment: ["NOTIFY_SOCKET": place, "WATCHDOG_USEC": "100000"])
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        try gateway.reload(expecting: #""msg":"reloaded""#)
        try expectCleanEnd(of: gateway)
    }

    @Test("signs of life come while all loops and the store answer, also during a drain")
    func watchdog() throws {
        let folder = try TemporaryFolder()
        let receiver = try receiver(.path, folder)
        let gateway = try Gateway(environment: ["NOTIFY_SOCKET": receiver.place, "WATCHDOG_USEC": "200000"])
        #expect(receiver.nextState()?.hasPrefix("READY=1") == true)
        for _ in 0..<3 { #expect(receiver.next() == "WATCHDOG=1") }
        try gateway.vendor.queueFault("hold")
        let flying = try gateway.connect()
        try flying.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
        try gateway.vendor.waitForCalls(inFlight: 1)
        gateway.process.signal(SIGTERM)
        #expect(receiver.nextState()?.hasPrefix("STOPPING=1") == true)
        #expect(receiver.nextState()?.hasPrefix("EXTEND_TIMEOUT_USEC=") == true)
        for _ in 0..<3 { #expect(receiver.next() == "WATCHDOG=1") }
        try gateway.vendor.release()
        expectStoredMiss(try flying.response())
        #expect(try gateway.process.waitForEnd() == .exit(0))
    }

    @Test("they are not asked for by another process's WATCHDOG_PID")
    func anotherProcess() throws {
        let folder = try TemporaryFolder()
        let receiver = try receiver(.path, folder)
        let environment = ["NOTIFY_SOCKET": receiver.place, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"]
        let gateway = try Gateway(environment: environment)
        #expect(receiver.next()?.hasPrefix("READY=1") == true)
        gateway.process.signal(SIGHUP)
        #expect(receiver.next()?.hasPrefix("RELOADING=1") == true)
        try expectCleanEnd(of: gateway)
    }

    enum Sleeper: String, CaseIterable, Sendable { case worker, store }

    @Test("they stop while a worker or the store hangs, and come again when it goes on", arguments: Sleeper.allCases)
    func hang(_ sleeper: Sleeper) throws {
        let folder = try TemporaryFolder()
        let receiver = try receiver(.path, folder)
        // strace(1), beside the program and not above it, holds a thread up within a system call that only it makes.
        let injection =
            switch sleeper {
            case .worker: "accept4:delay_enter=2000000:when=1"
            case .store: "fdatasync:delay_enter=1500000"
            }
        let call = String(injection.prefix { $0 != ":" })
        let vendor = try VendorSim()
        let base = Gateway.baseConfiguration(vendorURL: vendor.url, folder: folder)
        let file = try folder.write(base.overlaid(with: ["listen": ["workers": 1]]).text, to: "config.json")
        let program = try ServerProcess.path(ofProgram: "tollgate")
        // The store exists: only the first paid question syncs.
        let first = try ServerProcess([program, "serve", "--config", file])
        _ = try first.announcement(after: "tollgate listening on ")
        #expect(try first.terminate() == .exit(0))
        let process = try ServerProcess(
            [
                "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(injection)",
                program,
                "serve", "--config", file,
            ],
            environment: ["NOTIFY_SOCKET": receiver.place, "WATCHDOG_USEC": "400000"]
        )
        let announced = try process.announcement(after: "tollgate listening on ")
        let port = try #require(UInt16(announced.prefix { $0 != " " }.split(separator: ":").last ?? ""))
        #expect(receiver.nextState()?.hasPrefix("READY=1") == true)
        for _ in 0..<2 { #expect(receiver.next() == "WATCHDOG=1") }
        let client = try RawConnection(port: port)
        try client.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
        let longest = longestSilence(receiver, until: client)
        #expect(longest >= .milliseconds(1_000), "\(longest)")
        #expect(try client.response().status == 200)
        #expect(receiver.next() == "WATCHDOG=1")
        #expect(try process.terminate() == .exit(0))
    }

    /// The longest time between two signs of life until the client has its reply.
    private func longestSilence(_ receiver: NotifyReceiver, until client: RawConnection) -> Duration {
        var last = ContinuousClock.now
        var longest = Duration.zero
        let deadline = Deadline.generous
        while client.received.isEmpty, !deadline.hasPassed {
            client.receiveMore(.after(.zero))
            guard receiver.next(.after(.milliseconds(20))) != nil else { continue }
            longest = max(longest, ContinuousClock.now - last)
            last = .now
        }
        return max(longest, ContinuousClock.now - last)
    }
}
