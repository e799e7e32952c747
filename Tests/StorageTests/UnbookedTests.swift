import Budgeting
import EventLoops
import Foundation
import GRDB
import Reporting
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Endings that wait to be booked", .filesOnly("nodes that share a database book at once"))
struct UnbookedTests {
    private let place = TemporaryStore()
    private let sums = "SELECT spent, unconfirmed FROM usage"

    /// What another connection to the file finds: asking the store would have everything booked.
    private func found(_ sql: String) throws -> [String] {
        try place.edit { database in
            try Row.fetchAll(database, sql: sql).map { row in
                row.databaseValues.map { Int64.fromDatabaseValue($0).map(String.init) ?? "-" }.joined(separator: " ")
            }
        }
    }

    private func settle(
        _ store: Store,
        _ id: Int64,
        _ outcome: ReservationEnding.Outcome = .settled(MicroCredits(micros: 2)),
        lesson: Lesson = Lesson(),
        question: PaidQuestion? = nil
    ) throws {
        let reservation = reservation(id: id, document: UInt64(id))
        try store.reserveAndWait(reservation).get()
        let ending = ReservationEnding(
            reservation: reservation,
            outcome: outcome,
            endedAt: Timestamp(seconds: 1_728_000_001),
            lesson: lesson,
            question: question
        )
        #expect(try store.endAndWait(ending, storing: result(UInt64(id))).get() == .done)
    }

    private func question(_ text: String = "[]") -> PaidQuestion {
        PaidQuestion(
            parts: QuestionParts(
                labels: 1,
                schema: 2,
                otherMembers: nil,
                pages: "1-3",
                schemaText: Array(text.utf8)[...]
            ),
            isTeamScoped: false,
            noCache: false,
            noStore: false,
            maxAgeSeconds: nil,
            lifetimeMicroseconds: .max
        )
    }

    // MARK: When

    @Test(
        "an ending is in the ledger, with its result and pages, when it is answered, and in the sums before they are listed"
    )
    func waits() throws {
        let store = try place.open()
        defer { store.close() }
        let rate = PageRate(credits: MicroCredits(micros: 2), pages: 4)
        try settle(store, 7, lesson: Lesson(documentPages: 4, rate: rate), question: question())
        #expect(try found("SELECT id, state, credits FROM ledger") == ["7 1 2"])
        #expect(try found("SELECT count(*), min(pages) FROM documents") == ["1 4"])
        #expect(try found("SELECT count(*) FROM results") == ["1"])
        if store.writer.hasUnbooked {
            #expect(try found("SELECT id, rate_pages, is_kept, schema_digest FROM unbooked") == ["7 4 1 2"])
        }
        let opening = try store.opening()
        #expect(opening.rows.map(\.spent.micros) == [2])
        #expect(opening.rates["gpt-4o-mini"]?.map(\.rate) == [rate])
        #expect(!store.writer.hasUnbooked)
        #expect(try found("SELECT count(*) FROM unbooked UNION ALL SELECT count(*) FROM payments") == ["0", "1"])
    }

    @Test(
        "what comes to nothing does not wait",
        arguments: [.released, .settled(.zero)] as [ReservationEnding.Outcome]
    )
    func nothing(_ outcome: ReservationEnding.Outcome) throws {
        let store = try place.open()
        defer { store.close() }
        try settle(store, 7, outcome)
        #expect(!store.writer.hasUnbooked)
        #expect(try found("SELECT count(*) FROM unbooked") == ["0"])
        #expect(try store.opening().rows.isEmpty)
    }

