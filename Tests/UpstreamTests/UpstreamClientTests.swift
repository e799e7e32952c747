import EventLoops
import Testing
import Transport
import Vocabulary

@testable import Upstream

@Suite("UpstreamClient")
struct UpstreamClientTests {
    private let bench: VendorBench
    private static let secret = "vendor-key-9d0e2b"

    init() throws { bench = try VendorBench() }

    private func client(_ settings: UpstreamSettings) -> UpstreamClient {
        UpstreamClient(
            loop: bench.loop,
            gate: UpstreamGate(settings: settings),
            resolver: NameResolver(),
            settings: settings,
            key: UpstreamKey(
                id: KeyID(rawValue: "primary"),
                account: AccountID(rawValue: "default"),
                secret: Array(Self.secret.utf8)
            ),
            tls: nil
        )
    }

    private func words(_ outcome: UpstreamOutcome) -> String {
        switch outcome {
        case .reply(let reply): "\(reply.status) \(String(decoding: reply.body, as: UTF8.self))"
        case .failure(let failure): "\(failure.code.rawValue) charged \(failure.charged.rawValue)"
        }
    }

    /// The outcomes of calls that go to a vendor who answers each request with `reply`.
    private func outcomes(_ count: Int, reply: String, settings: UpstreamSettings) -> [String] {
        bench.onReceive = { $0.send(reply) }
        let client = client(settings)
        var outcomes: [String] = []
        bench.run(
            connecting: 0,
            [
                .act {
                    for _ in 0..<count {
                        let call = UpstreamCall(
                            body: Array(#"{"a":1}"#.utf8),
                            requestID: Array("request-1".utf8),
                            team: TeamID(rawValue: "team")
                        )
                        client.classify(call) { outcomes.append(words($0)) }
                    }
                },
                .until("\(count) outcomes") { outcomes.count == count },
                .act { client.closeIdle() },
                .act {}, .act {},
            ]
        )
        return outcomes
    }

    private var vendorSettings: UpstreamSettings { settings(port: bench.port, isTLS: false, host: "127.0.0.1") }

    private func answer(_ status: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("the request has the vendor's key, the canonical body and the client's request id, and no more than that")
    func request() throws {
        #expect(outcomes(1, reply: answer("200 OK", "{}"), settings: vendorSettings) == ["200 {}"])
        let expected = [
            "POST /v1/classify HTTP/1.1", "host: 127.0.0.1:\(bench.port)", "x-api-key: \(Self.secret)",
            "content-type: application/json", "content-length: 7", "accept: application/json",
            "accept-encoding: identity", "user-agent: tollgate", "x-request-id: request-1", "", #"{"a":1}"#,
        ]
        #expect(try #require(bench.vendor.first).text == expected.joined(separator: "\r\n"))
    }

    @Test("the vendor's key never comes back, not even in an error that repeats it")
    func echo() {
        let reply = answer("400 Bad Request", "your key is \(Self.secret)")
        let stars = String(repeating: "*", count: Self.secret.utf8.count)
        #expect(outcomes(1, reply: reply, settings: vendorSettings) == ["400 your key is \(stars)"])
    }

    @Test("one connection carries one call after the other, and a place at the gate is given back by each")
    func oneAfterTheOther() {
        var settings = vendorSettings
        settings.concurrencyMax = 1
        #expect(
            outcomes(3, reply: answer("404 Not Found", "no"), settings: settings) == ["404 no", "404 no", "404 no"]
        )
        #expect(bench.vendor.count == 1)
    }

    @Test("a key that is not accepted costs nothing and gives its place back")
    func keyRejected() {
        var settings = vendorSettings
        settings.concurrencyMax = 1
        let rejected = "upstream_key_rejected charged no"
        #expect(outcomes(2, reply: answer("401 No", "no"), settings: settings) == [rejected, rejected])
    }

    @Test("a vendor that breaks off leaves the charge open, its place is given back, and nothing is sent again")
    func broken() {
        var settings = vendorSettings
        settings.concurrencyMax = 1
        let broken = "upstream_invalid_response charged unknown"
        #expect(outcomes(2, reply: "no HTTP at all", settings: settings) == [broken, broken])
        #expect(
            bench.vendor.map { $0.text.split(separator: "POST ", omittingEmptySubsequences: false).count - 1 } == [
                1, 1,
            ]
        )
    }

    @Test(
        "a call that comes back with a 429 waits, and gives up when queue_timeout is over; it is not sent for ever",
        arguments: ["Retry-After: 60\r\n", "Retry-After: 0\r\n", ""]
    )
    func limited(_ field: String) {
        var settings = vendorSettings
        settings.queueTimeout = .milliseconds(1)
        let reply = "HTTP/1.1 429 Too Many Requests\r\n\(field)Content-Length: 0\r\n\r\n"
        #expect(outcomes(1, reply: reply, settings: settings) == ["upstream_rate_limited charged no"])
        #expect(bench.vendor.map { $0.text.split(separator: "POST ").count } == [1])
    }

    @Test("when nothing can be sent nothing is charged")
    func unreachable() throws {
        // A port that was just given up has nobody behind it.
        let gone = try Listener(
            loop: bench.loop,
            address: SocketAddress(ip: [127, 0, 0, 1], port: 0),
            sharesPort: false
        )
        let port = gone.localAddress.port
        gone.stop()
        var settings = settings(port: port, isTLS: false, host: "127.0.0.1", breakerFailures: 1)
        settings.concurrencyMax = 1
        let expected = ["upstream_unreachable charged no", "circuit_open charged no"]
        #expect(outcomes(2, reply: "", settings: settings) == expected)
    }
}
