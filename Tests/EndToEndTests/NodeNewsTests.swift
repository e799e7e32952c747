import Foundation
import TestSupport
import Testing
import Vocabulary

/// `docs/nodes.md`: what one gateway does, another one at the same database hears of. Each test notes the slowest.
@Suite("What one node does, and the others hear of")
struct NodeNewsTests {
    private static let heardWithin = Duration.seconds(2)

    /// Two gateways at one database, in front of one vendor.
    ///
    /// - Parameter body: is given both, and what performs SQL in the database.
    private func withNodes(_ body: (Gateway, Gateway, (String) throws -> String) throws -> Void) throws {
        let server = try PostgreSQLServer.shared
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        let store: JSON = ["store": ["url": .string(server.socketURL(database: String(name)))]]
        let vendor = try VendorSim()
        try withGateway(store, vendor: vendor) { first in
            try withGateway(store, vendor: vendor) { second in
                try body(first, second) { try server.execute($0, in: String(name)) }
            }
        }
    }

    /// Waits until what was done just now is in effect, and says how long that took.
    private func time(_ isInEffect: () throws -> Bool) throws -> Duration {
        let (start, deadline) = (ContinuousClock.now, Deadline.generous)
        while try !isInEffect() { try #require(!deadline.hasPassed, "never heard of") }
        return ContinuousClock.now - start
    }

    @Test("a key that is made on one node works on the other, and once revoked it is refused there, within two seconds")
    func revocation() throws {
        try withNodes { first, second, _ in
            #expect(try first.admin("POST", "/teams", ["id": "sales"]).status == 201)
            let body = SampleRequests.about()
            var slowest = Duration.zero
            for round in 1...20 {
                let made = try first.admin("POST", "/teams/sales/keys", ["id": .string("k\(round)")])
                let secret = try #require(made.json["secret"].string, "\(made.text)")
                slowest = max(slowest, try time { try second.classify(body, key: secret).status == 200 })
                #expect(try first.admin("DELETE", "/teams/sales/keys/k\(round)").status == 204)
                #expect(try first.classify(body, key: secret).status == 403, "at once on its own node")
                slowest = max(slowest, try time { try second.classify(body, key: secret).status == 403 })
            }
            print("keys made and revoked elsewhere: in effect after \(slowest) at the latest")
            #expect(slowest < Self.heardWithin)
        }
    }

    @Test("what is purged on one node is in no memory of the other, within two seconds")
    func purge() throws {
        try withNodes { first, second, _ in
            var slowest = Duration.zero
            for round in 0..<20 {
                let document = SampleRequests.newDocumentID()
                let body = SampleRequests.about(document)
                expectStoredMiss(try second.classify(body))
                expectHit(try second.classify(body))
                let (purger, other) = round % 2 == 0 ? (first, second) : (second, first)
                expectHit(try other.classify(body))
                #expect(try purger.admin("DELETE", "/cache/entries?document_id=\(document)").json["purged"].int == 1)
                slowest = max(
                    slowest,
                    try time { try other.classify(body)["cache-status"]?.hasPrefix("tollgate; hit") != true }
                )
            }
            print("purges elsewhere: in effect after \(slowest) at the latest")
            #expect(slowest < Self.heardWithin)
        }
    }

    @Test("a document that is processed again through one node is asked for again by the other, and no marker stays")
    func documentChange() throws {
        try withNodes { first, second, sql in
            let document = SampleRequests.newDocumentID()
            let body = SampleRequests.about(document)
            expectStoredMiss(try second.classify(body))
            expectHit(try second.classify(body))
            let target = "/v1/documents/\(document)/run_parser"
            let changed = try first.send(TestRequest("GET", target, fields: [("x-api-key", Gateway.keyA)]))
            #expect(changed.status == 200, "\(changed.text)")
            let slowest = try time { try second.classify(body)["cache-status"]?.hasPrefix("tollgate; hit") != true }
            #expect(slowest < Self.heardWithin)
            _ = try time { try sql("SELECT count(*) FROM document_changes") == "0" }
            expectHit(try first.classify(body))
        }
    }

    @Test("changes of one team on both nodes at a time are all made, and both nodes show them")
    func changes() throws {
        try withNodes { first, second, _ in
            #expect(try first.admin("POST", "/teams", ["id": "sales"]).status == 201)
            _ = try time { try second.admin("GET", "/teams/sales").status == 200 }
            let faults = Guarded<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 2) { number in
                let gateway = number == 0 ? first : second
                for round in 0..<10 {
                    let answer = try? gateway.admin("POST", "/teams/sales/keys", ["id": .string("k\(number)-\(round)")])
                    if answer?.status != 201 { faults.withLock { $0.append(answer?.text ?? "no answer") } }
                }
            }
            #expect(faults.withLock { $0 } == [])
            for gateway in [first, second] {
                _ = try time {
                    try gateway.admin("GET", "/teams/sales/keys?limit=100").json["items"].items.count == 20
                }
            }
        }
    }
}
