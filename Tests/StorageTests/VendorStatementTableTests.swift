import Budgeting
import Registry
import Reporting
import Testing
import Vocabulary

@testable import Storage

@Suite("VendorStatementTable")
struct VendorStatementTableTests {
    private let place = TemporaryStore()
    private static let now = Timestamp(seconds: 1_728_000_000)

    private func terms(_ days: Range<Int32>, account: String = "default", credits: Int64 = 9) -> VendorStatementTerms {
        VendorStatementTerms(
            account: AccountID(rawValue: account),
            period: ReportPeriod(days: BudgetDay(number: days.lowerBound)..<BudgetDay(number: days.upperBound)),
            from: "from \(days.lowerBound)",
            to: "to \(days.upperBound)",
            credits: MicroCredits(micros: credits)
        )
    }

    private func add(
        _ terms: VendorStatementTerms,
        to store: Store,
        isKnown: Bool = true,
        at now: Timestamp = now
    ) throws -> VendorStatementAnswer {
        try store.waitForAnswer {
            store.add(
                terms,
                isKnown: isKnown,
                at: now,
                audit: { auditEntry("statement.create", after: "\($0.id)") },
                then: $0
            )
        }
    }

    private func page(
        _ store: Store,
        before id: Int64? = nil,
        atMost count: Int = 100
    ) throws -> [ComparedStatement] {
        try store.waitForAnswer { store.statements(before: id, atMost: count, then: $0) }
    }

    private func made(_ answer: VendorStatementAnswer) -> ComparedStatement? {
        if case .done(let made) = answer { made } else { nil }
    }

    /// Settled and unconfirmed rows of two accounts on four days.
    private func fill(_ store: Store) throws {
        for (id, account, day, credits) in [
            (1, "default", 20_000, 3), (2, "default", 20_001, 5), (3, "default", 20_001, nil), (4, "second", 20_001, 7),
            (5, "default", 20_003, 11),
        ] as [(Int64, String, Int32, Int64?)] {
            let reservation = reservation(id: id, day: day, account: account, estimate: 100)
            try store.reserveAndWait(reservation).get()
            let outcome = credits.map { ReservationEnding.Outcome.settled(MicroCredits(micros: $0)) } ?? .unconfirmed
            _ = try store.endAndWait(ending(reservation, outcome)).get()
        }
    }

