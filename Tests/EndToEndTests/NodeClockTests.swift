import Foundation
import TestSupport
import Testing
import Vocabulary

/// A gateway whose machine and whose database do not have the same time of day.
@Suite("A node's clock")
struct NodeClockTests {
    /// A database of which everybody is told that it is three days later.
    private func laterDatabase() throws -> String {
        let server = try PostgreSQLServer.shared
        let name = String(try #require(try server.makeDatabase().split(separator: "/").last))
        let functions = ["now", "clock_timestamp"].map { function in
            """
            CREATE FUNCTION later.\(function)() RETURNS timestamptz LANGUAGE sql
                AS 'SELECT pg_catalog.\(function)() + interval ''72 hours'''
            """
        }
        for statement in ["CREATE SCHEMA later"] + functions { try server.execute(statement, in: name) }
        try server.execute("ALTER DATABASE \(name) SET search_path = later, pg_catalog, public", in: name)
        return server.socketURL(database: name)
    }

    @Test("windows, rows, entries and replies have the database's time of day, and the difference is told")
    func later() throws {
        let day: JSON = [["window": "day", "credits": 1_000]]
        let gateway = try Gateway([
            "store": ["url": .string(try laterDatabase())], "budgets": ["organization": day],
        ])
        let ready = try gateway.send(TestRequest("GET", "/readyz"))
        #expect(ready.status == 503 && ready.text.contains("clock_wrong"), "\(ready.text)")

        let document = SampleRequests.newDocumentID()
        let question = SampleRequests.about(document)
        expectStoredMiss(try gateway.classify(question))
        let hit = try gateway.classify(question)
        expectHit(hit)
        #expect(try Int(#require(hit["age"])).map { $0 < 3_600 } ?? false)

        /// How many seconds a moment is away.
        func distance(_ text: String?) throws -> Double {
            let time = try #require(text.flatMap { Timestamp(rfc3339: $0) })
            return Double(time.microseconds) / 1_000_000 - Date().timeIntervalSince1970
        }
        func isLater(_ text: String?) throws -> Bool { abs(try distance(text) - 72 * 3_600) < 3_600 }
        let row = try gateway.admin("GET", "/ledger").json["items"][0]
        #expect(try isLater(row["created_at"].string) && isLater(row["ended_at"].string), "\(row)")
        let entry = try gateway.admin("GET", "/cache/entries?document_id=\(document)").json["items"][0]
        #expect(try isLater(entry["stored_at"].string), "\(entry)")
        let budget = try gateway.admin("GET", "/budgets").json["items"][0]["budgets"][0]
        #expect(try distance(budget["resets_at"].string) > 72 * 3_600, "\(budget)")
        #expect(budget["spent"].int ?? 0 > 0)
        try expectCleanEnd(of: gateway)
    }
}
