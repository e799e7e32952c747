import EventLoops
import Testing
import Transport
import UpstreamKeys
import Vocabulary

@testable import Upstream

@Suite("UpstreamClient")
struct UpstreamClientTests {
    private let bench: VendorBench
    private static let secret = "vendor-key-9d0e2b"

    init() throws { bench = try VendorBench() }

    private func client(
        _ settings: UpstreamSettings,
        _ keys: [UpstreamKey],
        _ standing: NodeStanding
    ) throws -> UpstreamClient {
        try UpstreamClient(
            loop: bench.loop,
            gate: UpstreamGate(limits: settings.gate, keys: keys),
            resolver: try NameResolver(),
            settings: settings,
            tls: nil,
            standing: standing,
            onKeyChange: { [notes] in notes.records.append($0) }
        )
    }

    /// What happened besides the outcomes.
    private final class Notes {
        var records: [UpstreamKeyRecord] = []
        var moves: [String] = []
    }

    private let notes = Notes()

    private func words(_ outcome: UpstreamOutcome) -> String {
        switch outcome {
        case .reply(let reply): "\(reply.status) \(String(decoding: reply.body, as: UTF8.self))"
        case .unusable(_, let failure), .failure(let failure):
            "\(failure.code.errorCode.rawValue) charged \(failure.charged.rawValue)"
        case .givenUp: "given up"
        case .abandoned: "abandoned"
        }
    }

    /// The outcomes of calls to a vendor that answers each request with `reply`.
    private func outcomes(
        _ count: Int,
        reply: String,
        settings: UpstreamSettings,
        standing: NodeStanding = NodeStanding()
    ) -> [String] {
        let keys = [upstreamKey("primary", secret: Self.secret)]
        return outcomes(count, settings: settings, keys: keys, standing: standing) { _ in reply }
    }

