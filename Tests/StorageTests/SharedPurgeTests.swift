import Caching
import Dispatch
import PostgreSQL
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// Purges and changes of documents where nodes share the store; docs/nodes.md §2 and §3.
@Suite("Purges of nodes that share a store")
struct SharedPurgeTests {
    private let place = TemporaryStore(.postgreSQL)
    private let log = ResultCache(bytesMax: 0).purges
    private let document = result(1).documentID

    private func begin(_ target: PurgeTarget, in store: Store) -> Answer<Result<PurgeAnswer, StoreFault>> {
        let order = PurgeOrder(target, at: Timestamp(seconds: 5), keysInMemory: [], log: log)
        let answer = Answer<Result<PurgeAnswer, StoreFault>>()
        store.purge(order, audit: auditEntry("cache.purge"), recorded: {}) { answer.give($0) }
        return answer
    }

    private func drop(_ documents: [String], in store: Store) throws -> DroppedDocuments {
        try store.wait { store.drop(documents, at: Timestamp(seconds: 5), then: $0) }.get()
    }

    /// Flights with claims: 1 of the document, 2 of another one for another team, 3 of a classifier.
    private func fly() throws {
        func flight(_ id: Int, _ document: String, _ team: String, _ classifier: String) -> String {
            """
            INSERT INTO flights (id, key, node, account, document_id, team, classifier, is_storable, is_awaited)
            VALUES (\(id), \(key(id)), 0, 'default', '\(document)', '\(team)', \(classifier), 1, 0)
            """
        }
        func key(_ id: Int) -> String { "CAST(lpad('\(id)', 32, '0') AS BYTEA)" }
        try place.execute(
            flight(1, document, "sales", "NULL"),
            flight(2, result(2).documentID, "other", "NULL"),
            flight(3, result(3).documentID, "sales", "'a'")
        )
        for id in 1...3 { try place.execute("INSERT INTO claims (key, flight) VALUES (\(key(id)), \(id))") }
    }

    private func storable() throws -> String {
        try place.rows("SELECT id FROM flights WHERE is_storable = 1 ORDER BY id").joined(separator: " ")
    }

    private func claimed() throws -> String {
        try place.rows("SELECT flight FROM claims ORDER BY flight").joined(separator: " ")
    }

    private static let second = CacheKey(
        Digest(hexadecimal: String(repeating: "30", count: 31) + "32")!
    )

    @Test(
        "a purge makes the flights that it concerns unstorable, takes their claims, and lets the others be",
        arguments: [
            (PurgeTarget.document(result(1).documentID), "2 3"), (.team(TeamID(rawValue: "sales")), "2"),
            (.key(second), "1 3"), (.all, ""),
        ]
    )
    func unstorable(_ target: PurgeTarget, left: String) throws {
        let store = try place.open()
        defer { store.close() }
        try fly()
        _ = try begin(target, in: store).wait().get()
        #expect(try storable() == left)
        #expect(try claimed() == left)
        #expect(try place.rows("SELECT count(*) FROM flights") == ["3"], "flights go on")
    }

    @Test("a change of a document, and of a classifier, does the same")
    func changes() throws {
        let store = try place.open()
        defer { store.close() }
        try fly()
        _ = try drop([document], in: store)
        #expect(try storable() == "2 3" && claimed() == "2 3")
        let classifier = ClassifierKey(account: AccountID(rawValue: "default"), folding: "A")
        let change = ClassifierChange(classifier, epoch: 1, isUnderWay: true, floor: 0)
        try store.wait { store.record(change, at: Timestamp(seconds: 5), in: nil, then: $0) }.get()
        #expect(try storable() == "2" && claimed() == "2")
    }