    @Test("they are booked by themselves, with counts of requests, and at the end")
    func byThemselves() throws {
        let store = try place.open()
        try settle(store, 7)
        try Deadline.wait(for: "the booking") { !store.writer.hasUnbooked }
        #expect(try found(sums) == ["2 0"])
        try settle(store, 8)
        // Counts of requests come once a second.
        try store.addAndWait([], uses: [TeamKeyUse(key: TeamKeyID(rawValue: "k"), at: Timestamp(seconds: 1))]).get()
        #expect(try found(sums) == ["4 0"])
        try settle(store, 9)
        store.close()
        #expect(try found(sums) == ["6 0"])
        #expect(try found("SELECT count(*) FROM unbooked") == ["0"])
    }

    @Test("a few wait, for two seconds, and no more than there is room for")
    func room() {
        let waiting = UnbookedEndings()
        let start = SystemClock.sinceBoot()
        func take(_ count: Int, after seconds: Int = 0) -> Bool {
            waiting.hasRoom(for: count, at: start + .seconds(seconds))
        }
        func commit(_ bookings: [Booking], after seconds: Int = 0) {
            waiting.add(bookings)
            waiting.noteCommit(at: start + .seconds(seconds))
        }
        let booking = Booking(settlement(of: reservation()), isKept: true, isResultThere: nil)
        #expect(waiting.deadline == nil && take(0) && take(8, after: 1_000_000) && !take(9) && !take(.max))
        commit([booking])
        commit([booking], after: 1)
        #expect(waiting.deadline == start + .seconds(2), "that of the first one")
        #expect(take(8) && take(8, after: 1) && !take(1, after: 2) && !take(0, after: .max >> 32))
        for _ in 2..<250 { commit([booking]) }
        #expect(waiting.bookings.count == 250 && take(6) && !take(7))
        waiting.noteBooked()
        #expect(waiting.due.isEmpty && !take(0), "booked in this transaction")
        waiting.begin()
        #expect(waiting.due.count == 250, "it was rolled back")
        waiting.noteBooked()
        commit([])
        #expect(waiting.bookings.isEmpty && waiting.deadline == nil && take(8))
        let text = String(repeating: "x", count: 600_000)
        let long = ReservationEnding(
            reservation: reservation(),
            outcome: .unconfirmed,
            endedAt: Timestamp(seconds: 1),
            question: question(text)
        )
        commit([Booking(long, isKept: false, isResultThere: false)])
        #expect(take(1))
        commit([Booking(long, isKept: false, isResultThere: false)])
        #expect(!take(0), "their schemas take too much memory")
    }

    @Test("models of any length and pages of many ranges count as texts")
    func texts() {
        let model = String(repeating: "m", count: 700_000)
        let booking = Booking(settlement(of: reservation(model: model)), isKept: false, isResultThere: nil)
        #expect(booking.textBytes == 700_000)
        let asked = ReservationEnding(
            reservation: reservation(model: "m"),
            outcome: .unconfirmed,
            endedAt: Timestamp(seconds: 1),
            question: question("[1]")
        )
        #expect(Booking(asked, isKept: false, isResultThere: nil).textBytes == 1 + "[1]".utf8.count + "1-3".utf8.count)
    }

    // MARK: Trouble

    @Test("what a crash left is booked by the next start, once: sums, rates, payments and repeats")
    func crash() throws {
        let store = try place.open()
        defer { store.close() }
        _ = try store.opening()
        let rate = PageRate(credits: MicroCredits(micros: 2), pages: 3)
        try settle(store, 7, lesson: Lesson(rate: rate), question: question())
        try settle(store, 17, .unconfirmed, question: question())
        try settle(store, 8)
        try store.reserveAndWait(reservation(id: 9, estimate: 5)).get()
        let killed = try place.killed()
        for _ in 0..<2 {
            let next = try killed.open()
            defer { next.close() }
            #expect(try next.rows(sums) == ["4 3000005"])
            #expect(try next.rows("SELECT spent, unconfirmed FROM usage_accounts") == ["4 3000005"])
            #expect(try next.opening().rates["gpt-4o-mini"]?.map(\.rate) == [rate])
            #expect(try next.rows("SELECT id FROM payments ORDER BY id") == ["7", "9", "17"])
            // The result that 7 paid for was there when 17 asked without a reason.
            #expect(try next.rows("SELECT id, first, reason FROM repeats") == ["17 7 unexplained"])
            #expect(try next.rows("SELECT labels, schema_digest, pages FROM payments WHERE id = 17") == ["1 2 1-3"])
            #expect(try next.rows("SELECT digest, length(text) FROM schemas") == ["2 2"])
            #expect(try next.rows("SELECT count(*) FROM unbooked") == ["0"])
        }
    }

