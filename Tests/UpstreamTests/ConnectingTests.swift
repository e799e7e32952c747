import EventLoops
import Glibc
import TestSupport
import Testing
import UpstreamKeys
import Vocabulary

@testable import Transport
@testable import Upstream

/// From a call to a connection: names, addresses, and resources that this side may lack.
@Suite("UpstreamClient: connecting")
struct ConnectingTests {
    private let passes: Passes

    init() throws { passes = try Passes() }

    private static func call() -> UpstreamCall {
        UpstreamCall(
            body: Array("{}".utf8),
            requestID: .chosen(Array("request-1".utf8)),
            team: TeamID(rawValue: "team"),
            account: AccountID(rawValue: "default"),
            documentID: "document",
            key: UpstreamKeyID(rawValue: "primary")
        )
    }

    private static func words(_ outcome: UpstreamOutcome) -> String {
        switch outcome {
        case .reply(let reply): "\(reply.status)"
        case .unusable(_, let failure), .failure(let failure):
            "\(failure.code.errorCode.rawValue) charged \(failure.charged.rawValue)"
        case .givenUp: "given up"
        case .abandoned: "abandoned"
        }
    }

    /// The outcomes of calls made one after the other.
    private func outcomes(_ count: Int, _ settings: UpstreamSettings, _ resolver: NameResolver) throws -> [String] {
        let client = try UpstreamClient(
            loop: passes.loop,
            gate: UpstreamGate(limits: settings.gate, keys: [upstreamKey("primary")]),
            resolver: resolver,
            settings: settings,
            tls: nil,
            onKeyChange: { _ in }
        )
        var outcomes: [String] = []
        let steps = (1...count).flatMap { number in
            [
                Passes.Step.act {
                    client.classify(Self.call(), move: { $1(.done) }, then: { outcomes.append(Self.words($0)) })
                },
                .until("\(number) outcomes") { outcomes.count == number },
            ]
        }
        passes.run(steps + [.act { client.closeIdle() }, .act {}, .act {}])
        return outcomes
    }

    private func fast(_ port: UInt16, host: String, connectTimeout: Duration, failures: Int = 1_000) -> UpstreamSettings
    {
        var settings = settings(port: port, isTLS: false, host: host)
        settings.gate.breaker.failures = failures
        settings.connectTimeout = connectTimeout
        settings.gate.concurrencyMax = 1
        return settings
    }

    @Test("connect_timeout holds while the name is looked up, and the place at the gate is free after it")
    func silentNameServer() throws {
        let end = SystemSemaphore()
        let resolver = try NameResolver(freshFor: .seconds(30), usableFor: .seconds(600)) { _ in
            end.wait()
            return .failure(ResolveFault(description: "none"))
        }
        let settings = fast(443, host: "vendor.test", connectTimeout: .milliseconds(50))
        let expected = Array(repeating: "upstream_unreachable charged no", count: 2)
        #expect(try outcomes(2, settings, resolver) == expected)
        end.signal()
    }

    @Test("an address that swallows connection requests costs its share once: the next one serves")
    func silentAddress() throws {
        let hole = try UnansweringPort()
        let second = SocketAddress(ip: [127, 0, 0, 2], port: hole.port)
        let listener = try Listener(loop: passes.loop, address: second, sharesPort: false)
        var sides: [VendorSide] = []
        listener.start { stream in
            let side = VendorSide(stream)
            side.onReceive = { $0.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}") }
            sides.append(side)
        }
        let resolver = try NameResolver(freshFor: .seconds(3_600), usableFor: .seconds(3_600)) { _ in
            .success([SocketAddress(ip: [127, 0, 0, 1], port: 0), second])
        }
        let settings = fast(hole.port, host: "vendor.test", connectTimeout: .seconds(2))
        let start = SystemClock.monotonic()
        // Twenty connections, of which only the first waits for the silent address.
        #expect(try outcomes(20, settings, resolver) == Array(repeating: "200", count: 20))
        #expect(SystemClock.monotonic() - start < .seconds(20))
        listener.stop()
        for side in sides { side.stream.abort() }
        withExtendedLifetime(hole) {}
    }

    @Test("what this side lacks is told as overloaded, costs nothing, and opens no breaker")
    func exhausted() async {
        await #expect(processExitsWith: .success) {
            let tests = try ConnectingTests()
            let resolver = try NameResolver()
            let settings = tests.fast(9, host: "127.0.0.1", connectTimeout: .seconds(30), failures: 1)
            let kind = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
            let client = try UpstreamClient(
                loop: tests.passes.loop,
                gate: UpstreamGate(limits: settings.gate, keys: [upstreamKey("primary")]),
                resolver: resolver,
                settings: settings,
                tls: nil,
                onKeyChange: { _ in }
            )
            var lowered = rlimit(rlim_cur: 3, rlim_max: 3)
            setrlimit(kind, &lowered)
            var outcomes: [String] = []
            let steps = (1...3).flatMap { number in
                [
                    Passes.Step.act {
                        client.classify(Self.call(), move: { $1(.done) }, then: { outcomes.append(Self.words($0)) })
                    },
                    .until("\(number) outcomes") { outcomes.count == number },
                ]
            }
            tests.passes.run(steps)
            precondition(outcomes == Array(repeating: "overloaded charged no", count: 3), "\(outcomes)")
        }
    }

    @Test("a client without descriptors for its mailboxes is told to be impossible")
    func noMailbox() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let resolver = try NameResolver()
            var lowered = rlimit(rlim_cur: 3, rlim_max: 3)
            setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &lowered)
            do throws(EventLoop.Fault) {
                _ = try UpstreamClient(
                    loop: loop,
                    gate: UpstreamGate(limits: settings().gate, keys: []),
                    resolver: resolver,
                    settings: settings(),
                    tls: nil,
                    onKeyChange: { _ in }
                )
                preconditionFailure("a client out of nothing")
            } catch {
                precondition(error.description.contains("Too many open files"))
            }
        }
    }
}
