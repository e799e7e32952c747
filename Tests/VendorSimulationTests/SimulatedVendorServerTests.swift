import Foundation
import Testing

@testable import VendorSimulation

/// Starts a server for one test and stops it afterwards.
func withServer(
    delay: Duration = .zero,
    _ change: (inout SimulatedVendorOptions) -> Void = { _ in },
    _ body: (SimulatedVendorServer) throws -> Void
) throws {
    var options = SimulatedVendorOptions()
    options.settings = VendorSettings(delay: delay, keys: [TestCalls.key])
    change(&options)
    let server = try SimulatedVendorServer.start(options)
    defer { server.stop() }
    try body(server)
}

extension SimulatedVendorServer {
    /// Makes one control call; returns its body.
    @discardableResult
    func control(_ method: String, _ path: String, _ body: String = "") throws -> String {
        let client = try TestClient(address)
        try client.send(TestClient.request(method, path, body))
        let reply = try client.reply()
        guard reply.status == 200 else { throw TestClient.Broken(what: reply.body) }
        return reply.body
    }
}

@Suite("The server", .serialized)
struct SimulatedVendorServerTests {
    @Test("requests on one connection are answered in order, pipelined or not")
    func pipelining() throws {
        try withServer(delay: .milliseconds(1)) { server in
            let client = try TestClient(server.address)
            let ids = (0..<20).map { "00000000-0000-4000-8000-0000000000\($0 + 10)" }
            try client.send(ids.map { TestClient.classify(TestCalls.body($0)) }.joined())
            for id in ids { #expect(try client.reply().body.contains(id)) }
            try client.send(TestClient.classify())
            #expect(try client.reply().status == 200)
            let account = try server.control("GET", "/sim/account")
            #expect(account.contains(#""classify_calls": 21, "#) && account.contains(#""in_flight_max": 1, "#))
        }
    }

    @Test("a request may come byte by byte, or chunked, and 100 Continue comes when asked for")
    func arrival() throws {
        try withServer { server in
            let client = try TestClient(server.address)
            for byte in TestClient.classify().unicodeScalars { try client.send(String(Character(byte))) }
            #expect(try client.reply().status == 200)
            let body = TestCalls.body()
            let size = String(body.utf8.count, radix: 16)
            let head = "POST /v1/classify HTTP/1.1\r\nHost: vendor\r\nx-api-key: \(TestCalls.key)\r\n"
            try client.send(head + "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n")
            #expect(try client.reply().status == 200)
            try client.send(head + "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.reply().status == 100)
            try client.send(body)
            #expect(try client.reply().status == 200)
        }
    }

    @Test("a half-closed connection is answered and then closed")
    func halfClose() throws {
        try withServer(delay: .milliseconds(5)) { server in
            let client = try TestClient(server.address)
            try client.send(TestClient.classify())
            client.finishSending()
            let (text, end) = client.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && end == .fin)
        }
    }

    @Test("Connection: close is obeyed, garbage is refused, an unknown path is a 404")
    func ends() throws {
        try withServer { server in
            var client = try TestClient(server.address)
            try client.send(TestClient.classify(TestCalls.body(), "Connection: close\r\n"))
            #expect(client.readToEnd().end == .fin)
            client = try TestClient(server.address)
            try client.send("\u{16}\u{3}\u{1} garbage\r\n\r\n")
            #expect(client.readToEnd().text.hasPrefix("HTTP/1.1 400 "))
            client = try TestClient(server.address)
            try client.send(TestClient.request("GET", "/v1/elsewhere", "", "X-Request-Id: lost\r\n"))
            #expect(try client.reply().status == 404)
            let account = try server.control("GET", "/sim/account")
            #expect(account.contains(#""calls": 2, "classify_calls": 1, "malformed_requests": 1, "#))
            #expect(account.contains(#""request_ids": ["lost"]"#))
        }
    }

    @Test("a held call is answered after a release, and a wait tells when it has come")
    func hold() throws {
        try withServer { server in
            try server.control("POST", "/sim/faults", #"{"kind": "hold", "count": 2}"#)
            let clients = try (0..<2).map { _ in try TestClient(server.address) }
            for client in clients { try client.send(TestClient.classify()) }
            try server.control("POST", "/sim/wait", #"{"in_flight": 2}"#)
            #expect(try server.control("GET", "/sim/account").contains(#""charges": 0, "#))
            #expect(try server.control("POST", "/sim/release", #"{"count": 1}"#).contains(#""released": 1"#))
            try server.control("GET", "/sim/wait?in_flight=1")
            #expect(try server.control("POST", "/sim/release").contains(#""released": 1"#))
            for client in clients { #expect(try client.reply().status == 200) }
            try server.control("GET", "/sim/wait?in_flight=0&calls=2")
        }
    }

    @Test("a wait in vain ends with 408")
    func waitInVain() throws {
        try withServer { server in
            let client = try TestClient(server.address)
            try client.send(TestClient.request("GET", "/sim/wait?calls=1&timeout_ms=5"))
            #expect(try client.reply().status == 408)
        }
    }

    @Test("a call goes on, and is charged, when its caller has gone")
    func callerGone() throws {
        try withServer { server in
            try server.control("POST", "/sim/faults", #"{"kind": "hold"}"#)
            do {
                let client = try TestClient(server.address)
                try client.send(TestClient.classify())
                try server.control("GET", "/sim/wait?in_flight=1")
            }
            try server.control("POST", "/sim/release")
            try server.control("GET", "/sim/wait?in_flight=0")
            #expect(try server.control("GET", "/sim/account").contains(#""credits_charged": 2, "#))
        }
    }

    @Test("with a charge log each charge is in the file before its reply, and a refusal is not")
    func chargeLog() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "charges-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try withServer({ $0.chargeLog = path }) { server in
            let client = try TestClient(server.address)
            for number in 1...3 {
                try client.send(TestClient.classify(TestCalls.body(), "X-Request-Id: call-\(number)\r\n"))
                #expect(try client.reply().status == 200)
                let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
                #expect(lines.count == number)
                let line = try JSONSerialization.jsonObject(with: Data(lines.last!.utf8)) as? [String: Any]
                #expect(line?["request_id"] as? String == "call-\(number)")
                #expect(line?["credits"] as? Int == 2 && line?["key"] as? String == TestCalls.key)
                #expect(line?["document_id"] as? String == TestCalls.document && line?["time"] != nil)
            }
            try client.send(TestClient.classify("{}"))
            #expect(try client.reply().status == 400)
            #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 3)
        }
    }

    @Test("no caller gets a reply whose charge could not be written")
    func chargeLogFull() throws {
        try withServer({ $0.chargeLog = "/dev/full" }) { server in
            let client = try TestClient(server.address)
            try client.send(TestClient.classify())
            let (text, end) = client.readToEnd()
            #expect(text.isEmpty && end == .reset)
        }
    }

    @Test("control calls have an address of their own when asked for")
    func controlAddress() throws {
        try withServer({ $0.controlAddress = $0.address }) { server in
            let client = try TestClient(try #require(server.controlAddress))
            try client.send(TestClient.request("GET", "/sim/account"))
            #expect(try client.reply().status == 200)
        }
    }

    @Test("an address in use and a charge log without a folder are refused with their names")
    func startFails() throws {
        try withServer { server in
            var options = SimulatedVendorOptions()
            options.address = server.address
            let inUse = #expect(throws: SimulatedVendorServer.Fault.self) { try SimulatedVendorServer.start(options) }
            #expect(inUse?.description.contains(server.address.description) == true)
            options = SimulatedVendorOptions()
            options.chargeLog = "/nonexistent/charges"
            let noFile = #expect(throws: SimulatedVendorServer.Fault.self) { try SimulatedVendorServer.start(options) }
            #expect(noFile?.description.contains("/nonexistent/charges") == true)
        }
    }

    @Test("300 connections at once are all answered")
    func manyConnections() throws {
        try withServer(delay: .milliseconds(20)) { server in
            let clients = try (0..<300).map { _ in try TestClient(server.address) }
            for client in clients { try client.send(TestClient.classify()) }
            for client in clients { #expect(try client.reply().status == 200) }
            #expect(try server.control("GET", "/sim/account").contains(#""credits_charged": 600, "#))
        }
    }

    @Test("stopping twice is stopping once")
    func stopTwice() throws { try withServer { $0.stop() } }
}
