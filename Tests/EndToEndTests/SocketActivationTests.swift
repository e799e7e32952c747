import Foundation
import TestSupport
import Testing

/// Sockets that a supervisor hands over, sd_listen_fds(3).
@Suite("Sockets that are handed over")
struct SocketActivationTests {
    private static let names = ["listen", "admin"]

    @Test("names choose, and addresses of the configuration then have no effect, which is said")
    func named() throws {
        let sockets = try ["admin", "listen"].map { try HandedSocket($0) }
        let gateway = try Gateway(["listen": ["workers": 1], "admin": ["address": "127.0.0.1:1"]], handing: sockets)
        #expect(gateway.port == sockets[1].port && gateway.adminPort == sockets[0].port)
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        #expect(try gateway.admin("GET", "/teams").status == 200)
        let messages = try gateway.process.stderr.lines.map { try JSON.parse($0.utf8) }
        let without = messages.filter { $0["msg"].string == "member_without_effect" }.map { $0["member"].string }
        #expect(without == ["listen.address", "admin.address"])
        try expectCleanEnd(of: gateway)
    }

    @Test("without names the addresses of the configuration choose; several workers share a socket")
    func addresses() throws {
        let sockets = try (0..<2).map { _ in try HandedSocket("tollgate.socket") }
        let settings: JSON = [
            "listen": ["address": .string("127.0.0.1:\(sockets[1].port)"), "workers": 3],
            "admin": ["address": .string("127.0.0.1:\(sockets[0].port)")],
        ]
        let gateway = try Gateway(settings, handing: sockets)
        #expect(gateway.port == sockets[1].port && gateway.adminPort == sockets[0].port)
        for _ in 0..<20 { #expect(try gateway.classify(SampleRequests.vendors).status == 200) }
        #expect(!gateway.process.stderr.text.contains("member_without_effect"))
        try expectCleanEnd(of: gateway)
    }

    @Test("each socket for clients has a worker, and one for operators alone leaves listen.address as it is")
    func several() throws {
        let sockets = try ["listen", "listen", "listen"].map { try HandedSocket($0) }
        let gateway = try Gateway(["listen": ["workers": 1]], handing: sockets)
        for socket in sockets {
            let connection = try RawConnection(port: socket.port)
            try connection.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
            #expect(try connection.response().status == 200)
        }
        #expect(gateway.process.stderr.text.contains(#""member":"listen.workers""#))
        #expect(gateway.adminPort != 0)
        try expectCleanEnd(of: gateway)

        let admin = try HandedSocket("admin")
        let other = try Gateway(handing: [admin])
        #expect(other.adminPort == admin.port && other.port != 0)
        expectStoredMiss(try other.classify(SampleRequests.vendors))
        try expectCleanEnd(of: other)
    }

    @Test("who connects while no process accepts is served by the next one")
    func queue() throws {
        let sockets = try Self.names.map { try HandedSocket($0) }
        let gateway = try Gateway(handing: sockets)
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        #expect(try gateway.process.terminate() == .exit(0))
        let client = try gateway.connect()
        try client.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
        let operatorProbe = try RawConnection(port: gateway.adminPort)
        try operatorProbe.send(TestRequest("GET", "/readyz").bytes)
        #expect(client.staysQuiet(for: .milliseconds(50)))
        try gateway.restart()
        expectHit(try client.response())
        #expect(try operatorProbe.response().status == 200)
        try expectCleanEnd(of: gateway)
    }

    /// Starts the program with `line` before it in a shell, and returns what it says.
    private func start(_ line: String) throws -> CommandResult {
        let folder = try TemporaryFolder()
        let base = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:1", folder: folder)
        let file = try folder.write(base.text, to: "config.json")
        let program = try ServerProcess.path(ofProgram: "tollgate")
        return try CommandResult.of([
            "sh", "-c", "LISTEN_PID=$$ \(line) exec \(program) serve --config \(file) 3</dev/null",
        ])
    }

    @Test(
        "what cannot be used is an error that says why, and nothing is served",
        arguments: [
            ("LISTEN_FDS=1", "descriptor 3 is no socket"),
            ("LISTEN_FDS=2 LISTEN_FDNAMES=listen:admin", "descriptor 3 is no socket"),
            ("LISTEN_FDS=9999999999999", "LISTEN_FDS: must be a whole number from 0 to 1024"),
            ("LISTEN_FDS=-1", "LISTEN_FDS: must be a whole number from 0 to 1024"),
            ("LISTEN_FDS=", "LISTEN_FDS: must be a whole number from 0 to 1024"),
            ("LISTEN_FDS=1 LISTEN_FDNAMES=a:b", "LISTEN_FDNAMES: has 2 names, and LISTEN_FDS says 1"),
            ("LISTEN_FDS=1 LISTEN_PID=x", "LISTEN_PID: must be the number of a process"),
        ]
    )
    func faulty(_ line: String, _ message: String) throws {
        let result = try start(line)
        #expect(result.end == .exit(1) && result.output.isEmpty)
        #expect(result.stderr.contains(message), "\(result.stderr)")
    }

    @Test("a socket for neither listener is refused with both addresses")
    func stray() throws {
        let socket = try HandedSocket("other")
        let folder = try TemporaryFolder()
        let base = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:1", folder: folder)
        let file = try folder.write(base.text, to: "config.json")
        let process = try ServerProcess.program("tollgate", ["serve", "--config", file], handing: [socket])
        #expect(try process.waitForEnd() == .exit(1))
        #expect(process.stderr.text.contains("bound to 127.0.0.1:\(socket.port) was handed over"))
    }

    @Test("what is meant for another process is left alone")
    func anotherProcess() throws {
        let gateway = try Gateway(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "9"])
        expectStoredMiss(try gateway.classify(SampleRequests.vendors))
        #expect(!gateway.process.stderr.text.contains("socket_handed_over"))
        try expectCleanEnd(of: gateway)
    }

