import Budgeting
import Caching
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("LessonTable")
struct LessonTableTests {
    private let place = TemporaryStore()

    private func learn(
        _ store: Store,
        _ reservation: Reservation,
        _ lesson: Lesson,
        storing result: CachedResult? = nil
    ) throws {
        try store.reserveAndWait(reservation).get()
        let settlement = ending(reservation, .settled(MicroCredits(micros: 1)), lesson: lesson)
        #expect(try store.endAndWait(settlement, storing: result).get() == .done)
    }

    private func document(_ number: Int, account: String = "default") -> DocumentKey {
        let id = "0b13c9f2-5148-4ffb-bb7b-00000000000\(number)"
        return DocumentKey(account: AccountID(rawValue: account), documentID: id)
    }

    @Test("the pages of a document are found with a result or without, the latest that were told")
    func pages() throws {
        let store = try place.open()
        defer { store.close() }
        try learn(store, reservation(document: 1), Lesson(documentPages: 4), storing: result(1))
        #expect(try store.findAndWait(nil, pagesOf: document(1)).get().documentPages == 4)
        try learn(store, reservation(document: 1), Lesson(documentPages: 5))
        try learn(store, reservation(document: 2), Lesson())
        let both = try store.findAndWait(key(1), pagesOf: document(1)).get()
        #expect(both.documentPages == 5)
        #expect(both.result?.key == key(1))
        let pagesAlone = try store.findAndWait(key(9), pagesOf: document(1)).get()
        #expect(pagesAlone.documentPages == 5)
        #expect(pagesAlone.result == nil)
        let resultAlone = try store.findAndWait(key(1), pagesOf: document(2)).get()
        #expect(resultAlone.documentPages == nil)
        #expect(resultAlone.result?.key == key(1))
        for unknown in [document(3), document(1, account: "other"), nil] {
            let neither = try store.findAndWait(nil, pagesOf: unknown).get()
            #expect(neither.documentPages == nil)
            #expect(neither.result == nil)
        }
    }

    private func rate(_ credits: Int64, _ pages: Int = 1) -> PageRate {
        PageRate(credits: MicroCredits(micros: credits), pages: pages)
    }

    @Test("the last 15 paid replies of each model are there at the next start, by their reservations")
    func rates() throws {
        let store = try place.open()
        let first = reservation(model: "a")
        let replies = (1...20).map { (reservation(model: "a"), rate($0, 3)) }
        for (reservation, rate) in replies.reversed() { try learn(store, reservation, Lesson(rate: rate)) }
        try learn(store, first, Lesson(rate: rate(99)))
        try learn(store, reservation(model: "b"), Lesson(rate: rate(2)))
        try learn(store, reservation(model: "b"), Lesson())
        let expected = replies.dropFirst(5).map { PaidReply(reservation: $0.0.id, rate: $0.1) }
        #expect(try store.opening().rates["a"] == expected)
        #expect(try store.opening().rates["b"]?.map(\.rate) == [rate(2)])
        store.close()
        let next = try place.open()
        defer { next.close() }
        #expect(try next.opening().rates["a"] == expected)
    }

    @Test("a reply is learned for names of 128 bytes and not for longer ones, which the ledger cuts")
    func longModel() throws {
        let store = try place.open()
        defer { store.close() }
        let name = String(repeating: "m", count: 128)
        try learn(store, reservation(model: name + "m"), Lesson(rate: rate(1)))
        #expect(try store.opening().rates == [:])
        try learn(store, reservation(model: name), Lesson(rate: rate(1)))
        #expect(try store.opening().rates[name]?.map(\.rate) == [rate(1)])
    }

    @Test("a thousand models are kept, and those that are known go on")
    func manyModels() throws {
        let store = try place.open()
        defer { store.close() }
        try store.execute("\(TestSQL.numbers(1_000)) INSERT INTO rates SELECT 'model ' || n, 1, 1, 1 FROM numbers")
        for model in ["model 1001", "model 1000"] { try learn(store, reservation(model: model), Lesson(rate: rate(2))) }
        let rates = try store.opening().rates
        #expect(rates.count == 1_000 && rates["model 1001"] == nil)
        #expect(rates["model 1000"]?.map(\.rate) == [rate(1), rate(2)])
    }

