import Foundation
import TestSupport
import Testing

/// A client that leaves ends its call, unless that may still say what it costs: `docs/faults.md` §3.
@Suite("Clients of pass-through that leave")
struct PassthroughPartingTests {
    private static let route: JSON = [
        "passthrough": ["spending": [["method": "GET", "path": "/v1/spends/{id}"]]],
        "budgets": ["organization": [["window": "total", "credits": 1_000]]],
    ]

    private static func waitForEnd(of connection: RawConnection) {
        while connection.end == nil { if !connection.receiveMore() { return } }
    }

    private func standing(_ gateway: Gateway) throws -> String {
        let budget = try gateway.admin("GET", "/budgets").json["items"][0]["budgets"][0]
        return "\(budget["spent"].text) \(budget["unconfirmed"].text) \(budget["reserved"].text)"
    }

    private func expect(_ gateway: Gateway, standing expected: String) throws {
        let deadline = Deadline.generous
        var standing = try standing(gateway)
        while standing != expected {
            try #require(!deadline.hasPassed, "\(standing), not \(expected)")
            standing = try self.standing(gateway)
        }
    }

    private static let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

    @Test(
        "a charge is booked though its client has left: before the reply, within it, or within its own request",
        arguments: ["waits", "reads", "early"]
    )
    func charged(when: String) throws {
        let gate = TestGate()
        try withOrigin(
            Self.route,
            readsBody: false,
            answer: { request, connection in
                let text = #"{"a": "\#(String(repeating: "x", count: 500))", "credits_used": 7}"#
                if when == "waits" { gate.wait() }
                try connection.send(Self.json + "Content-Length: \(text.utf8.count)\r\n\r\n" + text.prefix(9))
                if when != "waits" { gate.wait() }
                try connection.send(String(text.dropFirst(9)))
                return true
            }
        ) { gateway, origin in
            let client = try gateway.connect()
            // A file, which is not looked into: the vendor has its head before the client has sent a byte of it.
            let length = when == "early" ? "Content-Type: application/pdf\r\nContent-Length: 100\r\n" : ""
            try client.send("POST /v1/x HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n\(length)\r\n")
            #expect(origin.wait { $0.requests.count == 1 })
            if when != "waits" {
                while client.received.last != UInt8(ascii: "x") { try #require(client.receiveMore()) }
            }
            client.reset()
            #expect(try gateway.accessLog(atLeast: 1).first?["status"].int == 499)
            gate.open()
            try expect(gateway, standing: "7 0 0")
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the vendor sends before its client leaves, and again and again after that.
        let (before, after): (String, String)
        var method = "GET"
        var path = "/v1/x"
        var standing = "0 0 0"
        var note: String?
    }

    private static let rows = [
        Row(testDescription: "HEAD", before: "", after: "", method: "HEAD"),
        Row(
            testDescription: "no JSON",
            before: "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\na",
            after: ""
        ),
        Row(
            testDescription: "JSON that is too long to be read",
            before: json + "Content-Length: 1048577\r\n\r\n{",
            after: ""
        ),
        Row(
            testDescription: "JSON without an end",
            before: json + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
            after: "1000\r\n\(String(repeating: " ", count: 4_096))\r\n"
        ),
        Row(
            testDescription: "a spending route's reply that is not read",
            before: "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\na",
            after: "",
            path: "/v1/spends/1",
            standing: "0 10 0"
        ),
        Row(
            testDescription: "a spending route's error that is not read",
            before: "HTTP/1.1 404 X\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\na",
            after: "",
            path: "/v1/spends/1"
        ),
    ]

    @Test(
        "a call that says nothing more of its cost ends with its client, and so does the vendor's connection",
        arguments: rows
    )
    func ended(row: Row) throws {
        // Long enough that no time-out ends the connection.
        try withOrigin(
            Self.route,
            readsBody: false,
            answer: { _, connection in
                try connection.send(row.before)
                if row.after.isEmpty {
                    Self.waitForEnd(of: connection)
                } else {
                    while try connection.sendWhatIsTaken(Array(row.after.utf8)) == row.after.utf8.count {}
                }
                return false
            }
        ) { gateway, origin in
            let client = try gateway.connect()
            try client.send("\(row.method) \(row.path) HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n\r\n")
            #expect(origin.wait { $0.requests.count == 1 })
            if !row.before.isEmpty { try #require(client.receiveMore()) }
            client.reset()
            #expect(origin.wait { $0.ends == 1 })
            try expect(gateway, standing: row.standing)
        }
    }

    @Test(
        "a call is awaited for response_timeout after its client has left and no longer, however often a byte comes",
        arguments: [("/v1/x", "0 0 0"), ("/v1/spends/1", "0 10 0")],
        [false, true]
    )
    func endless(call: (path: String, standing: String), trickles: Bool) throws {
        try withOrigin(
            Self.route.overlaid(with: ["upstream": ["response_timeout": "1s"]]),
            answer: { _, connection in
                if trickles { try connection.send(Self.json + "Content-Length: 1000\r\n\r\n{") }
                while connection.end == nil {
                    if trickles, try connection.sendWhatIsTaken([0x20]) == 0 { return false }
                    _ = connection.receiveMore(.after(.milliseconds(50)))
                }
                return false
            }
        ) { gateway, origin in
            let client = try gateway.connect()
            let head = "POST \(call.path) HTTP/1.1\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\n\r\n"
            try client.send(call.path == "/v1/x" ? head : head.replacing("POST", with: "GET"))
            #expect(origin.wait { $0.requests.count == 1 })
            if trickles, call.path == "/v1/x" { try #require(client.receiveMore()) }
            client.reset()
            #expect(origin.wait { $0.ends == 1 })
            try expect(gateway, standing: call.standing)
            if call.path == "/v1/x", trickles {
                #expect(gateway.process.stderr.wait { $0.contains { $0.contains("charge_not_read") } })
            }
        }
    }
}