    @Test("five restarts under load: nobody is refused, and no request fails, on either side")
    func restarts() throws {
        let sockets = try Self.names.map { try HandedSocket($0) }
        let gateway = try Gateway(handing: sockets)
        let load = RestartLoad(clientPort: gateway.port, adminPort: gateway.adminPort)
        for _ in 0..<5 {
            try load.waitForMore(200)
            #expect(try gateway.process.terminate() == .exit(0))
            try gateway.restart()
        }
        try load.waitForMore(200)
        let failures = load.stop()
        #expect(failures.isEmpty, "\(failures.count) of \(load.count): \(failures.prefix(5))")
        try expectCleanEnd(of: gateway)
    }
}

/// Clients and operators that ask on one new connection after another: hits, misses, and readiness. Guarded by its
/// condition.
private final class RestartLoad: @unchecked Sendable {
    private let condition = NSCondition()
    // Touched only while `condition` is locked.
    private var isStopped = false
    private var running = 0
    private(set) var count = 0
    private var failures: [String] = []

    init(clientPort: UInt16, adminPort: UInt16) {
        let hit = TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes
        let status = TestRequest("GET", "/admin/v1/teams", fields: [("Authorization", "Bearer \(Gateway.viewerToken)")])
        begin(clientPort) { hit }
        begin(clientPort) { hit }
        begin(clientPort) { TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes }
        begin(adminPort) { status.bytes }
    }

    private func begin(_ port: UInt16, _ request: @escaping @Sendable () -> [UInt8]) {
        condition.withLock { running += 1 }
        Thread { [self] in
            while !condition.withLock({ isStopped }) {
                let failure = Self.ask(port, request())
                condition.withLock {
                    count += 1
                    if let failure { failures.append(failure) }
                    condition.broadcast()
                }
            }
            condition.withLock {
                running -= 1
                condition.broadcast()
            }
        }.start()
    }

    /// Nil when the request was answered 200.
    private static func ask(_ port: UInt16, _ request: [UInt8]) -> String? {
        do {
            let connection = try RawConnection(port: port)
            try connection.send(request)
            let reply = try connection.response()
            return reply.status == 200 ? nil : "\(reply.status) \(reply.text)"
        } catch {
            return "\(error)"
        }
    }

    func waitForMore(_ more: Int) throws {
        let deadline = Deadline.generous
        let isReached = condition.withLock {
            let goal = count + more
            while count < goal, !deadline.hasPassed { _ = condition.wait(until: deadline.date) }
            return count >= goal
        }
        guard isReached else { throw TestFailure("the load stands still") }
    }

    func stop() -> [String] {
        condition.withLock {
            isStopped = true
            while running > 0 { condition.wait() }
            return failures
        }
    }
}
