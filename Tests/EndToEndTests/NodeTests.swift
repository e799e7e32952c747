import Foundation
import TestSupport
import Testing

/// Several gateways on one database: docs/nodes.md, with the programs and a real server.
@Suite("Several nodes on one database")
struct NodeTests {
    /// A database of its own, for all gateways of a test.
    private struct Fleet {
        let server: PostgreSQLServer
        let database: String
        let vendor: VendorSim

        init(_ server: PostgreSQLServer? = nil) throws {
            self.server = try server ?? PostgreSQLServer.shared
            database = try #require(try self.server.makeDatabase().split(separator: "/").last.map(String.init))
            vendor = try VendorSim()
        }

        func join(_ configuration: JSON = [:], store: JSON = [:]) throws -> Gateway {
            let url: JSON = ["url": .string(server.socketURL(database: database))]
            let whole = JSON.object(["store": url.overlaid(with: store)]).overlaid(with: configuration)
            return try Gateway(whole, vendor: vendor)
        }

        func rows(_ sql: String) throws -> String { try server.execute(sql, in: database) }
    }

    private func nodes(_ gateway: Gateway) throws -> [JSON] {
        try gateway.admin("GET", "/status", token: Gateway.viewerToken).json["nodes"].items
    }

    /// Waits until a node is seen as the condition says; an own look at the database takes 2 s.
    private func wait(_ gateway: Gateway, _ what: String, _ isSo: ([JSON]) -> Bool) throws {
        let deadline = Deadline.generous
        while case let nodes = try nodes(gateway), !isSo(nodes) {
            try #require(!deadline.hasPassed, "not \(what): \(nodes)")
            usleep(50_000)
        }
    }

    private func listed(_ gateway: Gateway, _ state: String) throws -> [JSON] {
        try gateway.admin("GET", "/ledger?state=\(state)", token: Gateway.viewerToken).json["items"].items
    }

    @Test("two serve at a time, one's results are the other's hits, and each tells of both")
    func both() throws {
        let fleet = try Fleet()
        let (first, second) = (try fleet.join(), try fleet.join())
        let body = SampleRequests.about()
        let answer = try first.classify(body)
        expectStoredMiss(answer)
        let hit = try second.classify(body)
        expectHit(hit)
        #expect(hit.body == answer.body)
        expectStoredMiss(try second.classify(SampleRequests.about()))
        #expect(try fleet.vendor.calls() == 2)
        for (gateway, id) in [(first, "0"), (second, "1")] {
            try wait(gateway, "two live nodes") { $0.count == 2 && $0.allSatisfy { $0["state"] == "live" } }
            let nodes = try nodes(gateway)
            #expect(nodes[0]["id"].string == id && nodes[0]["store"] == "ready" && nodes[0]["workers"].int == 2)
            #expect(nodes[1]["store"] == .null && nodes[1]["workers"] == .null)
            for node in nodes {
                #expect(node["is_first"].bool == (node["id"] == "0"), "\(node)")
                let left = try #require(node["lease_ms"].number)
                #expect(left > 0 && left <= 10_000 && node["same_configuration"] == true, "\(node)")
                #expect(node["version"] == nodes[0]["version"] && node["started_at"].string != nil)
            }
        }
        // Another file is told of at both, once it is in effect.
        try second.rewriteConfiguration([
            "store": ["url": .string(fleet.server.socketURL(database: fleet.database))], "log": ["level": "debug"],
        ])
        try second.reload(expecting: "\"reloaded\"")
        for gateway in [first, second] {
            try wait(gateway, "another configuration") { $0.last?["same_configuration"] == false }
            #expect(gateway.process.stderr.wait { $0.contains { $0.contains("node_configuration_differs") } })
        }
        for gateway in [first, second] { try expectCleanEnd(of: gateway) }
    }