    @Test("a result that a settlement of another node is storing while the purge comes is purged too")
    func settlementUnderWay() throws {
        let store = try place.open()
        defer { store.close() }
        try store.saveAndWait(result(1)).get()
        try fly()
        let settlement = try PostgreSQLConnection(
            to: PostgreSQLAddress(url: TestDatabases.server.socketURL(database: place.database)),
            within: .seconds(10)
        )
        defer { settlement.close() }
        func run(_ sql: String) throws {
            _ = try settlement.query(PostgreSQLCommand(sql), within: .seconds(10))
        }
        try run("BEGIN")
        try run("SELECT id FROM flights WHERE id = 1 FOR UPDATE")
        let purge = begin(.document(document), in: store)
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        let deadline = Deadline.generous
        while try place.rows(waiting) != ["1"] { try #require(!deadline.hasPassed, "it waits for no flight") }
        try run(
            """
            INSERT INTO results (id, key, status, body, credits_micros, stored_at, account, team, document_id, model,
                classification)
            SELECT 1000, CAST(lpad('9', 32, '0') AS BYTEA), 200, body, 1, 1, account, team, document_id, model,
                classification FROM results
            """
        )
        try run("COMMIT")
        #expect(try purge.wait().get() == .purged(2))
        #expect(try place.rows("SELECT count(*) FROM results") == ["0"])
    }

    private func fill(_ count: Int) throws {
        try place.execute(
            """
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count))
            INSERT INTO results (id, key, status, body, credits_micros, stored_at, account, team, document_id, model,
                classification)
            SELECT n, CAST(lpad(CAST(n AS TEXT), 32, '0') AS BYTEA), 200, CAST('' AS BYTEA), 1, n, 'default', 'sales',
                'd' || (n % 10), 'gpt', 'invoice' FROM numbers
            """
        )
    }

    @Test("nodes that purge the same at a time remove each result once, count it once, and leave none")
    func together() throws {
        let stores = [try place.open(), try place.open()]
        defer { for store in stores { store.close() } }
        try fill(6_000)
        let answers = [
            begin(.all, in: stores[0]), begin(.team(TeamID(rawValue: "sales")), in: stores[1]),
            begin(.document("d3"), in: stores[0]), begin(.document("d4"), in: stores[1]),
        ]
        let counts = try answers.map { answer -> Int64 in
            guard case .purged(let count) = try answer.wait().get() else { throw TestFailure("refused") }
            return count
        }
        #expect(counts.reduce(0, +) == 6_000, "\(counts)")
        #expect(try place.rows("SELECT count(*) FROM results") == ["0"])
        #expect(try place.rows("SELECT sum(removed) FROM purges") == ["6000"])
        for store in stores { #expect(store.purgesUnderWay == []) }
    }

    @Test("a purge that its node has left is gone on with by the live node with the least number")
    func left() throws {
        let stores = [try place.open(), try place.open()]
        defer { for store in stores { store.close() } }
        try fill(600)
        try place.execute(
            "INSERT INTO purges (id, team, boundary, removed, at, audit_id) VALUES (1, 'sales', 500, 0, 0, 0)"
        )
        let deadline = Deadline.generous
        while try place.rows("SELECT removed FROM purges WHERE ended_at IS NOT NULL") != ["500"] {
            try #require(!deadline.hasPassed, "nobody goes on with it")
            _ = stores[0].wait { stores[0].check(then: $0) }
        }
        #expect(try place.rows("SELECT count(*) FROM results") == ["100"])
    }

    // MARK: Changes of documents

    private let changing = "SELECT document_id, node FROM document_changes ORDER BY document_id, node"

    private func waitForNoMarker() throws {
        let deadline = Deadline.generous
        while try place.rows(changing) != [] { try #require(!deadline.hasPassed, "a marker stays") }
    }

    @Test("a document that is being changed has a marker for all nodes, and its end purges once more")
    func marker() throws {
        let (first, second) = (try place.open(), try place.open())
        defer {
            second.close()
            first.close()
        }
        let heard = HeardEvents(second)
        let dropped = try drop([document], in: first)
        let change = try #require(dropped.change)
        #expect(try place.rows(changing) == ["\(document) 0"])
        #expect(try heard.next() == [.purge(.document(document))])
        // A second change of it does not end with the first one.
        let again = try #require(try drop([document], in: second).change)
        #expect(again != change)
        try first.saveAndWait(result(1)).get()
        try fly()
        first.endChange(change, of: [document])
        #expect(try heard.next() == [.purge(.document(document))])
        #expect(try place.rows(changing) == ["\(document) 1"])
        #expect(try storable() == "2 3")
        #expect(try first.findAndWait(key(1)).get() == nil)
        second.endChange(again, of: [document])
        try waitForNoMarker()
    }

    @Test("the end of a change that the store does not take is told again until it does")
    func endFails() throws {
        let store = try place.open()
        defer { store.close() }
        let change = try #require(try drop([document], in: store).change)
        try store.refuseDeletions(from: "document_changes")
        store.endChange(change, of: [document])
        // It was tried when this is answered.
        for _ in 0..<2 { try store.wait { store.check(then: $0) }.get() }
        #expect(try place.rows(changing) == ["\(document) 0"])
        try store.allowChanges(of: "document_changes")
        try waitForNoMarker()
    }

    @Test("a removal that fails leaves no marker, and a node that leaves takes its own with it")
    func noMarkerLeft() throws {
        let store = try place.open()
        try store.saveAndWait(result(1)).get()
        try store.refuseDeletions(from: "results")
        #expect(throws: StoreFault.self) { try drop([document], in: store) }
        try store.allowChanges(of: "results")
        try waitForNoMarker()
        _ = try drop([document], in: store)
        #expect(try place.rows(changing) == ["\(document) 0"])
        store.close()
        #expect(try place.rows(changing) == [])
    }

    @Test("the changes of a dead node are ended: documents are purged, epochs rise far, and no marker is left")
    func deadNode() throws {
        let (first, second) = (try place.open(), try place.open())
        defer {
            second.close()
            first.close()
        }
        let classifier = ClassifierKey(account: AccountID(rawValue: "default"), folding: "A")
        let heard = HeardEvents(second)
        try first.saveAndWait(result(1)).get()
        try first.saveAndWait(result(2, classifier: "a")).get()
        try first.saveAndWait(result(3)).get()
        try place.execute(
            "INSERT INTO document_changes (document_id, id, node) VALUES ('\(document)', 5, 77), ('x', 6, 78)",
            "INSERT INTO classifier_epochs (account, classifier, epoch, is_changing) VALUES ('default', 'a', 9, 1)",
            "INSERT INTO classifier_changes (account, classifier, node, epoch) VALUES ('default', 'a', 77, 9)"
        )
        _ = try first.performAndWait { try $0.endChanges(ofNode: 77, at: Timestamp(seconds: 5)) }.get()
        let epoch = 9 + (Int64(1) << 32) + 1
        #expect(try heard.next(2) == [.purge(.document(document)), .classifier(classifier, epoch: epoch)])
        #expect(try place.rows(changing) == ["x 78"])
        #expect(try place.rows("SELECT count(*) FROM classifier_changes") == ["0"])
        #expect(try first.classifierRecord().epochs == [classifier: epoch])
        #expect(try place.rows("SELECT document_id FROM results") == [result(3).documentID])
    }
}
