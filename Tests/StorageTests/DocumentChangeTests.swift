import Budgeting
import Caching
import Foundation
import Testing
import Vocabulary

@testable import Storage

/// What a change of documents does in a real store; `PurgeTable+Changes` and `PurgeLog` state the rules.
@Suite("Documents that change, in the store")
struct DocumentChangeTests {
    private let place = TemporaryStore()
    private let log = ResultCache(bytesMax: 0).purges

    private func document(_ number: UInt64) -> String { result(number).documentID }

    private func drop(_ documents: [String], in store: Store) -> Result<Int64, StoreFault> {
        store.wait { store.drop(documents, at: Timestamp(seconds: 5), then: $0) }.map(\.count)
    }

    /// Adds results of one document without their ledger.
    private func fill(_ store: Store, count: Int, document: String) throws {
        let first = try Int(store.rows("SELECT coalesce(max(id), 0) FROM results")[0])!
        try store.execute(
            """
            \(TestSQL.numbers(count))
            INSERT INTO results (id, key, status, body, credits_micros, stored_at, account, team, document_id, model,
                classification)
            SELECT \(first) + n, \(TestSQL.key(ofNumber: "\(first) + n")), 200, \(TestSQL.zeros(300)), 1, 1000000 + n,
                'default', 'sales', '\(document)', 'gpt-4o-mini', 'invoice'
            FROM numbers
            """
        )
    }

    /// Ends a paid call about document 1.
    private func end(_ store: Store, _ result: CachedResult?, asked: PurgeStamp) throws {
        let reservation = reservation(document: 1)
        try store.reserveAndWait(reservation).get()
        let ending = ending(reservation, .settled(MicroCredits(micros: 1)), lesson: Lesson(documentPages: 3))
        let answer = StampedAnswer(
            result,
            key: key(1),
            documentID: document(1),
            team: reservation.ask.team,
            classifier: nil,
            asked: asked
        )
        #expect(try store.waitForAnswer { store.end(ending, storing: answer, then: $0) } == .done)
    }

    private func waitUntilDone(_ store: Store) {
        while !store.purgesUnderWay.isEmpty { _ = store.wait { store.check(then: $0) } }
    }