    @Test("their metrics tell how many there are, who is first, how long the lease goes on, and what differs")
    func metrics() throws {
        let server = try PostgreSQLServer.start()
        let fleet = try Fleet(server)
        let (first, second) = (try fleet.join(), try fleet.join(["log": ["level": "debug"]]))
        expectStoredMiss(try first.classify(SampleRequests.about()))
        func wait(_ gateway: Gateway, _ what: String, _ isSo: (Scrape) throws -> Bool) throws {
            let deadline = Deadline.generous
            while case let scrape = try Scrape(gateway), try !isSo(scrape) {
                try #require(!deadline.hasPassed, "not \(what): \(scrape.text)")
                usleep(50_000)
            }
        }
        func number(_ scrape: Scrape, _ name: String, _ labels: [String: String] = [:]) throws -> Double {
            try #require(scrape.value(name, labels).flatMap(Double.init), "\(name)")
        }
        for (gateway, isFirst) in [(first, "1"), (second, "0")] {
            try wait(gateway, "two nodes") { scrape in
                try scrape.value("tollgate_nodes") == "2" && scrape.value("tollgate_node_is_first") == isFirst
                    && scrape.value("tollgate_nodes_differing") == "1"
                    && number(scrape, "tollgate_feed_interval_seconds_count") >= 2
            }
            let scrape = try Scrape(gateway)
            let lease = try number(scrape, "tollgate_node_lease_seconds")
            #expect(lease > 0 && lease <= 10)
            #expect(try abs(number(scrape, "tollgate_clock_offset_seconds")) < 5)
            #expect(try number(scrape, "tollgate_feed_age_seconds") < 60)
            #expect(scrape.value("tollgate_store_commits_in_doubt_total") == "0")
        }
        let scrape = try Scrape(first)
        #expect(try number(scrape, "tollgate_store_transaction_duration_seconds_count") >= 2)
        #expect(try number(scrape, "tollgate_store_transactions_total", ["size": "1"]) >= 2)
        #expect(try second.process.terminate() == .exit(0))
        try wait(first, "alone") { scrape in
            scrape.value("tollgate_nodes") == "1" && scrape.value("tollgate_nodes_differing") == "0"
        }
        try server.stop(immediate: true)
        try wait(first, "cut off") { scrape in
            try number(scrape, "tollgate_node_lease_seconds") < 0 && number(scrape, "tollgate_feed_age_seconds") > 2
                && number(scrape, "tollgate_store_transaction_failures_total", ["reason": "connection"]) >= 1
        }
        try server.resume()
        try wait(first, "there again") { try number($0, "tollgate_node_lease_seconds") > 0 }
        try expectCleanEnd(of: first)
    }

    @Test("what one that is killed had under way is unconfirmed at the other once its lease is over")
    func killed() throws {
        let fleet = try Fleet()
        let (first, second) = (try fleet.join(), try fleet.join())
        try fleet.vendor.queueFault("hold")
        let flying = try first.connect()
        try flying.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
        try fleet.vendor.waitForCalls(inFlight: 1)
        #expect(try listed(second, "reserved").count == 1)
        try first.process.kill()
        let isTold = second.process.stderr.wait { $0.contains { $0.contains("reservations_unconfirmed") } }
        #expect(isTold, "\(second.process.stderr.text)")
        #expect(second.process.stderr.text.contains("node_dead"))
        #expect(try listed(second, "reserved").isEmpty && listed(second, "unconfirmed").count == 1)
        #expect(try fleet.rows("SELECT count(*) FROM flights") == "0")
        let entries = try second.admin("GET", "/audit").json["items"].items
        let entry = entries.first { $0["action"] == "node.dead" }
        #expect(entry?["target"] == "node/0" && entry?["actor"] == "tollgate")
        try wait(second, "the first") { nodes in
            nodes.count == 2 && nodes[0]["is_first"] == true && nodes[1]["state"] == "dead"
                && nodes[1]["lease_ms"] == .null
        }
        try fleet.vendor.release()
        expectStoredMiss(try second.classify(SampleRequests.about()))
        try expectCleanEnd(of: second)
    }

    /// Waits until a process that has lost its seat has begun anew, on its sockets.
    private func expectNewLife(of gateway: Gateway, _ count: Int = 2) {
        #expect(gateway.process.stderr.wait { $0.contains { $0.contains("seat_lost") } })
        let announced = gateway.process.stdout.wait { lines in
            lines.count { $0.hasPrefix("tollgate listening on http://127.0.0.1:\(gateway.port) ") } == count
        }
        #expect(announced, "\(gateway.process.stderr.text)")
    }

    @Test("one that was stopped for longer than its lease asks the vendor nothing more, and begins anew in its place")
    func stopped() throws {
        let fleet = try Fleet()
        let (first, second) = (try fleet.join(), try fleet.join())
        expectStoredMiss(try first.classify(SampleRequests.about()))
        let calls = try fleet.vendor.calls()
        let descriptors = {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(first.process.pid)/fd").count
        }
        let before = try descriptors()
        first.process.signal(SIGSTOP)
        let waiting = try (0..<4).map { _ in try first.connect() }
        for connection in waiting {
            try connection.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
        }
        try wait(second, "dead") { $0.count == 2 && $0[1]["state"] == "dead" }
        first.process.signal(SIGCONT)
        expectNewLife(of: first)
        #expect(try fleet.vendor.calls() == calls)
        #expect(try listed(second, "reserved").isEmpty && listed(second, "unconfirmed").isEmpty)
        try wait(first, "another number") { $0.first?["id"] == "2" && $0.first?["is_first"] == false }
        #expect(try first.send(TestRequest("GET", "/readyz")).status == 200)
        // The sockets that were handed over are open twice.
        #expect(try descriptors() <= before + 3)
        expectStoredMiss(try first.classify(SampleRequests.about()))
        try expectCleanEnd(of: first)
        try expectCleanEnd(of: second)
    }

