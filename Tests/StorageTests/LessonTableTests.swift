import Budgeting
import Caching
import Testing
import Vocabulary

@testable import Storage

@Suite("LessonTable")
struct LessonTableTests {
    private let folder = TemporaryFolder()

    private func learn(
        _ store: SQLiteStore,
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
        let store = try folder.open()
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

    @Test("the rate last seen of each model is there at the next start")
    func rates() throws {
        let store = try folder.open()
        func rate(_ credits: Int64, _ pages: Int) -> PageRate {
            PageRate(credits: MicroCredits(micros: credits), pages: pages)
        }
        try learn(store, reservation(model: "a"), Lesson(rate: rate(10, 3)))
        try learn(store, reservation(model: "a"), Lesson(rate: rate(10, 4)))
        try learn(store, reservation(model: "b"), Lesson(rate: rate(1, 1)))
        try learn(store, reservation(model: "b"), Lesson(rate: rate(2, 1)))
        try learn(store, reservation(model: "b"), Lesson())
        #expect(try store.opening().rates == ["a": rate(10, 4), "b": rate(2, 1)])
        store.close()
        let next = try folder.open()
        defer { next.close() }
        #expect(try next.opening().rates == ["a": rate(10, 4), "b": rate(2, 1)])
    }

    @Test("a rate is learned for names of 128 bytes and not for longer ones, which the ledger cuts")
    func longModel() throws {
        let store = try folder.open()
        defer { store.close() }
        let rate = PageRate(credits: MicroCredits(micros: 1), pages: 1)
        let name = String(repeating: "m", count: 128)
        try learn(store, reservation(model: name + "m"), Lesson(rate: rate))
        #expect(try store.opening().rates == [:])
        try learn(store, reservation(model: name), Lesson(rate: rate))
        #expect(try store.opening().rates == [name: rate])
    }

    @Test("what is known is not written again")
    func unchanged() throws {
        let store = try folder.open()
        defer { store.close() }
        let rate = PageRate(credits: MicroCredits(micros: 10), pages: 3)
        let lesson = Lesson(documentPages: 4, rate: rate)
        let other = Lesson(documentPages: 4, rate: PageRate(credits: MicroCredits(micros: 10), pages: 2))
        for (lesson, changes) in [(lesson, 2), (lesson, 0), (other, 1)] {
            let settlement = ending(reservation(), .settled(.zero), lesson: lesson)
            let answer = Answer<Result<Int, StoreFault>>()
            store.perform(
                { connection in
                    let before = connection.database.totalChangesCount
                    try LessonTable.save(settlement, on: connection)
                    return connection.database.totalChangesCount - before
                },
                then: { answer.give($0) }
            )
            #expect(try answer.wait().get() == changes)
        }
    }

    @Test("pages and rates that are damaged are a fault")
    func damaged() throws {
        let store = try folder.open()
        defer { store.close() }
        try store.performAndWait { database in
            try database.execute(sql: "PRAGMA ignore_check_constraints = 1; INSERT INTO rates VALUES ('a', 1, 0)")
        }.get()
        #expect(#expect(throws: StoreFault.self) { _ = try store.opening() }?.code == .corrupt)
    }
}
