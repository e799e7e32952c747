import Foundation
import TestSupport
import Testing

/// Three gateways with one database before one vendor: one call for one question, and no credit above a budget.
@Suite("Several gateways with one database", .serialized)
struct SharedStoreTests {
    private static let nodeCount = 3

    /// Gateways that share a database of their own and a vendor, each stopped and checked at the end.
    private func withNodes(_ configuration: JSON = [:], _ body: ([Gateway], VendorSim) throws -> Void) throws {
        let server = try PostgreSQLServer.shared
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        let store: JSON = ["store": ["url": .string(server.socketURL(database: String(name)))]]
        let vendor = try VendorSim()
        let nodes = try (0..<Self.nodeCount).map { _ in
            try Gateway(store.overlaid(with: configuration), vendor: vendor)
        }
        try body(nodes, vendor)
        // The vendor ends with the last of them.
        for node in nodes.dropLast() { #expect(try node.process.terminate() == .exit(0)) }
        try expectCleanEnd(of: nodes[nodes.count - 1])
    }

    /// Connections that have each asked one of these questions at the next node.
    private func ask(_ bodies: [String], _ nodes: [Gateway], directive: String? = nil) throws -> [RawConnection] {
        let fields = directive.map { [(name: "Cache-Control", value: $0)] } ?? []
        return try bodies.enumerated().map { index, body in
            let connection = try nodes[index % nodes.count].connect()
            try connection.send(TestRequest.classify(body, key: Gateway.keyA, fields: fields).bytes)
            return connection
        }
    }

    private func reserved(_ node: Gateway) throws -> Int {
        try node.admin("GET", "/ledger?state=reserved").json["items"].items.count
    }

    @Test("300 equal questions at three nodes are one vendor call, 300 equal bodies, and paid for once")
    func once() throws {
        try withNodes { nodes, vendor in
            let document = SampleRequests.newDocumentID()
            try vendor.setDocument(document, ["pages": 3])
            try vendor.queueFault("hold", document: document)
            let connections = try ask(Array(repeating: SampleRequests.about(document), count: 300), nodes)
            try vendor.waitForCalls(inFlight: 1)
            try vendor.release()
            let replies = try connections.map { try $0.response() }
            #expect(replies.allSatisfy { $0.status == 200 && $0.body == replies[0].body })
            #expect(try vendor.calls() == 1)
            let statuses = replies.compactMap { $0["cache-status"] }
            #expect(statuses.count { $0 == "tollgate; fwd=miss; fwd-status=200; stored" } == 1)
            #expect(statuses.count { $0.hasSuffix("; collapsed") || $0.hasPrefix("tollgate; hit; ttl=") } == 299)
            #expect(replies.reduce(0) { $0 + (Int($1["tollgate-credits-charged"] ?? "") ?? -1_000_000) } == 3)
            // And what one has stored, the others have.
            for node in nodes { expectHit(try node.classify(SampleRequests.about(document))) }
            #expect(try reserved(nodes[0]) == 0)
        }
    }

    @Test("no-cache joins the flight of another node; no-store shares nothing")
    func directives() throws {
        try withNodes { nodes, vendor in
            let document = SampleRequests.newDocumentID()
            expectStoredMiss(try nodes[0].classify(SampleRequests.about(document)))
            try vendor.queueFault("hold", document: document)
            let fresh = try ask(
                Array(repeating: SampleRequests.about(document), count: 6),
                nodes,
                directive: "no-cache"
            )
            try vendor.waitForCalls(inFlight: 1)
            try vendor.release()
            #expect(try fresh.map { try $0.response().status } == Array(repeating: 200, count: 6))
            let calls = try vendor.calls()
            #expect(calls < 1 + 6)
            let alone = try ask(
                Array(repeating: SampleRequests.about(document), count: 3),
                nodes,
                directive: "no-store"
            )
            #expect(try alone.map { try $0.response().status } == [200, 200, 200])
            #expect(try vendor.calls() == calls + 3)
        }
    }

    @Test("of 300 different questions at three nodes exactly 50 are paid for, and the others refused")
    func budget() throws {
        let budgets: JSON = [["window": "day", "credits": 50]]
        let configuration: JSON = [
            "upstream": ["max_concurrency": 500], "budgets": ["organization": budgets],
        ]
        try withNodes(configuration) { nodes, vendor in
            try vendor.queueFault("hold", count: -1)
            let bodies = (0..<300).map { _ in SampleRequests.about(extra: #","page_range":"1""#) }
            let connections = try ask(bodies, nodes)
            try vendor.waitForCalls(inFlight: 50)
            let refusals = try RawConnection.firstResponses(250, of: connections)
            #expect(refusals.values.allSatisfy { $0.status == 402 && $0.code == "budget_exceeded" })
            #expect(try vendor.calls() == 50)
            try vendor.control("DELETE", "/sim/faults")
            try vendor.release()
            let paid = try connections.indices.filter { refusals[$0] == nil }.map { try connections[$0].response() }
            #expect(paid.count == 50 && paid.allSatisfy { $0.status == 200 })
            #expect(try vendor.account()["credits_charged"].int == 50)
            for node in nodes {
                let late = try node.classify(SampleRequests.about(extra: #","page_range":"1""#))
                expectError(late, 402, "budget_exceeded")
                #expect(try node.admin("GET", "/spend").json["total"]["spent"].number == 50)
            }
            #expect(try reserved(nodes[1]) == 0)
        }
    }
}