    @Test(
        "a model whose first reply was not stored takes its place with the next one, and one that is forgotten anew",
        .enabled(if: StoreKind.tested == .postgreSQL, "in a file a reply that was not stored is tried again first")
    )
    func knownModels() throws {
        let store = try place.open()
        defer { store.close() }
        try store.execute("\(TestSQL.numbers(999)) INSERT INTO rates SELECT 'model ' || n, 1, 1, 1 FROM numbers")
        // Rates are written before roll-ups: the transaction fails when the model is known.
        try store.refuseInsertions(into: "usage_documents", when: "new.document IS NOT NULL")
        #expect(throws: StoreFault.self) { try learn(store, reservation(model: "late"), Lesson(rate: rate(2))) }
        try store.allowChanges(of: "usage_documents")
        try learn(store, reservation(model: "other"), Lesson(rate: rate(3)))
        try learn(store, reservation(model: "late"), Lesson(rate: rate(2)))
        #expect(try store.opening().rates["late"] == nil)
        try learn(store, reservation(model: "other"), Lesson(rate: rate(4)))
        #expect(try store.opening().rates["other"]?.map(\.rate) == [rate(3), rate(4)])
        try store.waitForAnswer { store.forget(model: "other", audit: auditEntry("forget"), then: $0) }
        try learn(store, reservation(model: "late"), Lesson(rate: rate(2)))
        try learn(store, reservation(model: "other"), Lesson(rate: rate(5)))
        let rates = try store.opening().rates
        #expect(rates.count == 1_000 && rates["late"]?.map(\.rate) == [rate(2)] && rates["other"] == nil)
    }

    @Test("the pages of a document that are known are not written again")
    func unchanged() throws {
        let store = try place.open()
        defer { store.close() }
        func learn(_ pages: Int) throws {
            try self.learn(store, reservation(document: 1), Lesson(documentPages: pages))
        }
        try learn(4)
        try store.refuseUpdates(of: "documents")
        try learn(4)
        #expect(throws: StoreFault.self) { try learn(5) }
        try store.allowChanges(of: "documents")
        try learn(5)
        #expect(try store.rows("SELECT pages FROM documents") == ["5"])
    }

    @Test("documents are listed by account and identifier, a page at a time, and found in every account")
    func documents() throws {
        let store = try place.open()
        defer { store.close() }
        let rows = [("a", 2), ("a", 1), ("b", 1), ("c", 3)]
        for (account, number) in rows {
            let key = document(number, account: account)
            try store.execute("INSERT INTO documents VALUES ('\(key.account)', '\(key.documentID)', 7)")
        }
        func page(_ after: DocumentKey?, _ count: Int) throws -> [DocumentKey] {
            try store.waitForAnswer { store.documents(after: after, atMost: count, then: $0) }.map(\.document)
        }
        let sorted = [("a", 1), ("a", 2), ("b", 1), ("c", 3)].map { document($0.1, account: $0.0) }
        #expect(try page(nil, 3) == Array(sorted[..<3]))
        #expect(try page(sorted[1], 9) == Array(sorted[2...]))
        #expect(try page(sorted[3], 9).isEmpty && page(nil, -1).isEmpty)
        func found(_ number: Int) throws -> [String] {
            let id = document(number).documentID
            return try store.waitForAnswer { store.lessons(of: id, then: $0) }.map(\.document.account.rawValue)
        }
        #expect(try found(1) == ["a", "b"] && found(3) == ["c"] && found(9).isEmpty)
    }

    @Test("what is forgotten is gone, and the audit log says who did it")
    func forgetting() throws {
        let store = try place.open()
        defer { store.close() }
        try learn(store, reservation(document: 1, model: "a"), Lesson(documentPages: 4, rate: rate(1)))
        try learn(store, reservation(document: 2, model: "b"), Lesson(documentPages: 5, rate: rate(1)))
        let id = document(1).documentID
        try store.waitForAnswer { store.forget(model: "a", audit: entry("model/a"), then: $0) }
        try store.waitForAnswer { store.forget(documentID: id, audit: entry("document/\(id)"), then: $0) }
        #expect(try store.opening().rates.keys.sorted() == ["b"])
        #expect(try store.findAndWait(nil, pagesOf: document(1)).get().documentPages == nil)
        #expect(try store.findAndWait(nil, pagesOf: document(2)).get().documentPages == 5)
        let records = try store.waitForAnswer { store.audit(before: nil, atMost: 9, then: $0) }
        #expect(records.map(\.entry.target) == ["document/\(id)", "model/a"])
    }

    private func entry(_ target: String) -> AuditEntry {
        AuditEntry(
            at: Timestamp(seconds: 0),
            actor: "boss",
            role: "admin",
            action: "lesson.delete",
            target: target,
            address: "127.0.0.1",
            before: nil,
            after: nil
        )
    }

    @Test("rates that are damaged are a fault")
    func damaged() throws {
        let store = try place.open()
        defer { store.close() }
        try store.spoil("rates", "INSERT INTO rates VALUES ('a', 1, 1, 0)")
        #expect(#expect(throws: StoreFault.self) { _ = try store.opening() }?.code == .corrupt)
    }
}