    @Test("a change removes results and pages of its documents in every account, counts them, and is no operator's act")
    func drops() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<5 as Range<UInt64> { try store.saveAndWait(result(number)).get() }
        let insertion =
            "INSERT INTO documents VALUES ('a', '\(document(1))', 3), ('b', '\(document(1))', 4), ('a', 'e', 5)"
        try store.execute(insertion)
        #expect(try drop([document(1), document(3), document(99)], in: store).get() == 2)
        for number in 0..<5 as Range<UInt64> {
            #expect((try store.findAndWait(key(number)).get() == nil) == [1, 3].contains(number))
        }
        #expect(try store.rows("SELECT document_id FROM documents") == ["e"])
        #expect(try store.auditAndWait().get().isEmpty)
        #expect(try store.rows("SELECT count(*) FROM purges") == ["0"])
        #expect(try drop([document(1)], in: store).get() == 0)
        let killed = try place.killed().open()
        defer { killed.close() }
        #expect(try killed.findAndWait(key(3)).get() == nil && killed.findAndWait(key(2)).get() != nil)
    }

    @Test(
        "a change of documents about which nothing is stored writes nothing",
        .filesOnly("the log of a file says what was written")
    )
    func nothingStored() throws {
        let store = try place.open()
        defer { store.close() }
        // Without its ledger: the roll-up of a day long ago, which the store folds by itself, would be written
        // meanwhile.
        try fill(store, count: 1, document: document(1))
        func written() throws -> Data { try Data(contentsOf: URL(filePath: place.file + "-wal")) }
        let before = try written()
        for number in 0..<50 { #expect(try drop(["unknown-\(number)"], in: store).get() == 0) }
        #expect(try written() == before)
        #expect(try drop([document(1)], in: store).get() == 1)
        #expect(try written() != before)
    }

    @Test("an answer that was to be stored before the change is gone after it, in one group as well")
    func order() throws {
        let store = try place.open()
        defer { store.close() }
        let reservation = reservation(document: 1)
        try store.reserveAndWait(reservation).get()
        let gate = Gate(store)
        let ended = Answer<Result<EndingAnswer, StoreFault>>()
        store.end(ending(reservation, .settled(.zero), lesson: Lesson(documentPages: 3)), storing: result(1)) {
            ended.give($0)
        }
        let dropped = Answer<Result<Int64, StoreFault>>()
        store.drop([document(1)], at: Timestamp(seconds: 5)) { dropped.give($0.map(\.count)) }
        gate.open()
        #expect(try ended.wait().get() == .done && dropped.wait().get() == 1)
        #expect(try store.findAndWait(key(1)).get() == nil)
        #expect(try store.rows("SELECT pages FROM documents").isEmpty)
    }

    @Test("while a document is being changed neither results nor pages are stored; what is asked afterwards is")
    func underWay() throws {
        let store = try place.open()
        defer { store.close() }
        func stored() throws -> [String] {
            try store.rows("SELECT (SELECT count(*) FROM results), count(*) FROM documents")
        }
        let before = log.stamp()
        log.begin([document(1)])
        try end(store, result(1), asked: before)
        try end(store, result(1), asked: log.stamp())
        let meanwhile = log.stamp()
        log.note(.document(document(1)))
        log.end([document(1)])
        try end(store, result(1), asked: meanwhile)
        #expect(try stored() == ["0 0"])
        try end(store, result(1), asked: log.stamp())
        #expect(try stored() == ["1 1"])
        #expect(try store.rows("SELECT sum(spent) FROM usage") == ["4"], "all are paid for")
    }

    @Test("an answer without a result, asked for before a purge, does not teach the pages from before it")
    func pagesWithoutResult() throws {
        let store = try place.open()
        defer { store.close() }
        let before = log.stamp()
        log.note(.document(document(1)))
        try end(store, nil, asked: before)
        #expect(try store.rows("SELECT pages FROM documents").isEmpty)
        try end(store, nil, asked: log.stamp())
        #expect(try store.rows("SELECT pages FROM documents") == ["3"])
    }

    @Test("a document of very many results is hidden at once and removed in batches; a second change adds nothing")
    func large() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store, count: 2_000, document: document(1))
        try fill(store, count: 10, document: document(2))
        try store.refuseDeletions(from: "results", when: "old.id % 2 = 1")
        #expect(try drop([document(1)], in: store).get() > 0)
        let listed: [StoredEntry] = try store.waitForAnswer {
            store.entries(
                of: document(1),
                after: 0,
                storedSince: Timestamp(seconds: 0),
                ofClassifiersSince: Timestamp(seconds: 0),
                atMost: 10,
                then: $0
            )
        }
        #expect(listed.isEmpty)
        for _ in 0..<3 { #expect(try drop([document(1)], in: store).get() == 0) }
        #expect(store.purgesUnderWay.map(\.target) == [.document(document(1))])
        // A result that is stored meanwhile is not hidden, and the next change removes it as well.
        try store.saveAndWait(result(1)).get()
        #expect(try store.findAndWait(key(1)).get() != nil)
        #expect(try drop([document(1)], in: store).get() > 0)
        #expect(try store.findAndWait(key(1)).get() == nil)
        let killed = try place.killed()
        try store.allowChanges(of: "results")
        waitUntilDone(store)
        #expect(try store.rows("SELECT count(*) FROM results") == ["10"])
        #expect(try store.auditAndWait().get().isEmpty)
        try killed.allowChanges(of: "results")
        let other = try killed.open()
        defer { other.close() }
        waitUntilDone(other)
        #expect(try other.rows("SELECT count(*) FROM results") == ["10"])
    }

    @Test("with too many purges under way a large document's change is refused, and nothing of it is done")
    func full() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store, count: 300, document: document(1))
        try store.saveAndWait(result(2)).get()
        try store.saveAndWait(result(3)).get()
        try store.execute(
            """
            \(TestSQL.numbers(64)) INSERT INTO purges (id, team, boundary, removed, at, audit_id)
            SELECT n, 'nobody', 1, 0, 1, 0 FROM numbers
            """
        )
        guard case .failure(let fault) = drop([document(2), document(1)], in: store) else {
            Issue.record("not refused")
            return
        }
        #expect(fault.code == .overloaded)
        #expect(try store.findAndWait(key(2)).get() != nil)
        #expect(try drop([document(3)], in: store).get() == 1, "a small one is done at once")
    }
}
