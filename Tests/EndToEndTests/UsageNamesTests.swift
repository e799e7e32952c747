import Foundation
import TestSupport
import Testing

/// Names that a client makes up create no rows in the reports.
@Suite("Names of models in the roll-ups")
struct UsageNamesTests {
    private static let reader = """
        import sqlite3, sys
        rows = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(
            "SELECT model, sum(hits), sum(misses), sum(denied) FROM usage GROUP BY model ORDER BY model")
        for row in rows: print(*row)
        """

    @Test("only what was forwarded or served names a model; all else counts under one name")
    func names() throws {
        let teams: JSON = [
            [
                "id": "team-a", "account": "default", "models": ["gpt-4o-mini", "gpt-4o", "m-1", "m-2", "m-3"],
                "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
            ]
        ]
        let gateway = try Gateway(["teams": teams])
        func body(_ model: String) -> String { SampleRequests.about(extra: #","query_model":"\#(model)""#) }
        for number in 1...3 {
            let miss = try gateway.classify(body("m-\(number)"), [("Cache-Control", "only-if-cached")])
            expectError(miss, 504, "not_cached")
            expectError(try gateway.classify(body("forbidden-\(number)")), 403, "model_not_allowed")
        }
        #expect(try gateway.classify(SampleRequests.vendors).status == 200)
        expectHit(try gateway.classify(SampleRequests.vendors))
        #expect(try gateway.stop() == nil)
        let rows = try CommandResult.of(["python3", "-c", Self.reader, gateway.folder.file("tollgate.db")])
        #expect(rows.output == "(other) 0 3 3\ngpt-4o-mini 1 1 0\n")
    }
}