    @Test("a copy that has them agrees with its sums, and they count as spent")
    func inspection() throws {
        let store = try place.open()
        defer { store.close() }
        try settle(store, 7)
        try settle(store, 8, .unconfirmed)
        let killed = try place.killed()
        try killed.edit { database in
            try database.execute(sql: "PRAGMA journal_mode = DELETE")
            #expect(try StoreSums.faults(database, schema: StoreSchema.version) == [])
        }
        let (survey, faults) = try StoreInspection.inspect(killed.file)
        #expect(faults == [])
        #expect(survey.total.spent.micros == 2 && survey.total.unconfirmed.micros == 3_000_000)
        try killed.edit { try $0.execute(sql: "DELETE FROM unbooked WHERE id = 7") }
        if try killed.edit({ try Int.fetchOne($0, sql: "SELECT count(*) FROM usage") }) == 0 {
            #expect(try StoreInspection.inspect(killed.file).sumFaults != [])
        }
    }

    @Test("a row of an ending that has not ended, or is not there, is refused and left", arguments: [7, 8])
    func damaged(_ id: Int64) throws {
        let store = try place.open()
        try store.reserveAndWait(reservation(id: 7)).get()
        let killed = try place.killed()
        store.close()
        try killed.edit { try $0.execute(sql: "INSERT INTO unbooked (id) VALUES (\(id))") }
        let fault = #expect(throws: StoreFault.self) { try killed.open() }
        #expect(fault?.code == .corrupt && fault?.detail.contains("reservation \(id) is not booked") == true)
        #expect(try killed.edit { try Int.fetchOne($0, sql: "SELECT state FROM ledger") } == 0)
    }

    @Test("a booking that fails in the middle leaves nothing of it in the transaction of others")
    func halfBooked() throws {
        let store = try place.open()
        defer { store.close() }
        // Refused the first time that it is tried in a transaction: sums by account follow those by team.
        try store.refuseInsertions(into: "usage_accounts", when: "(SELECT max(spent) FROM usage) < 4")
        try settle(store, 7)
        let gate = Gate(store)
        let (failed, other) = (Answer<Result<Void, StoreFault>>(), Answer<Result<Void, StoreFault>>())
        store.performGathering({ _ in throw StoreFault(code: .unavailable, detail: "fails by itself") }) {
            failed.give($0)
        }
        store.performGathering({ _ in }) { other.give($0) }
        gate.open()
        #expect(throws: StoreFault.self) { try failed.wait().get() }
        _ = other.wait()
        try place.edit { try $0.execute(sql: Refusal.end(.file, "usage_accounts")) }
        #expect(try store.opening().rows.map(\.spent.micros) == [2])
        #expect(try store.rows("SELECT spent FROM usage_accounts") == ["2"])
    }

    @Test("while they cannot be booked others end, lists are answered, and they are booked later")
    func refused() throws {
        let store = try place.open()
        defer { store.close() }
        try store.refuseInsertions(into: "usage_accounts")
        try settle(store, 7)
        #expect(throws: StoreFault.self) { _ = try store.rows("SELECT 1") }
        #expect(store.writer.hasUnbooked)
        #expect(try store.opening().rows.isEmpty)
        try place.edit { try $0.execute(sql: Refusal.end(.file, "usage_accounts")) }
        #expect(try store.opening().rows.map(\.spent.micros) == [2])
    }
}