    @Test("a bill stands beside what its account has on its days, and follows what is booked and resolved later")
    func compared() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store)
        let answer = try #require(try made(add(terms(20_000..<20_002), to: store)))
        #expect(answer.spent.micros == 8 && answer.unconfirmed.micros == 100 && answer.drift.micros == 1)
        #expect(answer.statement.terms == terms(20_000..<20_002) && answer.statement.createdAt == Self.now)
        #expect(try page(store) == [answer])
        let third = reservation(id: 3, day: 20_001, estimate: 100)
        #expect(try store.resolveAndWait(third, 1).get() == .done)
        let copy = try place.killed().open()
        defer { copy.close() }
        let id = answer.statement.id
        for opened in [store, copy] {
            let after = try #require(try opened.waitForAnswer { opened.statement(id, then: $0) })
            #expect(after.spent.micros == 9 && after.unconfirmed == .zero && after.drift == .zero)
            #expect(try opened.waitForAnswer { opened.statement(id + 1, then: $0) } == nil)
        }
    }

    @Test(
        "periods of one account do not overlap, by one day either; those of another account may",
        arguments: [
            (20_003..<20_010, false), (20_000..<20_004, false), (20_005..<20_006, false), (20_007..<20_020, false),
            (20_003..<20_009, false), (20_000..<20_003, true), (20_008..<20_009, true), (20_012..<20_013, false),
            (20_000..<20_020, false), (20_009..<20_010, true), (20_009..<20_011, false), (20_012..<20_014, false),
        ] as [(Range<Int32>, Bool)]
    )
    func overlap(_ days: Range<Int32>, _ isFree: Bool) throws {
        let store = try place.open()
        defer { store.close() }
        let first = try #require(try made(add(terms(20_003..<20_008), to: store)))
        let second = try #require(try made(add(terms(20_010..<20_013), to: store)))
        #expect(try made(add(terms(days, account: "second"), to: store)) != nil)
        let answer = try add(terms(days), to: store)
        if isFree {
            #expect(made(answer) != nil)
        } else if case .overlaps(let other) = answer {
            #expect([first.statement, second.statement].contains(other))
        } else {
            Issue.record("\(answer)")
        }
        #expect(try store.auditAndWait().get().count == (isFree ? 4 : 3))
    }

    @Test("an account without a key is known by what was booked to it")
    func accounts() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try add(terms(20_000..<20_001), to: store, isKnown: false) == .unknownAccount)
        try fill(store)
        #expect(try made(add(terms(20_000..<20_001), to: store, isKnown: false)) != nil)
        #expect(try add(terms(20_000..<20_001, account: "third"), to: store, isKnown: false) == .unknownAccount)
        #expect(try store.auditAndWait().get().count == 1)
    }

    @Test("identifiers ascend whatever the clock does, and pages go from the newest to the oldest", arguments: 1...4)
    func pages(_ count: Int) throws {
        let store = try place.open()
        defer { store.close() }
        var ids: [Int64] = []
        for number in 0..<4 as Range<Int32> {
            let now = Timestamp(seconds: 1_728_000_000 - Int64(number))
            let answer = try add(terms(20_000 + number..<20_001 + number), to: store, at: now)
            let id = try #require(made(answer)).statement.id
            #expect(try store.auditAndWait().get().first?.entry.after == Array("\(id)".utf8))
            ids.insert(id, at: 0)
        }
        #expect(ids == ids.sorted(by: >) && Set(ids).count == 4)
        var (found, before): ([Int64], Int64?) = ([], nil)
        repeat {
            let page = try page(store, before: before, atMost: count).map(\.statement.id)
            #expect(page.count <= count)
            found += page
            before = page.last
        } while before != nil
        #expect(found == ids)
        #expect(try page(store, atMost: -1).isEmpty)
    }

    @Test("a removal is done once, and only then in the audit log; its days are free again")
    func removal() throws {
        let store = try place.open()
        defer { store.close() }
        let id = try #require(try made(add(terms(20_000..<20_001), to: store))).statement.id
        func remove(_ id: Int64) throws -> Bool {
            try store.waitForAnswer { store.removeStatement(id, audit: auditEntry("statement.delete"), then: $0) }
        }
        #expect(try !remove(id + 1))
        #expect(try remove(id))
        #expect(try !remove(id))
        #expect(try store.auditAndWait().get().map(\.entry.action) == ["statement.delete", "statement.create"])
        #expect(try made(add(terms(20_000..<20_001), to: store)) != nil)
    }

    @Test("one whose audit entry cannot be written is not there")
    func oneTransaction() throws {
        let store = try place.open()
        defer { store.close() }
        try store.refuseInsertions(into: "audit")
        #expect(throws: StoreFault.self) { try add(terms(20_000..<20_001), to: store) }
        #expect(try page(store).isEmpty)
    }

    @Test("sums beyond the greatest number stay there")
    func saturation() throws {
        let store = try place.open()
        defer { store.close() }
        for id in 1...2 as ClosedRange<Int64> {
            let reservation = reservation(id: id, day: 20_000 + Int32(id))
            try store.reserveAndWait(reservation).get()
            _ = try store.endAndWait(settlement(of: reservation, credits: .max)).get()
        }
        let answer = try #require(try made(add(terms(20_000..<20_009, credits: 0), to: store)))
        #expect(answer.spent.micros == .max && answer.drift.micros == -.max)
    }

    @Test(
        "a damaged row is a fault",
        arguments: ["first_day = 9223372036854775807", "end_day = -9223372036854775808", "end_day = first_day"]
    )
    func damage(_ change: String) throws {
        let store = try place.open()
        defer { store.close() }
        _ = try add(terms(20_000..<20_001), to: store)
        try store.spoil("statements", "UPDATE statements SET \(change)")
        #expect(throws: StoreFault.self) { try page(store) }
    }
}