    @Test("what the vendor answers to one that was taken for dead meanwhile is booked, and told to its client")
    func late() throws {
        let fleet = try Fleet()
        let (first, second) = (try fleet.join(), try fleet.join())
        for _ in 0..<2 { try fleet.vendor.queueFault("hold") }
        let one = try first.connect()
        try one.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
        try fleet.vendor.waitForCalls(inFlight: 1)
        let other = try first.connect()
        try other.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
        try fleet.vendor.waitForCalls(inFlight: 2)
        first.process.signal(SIGSTOP)
        let isTold = second.process.stderr.wait { $0.contains { $0.contains("reservations_unconfirmed") } }
        #expect(isTold, "\(second.process.stderr.text)")
        #expect(try listed(second, "unconfirmed").count == 2)
        first.process.signal(SIGCONT)
        #expect(first.process.stderr.wait { $0.contains { $0.contains("seat_lost") } })
        try fleet.vendor.release()
        for connection in [one, other] {
            let reply = try connection.response()
            #expect(reply.status == 200, "\(reply)")
        }
        expectNewLife(of: first)
        expectStoredMiss(try first.classify(SampleRequests.about()))
        #expect(try listed(second, "unconfirmed").isEmpty && listed(second, "reserved").isEmpty)
        let resolved = try listed(second, "resolved")
        let charged = try #require(try fleet.vendor.account()["credits_charged"].number)
        #expect(resolved.count == 2)
        let settled = try listed(second, "settled").compactMap { $0["credits"].number }
        #expect(settled.count == 1)
        #expect((resolved.compactMap { $0["credits"].number } + settled).reduce(0, +) == charged)
        let entries = try second.admin("GET", "/audit").json["items"].items
        #expect(entries.filter { $0["actor"] == "node 0, late" && $0["action"] == "reservation.resolve" }.count == 2)
        try expectCleanEnd(of: second)
    }

    @Test("what one node does for all passes to the next one when the first leaves: an alert is told once")
    func first() throws {
        let fleet = try Fleet()
        let receiver = try RecordingOrigin { _, connection in
            try connection.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            return false
        }
        func ending(_ name: String) -> JSON {
            let soon = ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: 86_400))
            return [
                "id": .string(name), "account": "default", "secret": ["value": .string("secret-of-\(name)")],
                "not_after": .string(soon),
            ]
        }
        let alerts: JSON = ["webhook_url": .string(receiver.url), "secret": ["value": "webhook-secret-0123456789"]]
        let main: JSON = ["id": "primary", "account": "default", "secret": ["value": .string(VendorSim.key)]]
        let configuration: JSON = ["alerts": alerts, "upstream": ["keys": [main, ending("one")]]]
        let (first, second) = (try fleet.join(configuration), try fleet.join(configuration))
        #expect(receiver.wait { $0.requests.count == 1 })
        // A bill is entered at the node that tells nobody of it; the other finds what that recorded.
        let bill: JSON = ["account": "default", "from": "2026-01-01", "to": "2026-01-31", "credits": 12]
        #expect(try second.admin("POST", "/statements", bill).status == 201)
        try wait(second, "second") { $0[0]["is_first"] == false }
        #expect(try first.process.terminate() == .exit(0))
        try wait(second, "first now") { $0[0]["is_first"] == true && $0[1]["state"] == "dead" }
        #expect(receiver.wait { $0.requests.count == 2 })
        let kinds = try receiver.requests.map { try JSON.parse($0.body)["type"].string }
        #expect(kinds == ["key_expiring", "statement_drift"])
        #expect(!second.process.stderr.text.contains("node_dead"), "who leaves in order need not be declared dead")
        try expectCleanEnd(of: second)
    }

    @Test("a node that does not reach its store serves hits for store.stale_for, and goes on by itself once it does")
    func cutOff() throws {
        let server = try PostgreSQLServer.start()
        let fleet = try Fleet(server)
        let gateway = try fleet.join(store: ["stale_for": "8s"])
        let body = SampleRequests.about()
        expectStoredMiss(try gateway.classify(body))
        expectHit(try gateway.classify(body))
        try server.stop(immediate: true)
        #expect(try gateway.send(TestRequest("GET", "/readyz")).status == 503)
        expectHit(try gateway.classify(body))
        let deadline = Deadline.generous
        while true {
            let response = try gateway.classify(body)
            if response.status == 503 {
                expectError(response, 503, "store_unavailable")
                break
            }
            try #require(!deadline.hasPassed, "hits go on for ever")
            usleep(100_000)
        }
        #expect(try gateway.classify(body, key: "no-key-of-anybody-0123").status == 403)
        try server.resume()
        while try gateway.classify(body).status != 200 {
            try #require(!deadline.hasPassed, "hits do not come back: \(gateway.process.stderr.text)")
            usleep(100_000)
        }
        try expectCleanEnd(of: gateway)
    }
}
