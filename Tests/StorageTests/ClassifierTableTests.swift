import Budgeting
import Caching
import EventLoops
import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

/// Epochs of saved classifiers in a real store, and the results that go with them.
@Suite("Saved classifiers in the store")
struct ClassifierTableTests {
    private let place = TemporaryStore()
    private let log = ResultCache(bytesMax: 0).purges
    private let classifier = ClassifierKey(account: AccountID(rawValue: "default"), folding: "A")

    private func record(_ change: ClassifierChange, in store: Store) throws {
        try store.wait { store.record(change, at: Timestamp(seconds: 5), in: log, then: $0) }.get()
    }

    private func change(
        _ epoch: Int64,
        _ isUnderWay: Bool = false,
        of classifier: ClassifierKey? = nil,
        floor: Int64 = 0
    ) -> ClassifierChange {
        ClassifierChange(classifier ?? self.classifier, epoch: epoch, isUnderWay: isUnderWay, floor: floor)
    }

    private func other(_ number: Int) -> ClassifierKey {
        ClassifierKey(account: AccountID(rawValue: "default"), folding: "other-\(number)")
    }

    private func save(_ number: UInt64, _ classifier: String?, in store: Store, asked: PurgeStamp? = nil) throws {
        let reservation = reservation()
        try store.reserveAndWait(reservation).get()
        let stamped = StampedAnswer(result(number, classifier: classifier), asked: asked ?? log.stamp())
        _ = try store.wait { (answer: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void) in
            store.end(settlement(of: reservation), storing: stamped, then: answer)
        }.get()
    }

    @Test("epochs survive a crash; of two the greater counts, in whatever order they come")
    func survives() throws {
        let store = try place.open()
        #expect(try store.classifierRecord() == ClassifierRecord())
        try record(change(2), in: store)
        try record(change(1, true), in: store)
        try record(change(3, of: other(1)), in: store)
        let reopened = try place.killed().open()
        #expect(try reopened.classifierRecord() == ClassifierRecord(epochs: [classifier: 2, other(1): 3]))
        reopened.close()
        store.close()
    }

    @Test("a change that was under way when the process ended raises the epoch far, once, and drops the results")
    func recovers() throws {
        let store = try place.open()
        try record(change(7), in: store)
        try record(change(8, true, of: other(1)), in: store)
        try save(1, "a", in: store)
        try save(2, "other-1", in: store)
        let copy = try place.killed()
        store.close()
        var reopened = try copy.open()
        let expected = ClassifierRecord(epochs: [classifier: 7, other(1): 8 + (1 << 32) + 1])
        #expect(try reopened.classifierRecord() == expected)
        #expect(try reopened.findAndWait(key(1)).get() != nil)
        #expect(try reopened.findAndWait(key(2)).get() == nil)
        reopened.close()
        reopened = try copy.open()
        #expect(try reopened.classifierRecord() == expected)
        reopened.close()
    }

    @Test("a start with no change under way writes nothing", .filesOnly("the log of a file says what was written"))
    func quietStart() throws {
        var store = try place.open()
        try record(change(7), in: store)
        store.close()
        store = try place.open()
        defer { store.close() }
        let log = try FileManager.default.attributesOfItem(atPath: place.file + "-wal")
        #expect(log[.size] as? Int == 0)
        #expect(try store.classifierRecord() == ClassifierRecord(epochs: [classifier: 7]))
    }