    /// The outcomes of calls with these keys, each named by its secret, to a vendor whose answer depends on the last
    /// one it saw.
    ///
    /// - Parameter moved: the answer to being booked to another key.
    private func outcomes(
        _ count: Int,
        settings: UpstreamSettings,
        keys: [UpstreamKey],
        standing: NodeStanding = NodeStanding(),
        moved: @escaping (UpstreamKeyID) -> UpstreamKeyMoved = { _ in .done },
        reply: @escaping (String) -> String
    ) -> [String] {
        bench.onReceive = { side in
            let last = side.text.split(separator: "x-api-key: ").last.map { $0.prefix { !$0.isNewline } }
            side.send(reply(last.map(String.init) ?? ""))
        }
        guard let client = try? client(settings, keys, standing) else {
            Issue.record("no client could be made")
            return []
        }
        var outcomes: [String] = []
        bench.run(
            connecting: 0,
            [
                .act {
                    for number in 0..<count {
                        let call = UpstreamCall(
                            body: Array(#"{"a":1}"#.utf8),
                            requestID: .chosen(Array("request-1".utf8)),
                            team: TeamID(rawValue: "team"),
                            account: AccountID(rawValue: "default"),
                            documentID: "document \(number)",
                            key: UpstreamKeyID(rawValue: "primary")
                        )
                        func move(to key: UpstreamKeyID, then: @escaping (UpstreamKeyMoved) -> Void) {
                            notes.moves.append(key.rawValue)
                            bench.loop.later { then(moved(key)) }
                        }
                        client.classify(call, move: move) { outcomes.append(words($0)) }
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
            "accept-encoding: identity", "user-agent: tollgate", "via: 1.1 tollgate", "x-request-id: request-1", "",
            #"{"a":1}"#,
        ]
        #expect(try #require(bench.vendor.first).text == expected.joined(separator: "\r\n"))
    }

    @Test("when the store has confirmed nothing for six seconds, not a byte goes to the vendor")
    func cutOff() {
        let (reply, now) = (answer("200 OK", "{}"), SystemClock.sinceBoot())
        let late = NodeStanding(joinedAt: now + .seconds(-6))
        let outcomes = outcomes(1, reply: reply, settings: vendorSettings, standing: late)
        #expect(outcomes == ["store_unavailable charged no"])
        #expect(bench.vendor.allSatisfy { $0.text.isEmpty })
    }

    /// Notes what the gate has when the head of a reply comes.
    private final class PlaceWatcher: PassageHandler {
        private let gate: UpstreamGate
        private(set) var seen: [String] = []

        init(_ gate: UpstreamGate) { self.gate = gate }

        func passageDidBegin() {}
        func passageIsAskedForContent() {}
        func passageDidDrain() {}
        func passageDidReceive(_ head: PassageReplyHead) {
            seen.append("\(gate.load.underWay) under way, \(gate.load.aside) aside")
        }
        func passageDidReceive(_ content: [UInt8]) {}
        func passageDidCatchUp() {}
    }

    @Test("a passed request gives its place back when its reply has begun; with a reply that comes whole, at its end")
    func placeOfPassage() throws {
        let gate = UpstreamGate(limits: vendorSettings.gate, keys: [upstreamKey("primary", secret: Self.secret)])
        let client = try UpstreamClient(
            loop: bench.loop,
            gate: gate,
            resolver: try NameResolver(),
            settings: vendorSettings,
            tls: nil,
            onKeyChange: { _ in }
        )
        let (watcher, whole) = (PlaceWatcher(gate), answer("200 OK", "done"))
        bench.onReceive = { side in
            guard watcher.seen.isEmpty else { return side.send(whole) }
            side.send(String(whole.dropLast()))
        }
        var outcomes: [String] = []
        func pass() {
            let request = PassageRequest(
                method: .get,
                target: Array("/v1/a".utf8),
                fields: [],
                framing: .none,
                content: [],
                isWhole: true,
                expectsContinue: false
            )
            let call = UpstreamCall(
                passing: request,
                requestID: .chosen([]),
                team: TeamID(rawValue: "team"),
                account: AccountID(rawValue: "default"),
                key: UpstreamKeyID(rawValue: "primary")
            )
            _ = client.pass(call, watcher, move: { _, _ in }) { outcomes.append(words($0)) }
        }
        bench.run(
            connecting: 0,
            [
                .act { pass() },
                .until("a head") { watcher.seen.count == 1 },
                .act { [bench] in bench.vendor.first?.send(String(whole.suffix(1))) },
                .until("an outcome") { outcomes.count == 1 },
                .act { pass() },
                .until("two outcomes") { outcomes.count == 2 },
                .act { client.closeIdle() },
                .act {}, .act {},
            ]
        )
        #expect(watcher.seen == ["0 under way, 1 aside", "1 under way, 0 aside"])
        #expect(gate.load.underWay == 0 && gate.load.aside == 0)
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
        settings.gate.concurrencyMax = 1
        #expect(
            outcomes(3, reply: answer("404 Not Found", "no"), settings: settings) == ["404 no", "404 no", "404 no"]
        )
        #expect(bench.vendor.count == 1)
    }

    @Test(
        "a connection that the vendor gives up at once is not used again; one that it keeps is",
        arguments: [("timeout=0", 2), ("timeout=3600, max=100", 1)]
    )
    func keepAlive(_ value: String, _ connections: Int) {
        var settings = vendorSettings
        settings.gate.concurrencyMax = 1
        let reply = "HTTP/1.1 404 No\r\nKeep-Alive: \(value)\r\nContent-Length: 2\r\n\r\nno"
        #expect(outcomes(2, reply: reply, settings: settings) == ["404 no", "404 no"])
        #expect(bench.vendor.count == connections)
    }

    @Test("a key that is not accepted costs nothing and gives its place back")
    func keyRejected() {
        var settings = vendorSettings
        settings.gate.concurrencyMax = 1
        let rejected = "upstream_key_rejected charged no"
        let expected = [rejected, rejected, rejected, "no_upstream_key charged no"]
        #expect(outcomes(4, reply: answer("401 No", "no"), settings: settings) == expected)
        #expect(notes.records.map(\.state) == [.quarantined(.unauthorized)])
    }

    @Test("a vendor that breaks off leaves the charge open, its place is given back, and nothing is sent again")
    func broken() {
        var settings = vendorSettings
        settings.gate.concurrencyMax = 1
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
        // Nothing listens on a port that was just closed.
        let gone = try Listener(
            loop: bench.loop,
            address: SocketAddress(ip: [127, 0, 0, 1], port: 0),
            sharesPort: false
        )
        let port = gone.localAddress.port
        gone.stop()
        var settings = settings(port: port, isTLS: false, host: "127.0.0.1")
        settings.gate.breaker.failures = 1
        settings.gate.concurrencyMax = 1
        let expected = ["upstream_unreachable charged no", "circuit_open charged no"]
        #expect(outcomes(2, reply: "", settings: settings) == expected)
    }

    private static let refusal = #"{"success": false, "error": "forbidden"}"#
    private let two = [upstreamKey("primary"), upstreamKey("second")]

    @Test("a call that is rejected is booked to another key before it is sent with it, and that one's answer counts")
    func otherKey() {
        let outcomes = outcomes(1, settings: vendorSettings, keys: two) { key in
            key == "primary" ? answer("403 No", Self.refusal) : answer("200 OK", "by \(key)")
        }
        #expect(outcomes == ["200 by second"])
        #expect(notes.moves == ["second"])
        #expect(notes.records.map(\.state) == [.quarantined(.otherKeyAccepted)])
        #expect(notes.records.map(\.id.rawValue) == ["primary"])
    }

    @Test("a second refusal is passed on, and no key suffers")
    func document() {
        let outcomes = outcomes(8, settings: vendorSettings, keys: two) { _ in answer("403 No", Self.refusal) }
        #expect(outcomes == Array(repeating: "403 \(Self.refusal)", count: 8))
        #expect(notes.records.isEmpty)
    }

    @Test("of two refusals the one in the vendor's error shape is passed on, and no key suffers")
    func oneShaped() {
        let outcomes = outcomes(1, settings: vendorSettings, keys: two) { key in
            key == "primary" ? answer("403 No", Self.refusal) : answer("401 No", "no")
        }
        #expect(outcomes == ["403 \(Self.refusal)"])
        #expect(notes.records.isEmpty)
    }

    @Test("a 429 moves the call to another key at once")
    func limitedOne() {
        let outcomes = outcomes(1, settings: vendorSettings, keys: two) { key in
            key == "primary"
                ? "HTTP/1.1 429 No\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n" : answer("200 OK", "{}")
        }
        #expect(outcomes == ["200 {}"])
        #expect(notes.moves == ["second"])
    }

    @Test("a key whose month has no room is passed over; when none remains the call costs nothing")
    func noRoom() {
        let three = two + [upstreamKey("third")]
        func reply(_ key: String) -> String {
            key == "primary" ? answer("401 No", "no") : answer("200 OK", "{}")
        }
        var settings = vendorSettings
        settings.gate.concurrencyMax = 1
        let passedOver = outcomes(
            1,
            settings: settings,
            keys: three,
            moved: { $0.rawValue == "second" ? .noRoom : .done },
            reply: reply
        )
        #expect(passedOver == ["200 {}"])
        #expect(notes.moves == ["second", "third"])
    }

    @Test("a call that cannot be booked to another key is given up, and its place is free")
    func notBooked() {
        var settings = vendorSettings
        settings.gate.concurrencyMax = 1
        let outcomes = outcomes(2, settings: settings, keys: two, moved: { _ in .failed }) { _ in
            answer("401 No", "no")
        }
        #expect(outcomes == ["given up", "given up"])
    }
}
