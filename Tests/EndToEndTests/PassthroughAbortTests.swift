import Foundation
import TestSupport
import Testing

/// Either side of a small exchange ends at every byte of it: `docs/faults.md` §5, I9, and §7.
@Suite("Aborts of pass-through at every byte", .serialized)
struct PassthroughAbortTests {
    private static let settings: JSON = [
        "listen": ["workers": 1], "upstream": ["response_timeout": "5s", "circuit_breaker": ["failures": 1_000_000]],
        "passthrough": ["spending": [["method": "POST", "path": "/v1/spends/{id}"]]],
        "budgets": ["organization": [["window": "total", "credits": 1_000_000]]],
    ]
    private static let body = #"{"credits_used": 1}"#
    private static let reply =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"

    private static func request(_ path: String) -> [UInt8] {
        let type = "Content-Type: application/octet-stream\r\nContent-Length: 12"
        return Array(
            "POST \(path) HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n\(type)\r\n\r\nsome content".utf8
        )
    }

    private func descriptors(_ gateway: Gateway) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(gateway.process.pid)/fd").count
    }

    /// Expects that nothing is left: no reservation, no call at the vendor, no descriptor.
    private func expectNothingLeft(_ gateway: Gateway, _ before: Int, _ deadline: Deadline = .generous) throws {
        while true {
            let reserved = try gateway.admin("GET", "/ledger?state=reserved&limit=5").json["items"].items.count
            let underWay = try gateway.admin("GET", "/upstream-keys").json["items"][0]["under_way"].int
            // The admin connection of these questions, and an idle one to the vendor.
            let extra = try descriptors(gateway) - before
            if reserved == 0, underWay == 0, extra <= 2 { return }
            try #require(!deadline.hasPassed, "\(reserved) reserved, \(underWay ?? -1) under way, \(extra) descriptors")
        }
    }

    @Test("a client that goes at any byte of its request leaves nothing", arguments: ["/v1/x", "/v1/spends/1"])
    func client(path: String) throws {
        try withOrigin(
            Self.settings,
            answer: { _, connection in
                try connection.send(Self.reply)
                return true
            }
        ) { gateway, _ in
            #expect(
                try gateway.send(TestRequest("GET", "/v1/first", fields: [("x-api-key", Gateway.keyA)])).status == 200
            )
            let before = try descriptors(gateway)
            let request = Self.request(path)
            for count in 0...request.count {
                let connection = try gateway.connect()
                try connection.send(Array(request[..<count]))
                // Both ways to go, in turns.
                if count % 2 == 0 { connection.reset() } else { connection.close() }
            }
            try expectNothingLeft(gateway, before)
            let connection = try gateway.connect()
            try connection.send(request)
            #expect(try connection.response().text == Self.body)
        }
    }

    @Test(
        "a vendor that goes at any byte of its reply leaves nothing, and no part looks whole",
        arguments: ["/v1/x", "/v1/spends/1"]
    )
    func vendor(path: String) throws {
        let cut = CutPoint()
        try withOrigin(
            Self.settings,
            answer: { _, connection in
                try connection.send(Array(Self.reply.utf8.prefix(cut.count)))
                if cut.count < Self.reply.utf8.count, cut.count % 2 == 0 { connection.reset() }
                return cut.count == Self.reply.utf8.count
            }
        ) { gateway, _ in
            cut.count = Self.reply.utf8.count
            let first = try gateway.connect()
            try first.send(Self.request(path))
            #expect(try first.response().text == Self.body)
            first.close()
            let before = try descriptors(gateway)
            for count in 0..<Self.reply.utf8.count {
                cut.count = count
                let connection = try gateway.connect()
                try connection.send(Self.request(path))
                // An error if nothing was passed on, else a reset.
                if let reply = try? connection.response() {
                    #expect(reply.status == 502, "byte \(count): \(reply.status)")
                } else {
                    #expect(connection.end == .reset, "byte \(count)")
                }
            }
            try expectNothingLeft(gateway, before)
            cut.count = Self.reply.utf8.count
            let last = try gateway.connect()
            try last.send(Self.request(path))
            #expect(try last.response().text == Self.body)
        }
    }
}

/// After how many bytes the origin's threads end the reply. Guarded.
private final class CutPoint: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0

    var count: Int {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }
}