    @Test("a floor forgets those at or below it, unless one is changing, and never falls")
    func floor() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 1...4 { try record(change(Int64(number), number == 2, of: other(number)), in: store) }
        try record(change(5, floor: 3), in: store)
        let expected = ClassifierRecord(epochs: [other(2): 2, other(4): 4, classifier: 5], floor: 3)
        #expect(try store.classifierRecord() == expected)
        try record(change(6, floor: 1), in: store)
        #expect(try store.classifierRecord().floor == 3)
    }

    @Test("a change removes the results of its classifier in its account, and no others")
    func removes() throws {
        let store = try place.open()
        defer { store.close() }
        for (number, classifier) in [(1, "a"), (2, "a"), (3, "b"), (4, nil)] as [(UInt64, String?)] {
            try save(number, classifier, in: store)
        }
        let second = TestSQL.bytes(key(2).digest.description)
        try store.execute("UPDATE results SET account = 'second' WHERE key = \(second)")
        #expect(try store.findAndWait(key(1)).get()?.classifier == "a")
        #expect(try store.findAndWait(key(4)).get()?.classifier == nil)
        try record(change(1, true), in: store)
        #expect(try [1, 2, 3, 4].map { try store.findAndWait(key($0)).get() != nil } == [false, true, true, true])
        #expect(try store.rows("SELECT count(*) FROM audit") == ["0"])
        #expect(try store.rows("SELECT count(*) FROM purges") == ["0"])
    }

    @Test("a result asked for before a change is not stored after it; its cost is booked all the same")
    func askedBefore() throws {
        let store = try place.open()
        defer { store.close() }
        let asked = log.stamp()
        try record(change(1, true), in: store)
        try save(1, "a", in: store, asked: asked)
        try save(2, "b", in: store, asked: asked)
        try save(3, "a", in: store)
        #expect(try [1, 2, 3].map { try store.findAndWait(key($0)).get() != nil } == [false, true, true])
        #expect(try store.rows("SELECT count(*) FROM ledger WHERE state = 1") == ["3"])
    }

    @Test("many results go in batches, over a crash too, and are hidden at once")
    func many() throws {
        let store = try place.open()
        let last = TestSQL.bytes(key(1).digest.description)
        try store.execute(
            """
            \(TestSQL.numbers(3_000))
            INSERT INTO results (id, key, status, body, credits_micros, stored_at, account, team, document_id, model,
                classification, classifier)
            SELECT n, CASE n WHEN 3000 THEN \(last) ELSE \(TestSQL.key(ofNumber: "n")) END, 200, \(TestSQL.zeros(300)),
                1, 1, 'default', 't', 'd', 'm', 'x', CASE n % 3 WHEN 0 THEN 'a' ELSE 'b' END FROM numbers
            """
        )
        try store.refuseDeletions(from: "results")
        try record(change(1, true), in: store)
        #expect(store.purgesUnderWay.map(\.target) == [.classifier(classifier)])
        #expect(try store.findAndWait(key(1)).get() == nil)
        #expect(try store.rows("SELECT count(*) FROM results WHERE classifier = 'a'") == ["1000"])
        #expect(try store.wait { store.statistics(then: $0) }.get().entries == 2_000)
        let copy = try place.killed()
        store.close()
        try copy.allowChanges(of: "results")
        let reopened = try copy.open()
        while !reopened.purgesUnderWay.isEmpty { _ = reopened.wait { reopened.check(then: $0) } }
        #expect(try reopened.rows("SELECT count(*) FROM results WHERE classifier = 'a'") == ["0"])
        #expect(try reopened.rows("SELECT count(*) FROM results") == ["2000"])
        reopened.close()
    }

    @Test("each kind of results has a retention of its own")
    func retention() throws {
        let store = try place.open()
        defer { store.close() }
        for (number, classifier) in [(1, "a"), (2, nil)] as [(UInt64, String?)] {
            try store.saveAndWait(result(number, storedAt: Self.hourAgo, classifier: classifier)).get()
        }
        store.replace(retention: .seconds(86_400), ofClassifiers: .seconds(60))
        for _ in 0..<1_000 {
            _ = try store.removeExpiredAndWait(before: Timestamp(seconds: 0)).get()
            if try store.findAndWait(key(1)).get() == nil { break }
        }
        #expect(try store.findAndWait(key(1)).get() == nil)
        #expect(try store.findAndWait(key(2)).get() != nil)
    }

    private static var hourAgo: Timestamp { SystemClock.wall() + .seconds(-3_600) }

    @Test("entries of a document tell of the classifier, each kind as old as it may be")
    func entries() throws {
        let store = try place.open()
        defer { store.close() }
        for (number, classifier) in [(4, "a"), (14, nil)] as [(UInt64, String?)] {
            try store.saveAndWait(result(number, storedAt: Timestamp(seconds: 100), classifier: classifier)).get()
        }
        func classifiers(_ inline: Int64, _ saved: Int64) throws -> [String?] {
            try store.wait { answer in
                store.entries(
                    of: result(4).documentID,
                    after: 0,
                    storedSince: Timestamp(seconds: inline),
                    ofClassifiersSince: Timestamp(seconds: saved),
                    atMost: 10,
                    then: answer
                )
            }.get().map(\.classifier)
        }
        #expect(try classifiers(100, 100) == ["a", nil])
        #expect(try classifiers(101, 100) == ["a"])
        #expect(try classifiers(100, 101) == [nil])
    }

    @Test("no statement of a change or of expiry looks through the results", .filesOnly("it is about SQLite's plans"))
    func plans() throws {
        let store = try place.open()
        defer { store.close() }
        for (sql, index) in [
            ("SELECT id FROM results WHERE classifier = 'a' AND account = 'b' LIMIT 3", "results_by_classifier"),
            (
                "SELECT id FROM results WHERE classifier = 'a' AND account = 'b' AND id <= 5 ORDER BY id LIMIT 3",
                "results_by_classifier"
            ),
            (
                "SELECT id FROM results WHERE classifier IS NULL AND stored_at < 5 ORDER BY stored_at LIMIT 3",
                "results_by_age"
            ),
            (
                "SELECT id FROM results WHERE classifier IS NOT NULL AND stored_at < 5 ORDER BY stored_at LIMIT 3",
                "results_of_classifiers_by_age"
            ),
            ("SELECT min(stored_at) FROM results WHERE classifier IS NULL", "results_by_age"),
            ("SELECT max(stored_at) FROM results WHERE classifier IS NOT NULL", "results_of_classifiers_by_age"),
        ] {
            let plan = try store.rows("EXPLAIN QUERY PLAN \(sql)")
            #expect(plan[0].contains(index) && !plan.joined().contains("TEMP B-TREE"), "\(sql): \(plan)")
        }
    }

    @Test(
        "a file of the schema before has its results for requests with schemas of their own",
        .filesOnly("no database has that schema")
    )
    func migration() throws {
        let step = try #require(StoreSchema.steps.firstIndex { $0.contains("CREATE TABLE classifier_epochs") })
        try place.edit { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            for step in StoreSchema.steps[..<step] { try database.execute(sql: step) }
            try database.execute(
                sql: """
                    INSERT INTO results (key, status, body, credits_micros, stored_at, account, team, document_id,
                        model, classification)
                    VALUES (zeroblob(32), 200, x'7b7d', 1, 1, 'default', 't', 'd', 'm', 'x');
                    INSERT INTO purges (team, boundary, removed, at, audit_id) VALUES ('u', 1, 0, 1, 1);
                    PRAGMA application_id = \(StoreSchema.applicationID);
                    PRAGMA user_version = \(step);
                    """
            )
        }
        let store = try place.open()
        defer { store.close() }
        let found = try #require(try store.findAndWait(CacheKey(Digest(0, 0, 0, 0))).get())
        #expect(found.classifier == nil && found.body == Array("{}".utf8))
        #expect(try store.classifierRecord() == ClassifierRecord())
        #expect(try store.wait { store.statistics(then: $0) }.get().oldest == Timestamp(microseconds: 1))
        while !store.purgesUnderWay.isEmpty { _ = store.wait { store.check(then: $0) } }
        #expect(try store.rows("SELECT count(*) FROM results") == ["1"])
    }
}
