import Foundation
import TestSupport
import Testing

/// Slow clients of pass-through hold no place at the vendor: `docs/faults.md` §7.
@Suite("Slow clients of pass-through", .serialized)
struct PassthroughSlowClientTests {
    private static let key = [("x-api-key", Gateway.keyA)]
    private static let largeHead =
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: \(1 << 30)\r\n\r\n"
    private static let piece = [UInt8](repeating: 0x61, count: 1 << 20)

    /// How many slow readers this machine's limit on descriptors allows, at most 1,000: each takes an eighth of one.
    private static var readerCount: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        return min(1_000, Int(clamping: limit.rlim_max) / 16)
    }

    @Test(
        "readers that take nothing of a large reply cost their connections and the write cap; misses go on meanwhile",
        .disabled(
            if: ServerProcess.programsAreSanitized,
            "a sanitizer keeps what is freed; TOLLGATE_TEST_PROGRAMS may name the folder of another build"
        )
    )
    func slowReaders() throws {
        let settings: JSON = [
            "upstream": ["max_concurrency": 8, "queue_timeout": "10m"], "listen": ["body_timeout": "10m"],
        ]
        try withOrigin(
            settings,
            answer: { request, connection in
                if request.target == "/v1/classify" {
                    try connection.send(request.classifyReply)
                    return true
                }
                try connection.send(Self.largeHead)
                while try connection.sendWhatIsTaken(Self.piece, .after(.seconds(600))) == Self.piece.count {}
                return false
            }
        ) { gateway, origin in
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            let before = try gateway.residentKilobytes()
            let readers = try (0..<Self.readerCount).map { _ in
                let reader = try gateway.connect(receiveBuffer: 4_096)
                try reader.send(TestRequest("GET", "/v1/large", fields: Self.key).bytes)
                return reader
            }
            for (number, reader) in readers.enumerated() {
                while !reader.received.starts(with: Array("HTTP/1.1 200".utf8)) {
                    try #require(
                        reader.receiveMore(),
                        "reader \(number): \(String(decoding: reader.received.prefix(500), as: UTF8.self))"
                    )
                }
            }
            for _ in 0..<20 { expectStoredMiss(try gateway.classify(SampleRequests.about())) }
            // The write cap of 256 KiB, and the piece of at most 64 KiB that exceeded it, for each.
            let growth = try gateway.residentKilobytes() - before
            #expect(growth < Self.readerCount * (256 + 64 + 16), "\(growth) KiB for \(Self.readerCount) readers")
            let status = try gateway.admin("GET", "/status").json
            #expect(status["memory"]["client_bytes"].int ?? .max <= Self.readerCount * (256 + 64 + 16) * 1_024)
            for reader in readers { reader.reset() }
            #expect(origin.wait { $0.ends >= Self.readerCount })
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test("senders that never finish their bodies hold no place; the vendor's work does")
    func slowSenders() throws {
        let settings: JSON = ["upstream": ["max_concurrency": 2], "listen": ["body_timeout": "10m"]]
        try withOrigin(
            settings,
            answer: { request, connection in
                if request.target == "/v1/classify" {
                    try connection.send(request.classifyReply)
                } else if request.target == "/v1/work" {
                    while connection.end == nil { _ = connection.receiveMore() }
                } else {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                }
                return true
            }
        ) { gateway, origin in
            let senders = try (0..<20).map { _ in
                let sender = try gateway.connect()
                let fields =
                    "Host: h\r\nx-api-key: \(Gateway.keyA)\r\nContent-Type: application/pdf\r\nContent-Length: 100"
                try sender.send("POST /v1/documents HTTP/1.1\r\n\(fields)\r\n\r\nabc")
                return sender
            }
            let deadline = Deadline.generous
            while try gateway.admin("GET", "/upstream-keys").json["items"][0]["under_way"].int != 20 {
                try #require(!deadline.hasPassed, "not all are under way")
            }
            for _ in 0..<5 { expectStoredMiss(try gateway.classify(SampleRequests.about())) }
            // Two whole requests that the vendor works on take both places.
            let workers = try (0..<2).map { _ in
                let worker = try gateway.connect()
                try worker.send(TestRequest("HEAD", "/v1/work", fields: Self.key).bytes)
                return worker
            }
            #expect(origin.wait { $0.requests.count { $0.target == "/v1/work" } == 2 })
            let waiting = try gateway.connect()
            try waiting.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            #expect(waiting.staysQuiet(for: .milliseconds(200)))
            // A sender that finishes its body is answered without a wait.
            try senders[0].send([UInt8](repeating: 0x61, count: 97))
            #expect(try senders[0].response().status == 200)
            #expect(waiting.staysQuiet(for: .milliseconds(100)))
            for client in workers + senders { client.reset() }
        }
    }

    @Test(
        "a slow body of a spending route holds no reservation and no connection of the vendor's, whatever it is",
        arguments: [
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100", "Content-Length: 100",
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 100",
            "Content-Type: application/json\r\nContent-Length: 2000000", "Transfer-Encoding: chunked",
        ]
    )
    func slowSpender(framing: String) throws {
        try withOrigin(
            ["listen": ["body_timeout": "1s"]],
            answer: { _, connection in
                try connection.send("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
                return true
            }
        ) { gateway, origin in
            for line in ["POST /v1/classifiers/c1/classify", "GET /v1/documents/d/run_parser"] {
                let client = try gateway.connect()
                try client.send("\(line) HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n\(framing)\r\n\r\n")
                try client.send(framing.hasSuffix("chunked") ? "3\r\nabc\r\n" : "abc")
                expectError(try client.response(), 408, "request_timeout")
            }
            #expect(try gateway.admin("GET", "/ledger").json["items"].items.isEmpty)
            #expect(origin.requests.isEmpty && origin.malformed.isEmpty)
        }
    }

    @Test("a vendor that takes nothing of a large request is late, and what was reserved is unconfirmed")
    func stalledVendor() throws {
        try withOrigin(
            ["upstream": ["response_timeout": "1s"]],
            readsBody: false,
            answer: { _, connection in
                while connection.end == nil { usleep(10_000) }
                return false
            }
        ) { gateway, _ in
            let client = try gateway.connect()
            let length = 64 << 20
            let head = "POST /v1/classifiers/c1/classify HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n"
            try client.send(head + "Content-Type: application/pdf\r\nContent-Length: \(length)\r\n\r\n")
            // The gateway takes no more from the client than the vendor does, until it gives up.
            while client.received.isEmpty, (try? client.sendWhatIsTaken(Self.piece, .after(.milliseconds(50)))) != nil {
                _ = client.receiveMore(.after(.milliseconds(1)))
            }
            expectError(try client.response(), 504, "upstream_timeout")
            #expect(try gateway.admin("GET", "/ledger").json["items"][0]["state"].string == "unconfirmed")
        }
    }

    @Test("a reader that takes nothing for body_timeout is disconnected, and the vendor's connection with it")
    func stalledReader() throws {
        try withOrigin(
            ["listen": ["body_timeout": "1s"]],
            answer: { _, connection in
                try connection.send(Self.largeHead)
                while try connection.sendWhatIsTaken(Self.piece) == Self.piece.count {}
                return false
            }
        ) { gateway, origin in
            let reader = try gateway.connect(receiveBuffer: 4_096)
            try reader.send(TestRequest("GET", "/v1/x", fields: Self.key).bytes)
            #expect(origin.wait { $0.ends == 1 })
            #expect(try gateway.accessLog(atLeast: 1).first?["status"].int == 499)
        }
    }

    @Test("interim replies and a head that trickles do not extend the time for the head")
    func endlessHead() throws {
        try withOrigin(
            ["upstream": ["response_timeout": "1s", "circuit_breaker": ["failures": 100]]],
            answer: { request, connection in
                var text = "HTTP/1.1 200 OK\r\n"
                if request.target == "/v1/interim" { text = String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 9) }
                for piece in text.split(separator: "H", omittingEmptySubsequences: false).map({ "H\($0)" }).dropFirst()
                {
                    try connection.send(piece)
                    usleep(200_000)
                }
                while connection.end == nil {
                    if request.target == "/v1/head" {
                        guard try connection.sendWhatIsTaken(Array("X-Y: z\r\n".utf8)) > 0 else { return false }
                    }
                    _ = connection.receiveMore(.after(.milliseconds(200)))
                }
                return false
            }
        ) { gateway, origin in
            for (number, target) in ["/v1/interim", "/v1/head"].enumerated() {
                let reply = try gateway.send(TestRequest("GET", target, fields: Self.key))
                expectError(reply, 504, "upstream_timeout")
                #expect(origin.wait { $0.ends == number + 1 })
            }
        }
    }
}
