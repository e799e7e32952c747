import Budgeting
import Dispatch
import EventLoops
import Registry
import Synchronization
import Testing
import Vocabulary

@testable import Storage

@Suite("Rows of the ledger")
struct LedgerRowsTests {
    private let place = TemporaryStore()

    /// Ten rows with the identifiers 1 to 10: odd ones of team a, every third one unconfirmed, the last one open.
    private func fill(_ store: Store) throws {
        for id in 1...10 as ClosedRange<Int64> {
            let reservation = reservation(
                id: id,
                team: id % 2 == 0 ? "b" : "a",
                key: "key-\(id % 4)",
                account: id < 6 ? "default" : "second",
                upstreamKey: id == 7 ? "spare" : "main",
                document: UInt64(id),
                requestID: "request-\(id)"
            )
            try store.reserveAndWait(reservation).get()
            if id == 10 { continue }
            let end = id % 3 == 0 ? ending(reservation, .unconfirmed) : settlement(of: reservation)
            _ = try store.endAndWait(end).get()
        }
    }

    @Test("a row comes back with all its parts")
    func parts() throws {
        let store = try place.open()
        defer { store.close() }
        let first = reservation(id: 7, estimate: 3_000_001)
        try store.reserveAndWait(first).get()
        func row() throws -> LedgerRow? { try store.waitForAnswer { store.row(first.id, then: $0) } }
        #expect(try row() == LedgerRow(reservation: first, state: .reserved, credits: nil, endedAt: nil))
        _ = try store.endAndWait(settlement(of: first)).get()
        let ended = LedgerRow(
            reservation: first,
            state: .settled,
            credits: MicroCredits(micros: 2_500_000),
            endedAt: Timestamp(seconds: 1_728_000_001)
        )
        #expect(try row() == ended)
        #expect(try store.rowsAndWait().get() == LedgerPage(rows: [ended], next: nil))
        #expect(try store.waitForAnswer { store.row(ReservationID(rawValue: 8), then: $0) } == nil)
    }

    static let samples: [(name: String, set: @Sendable (inout LedgerQuestion) -> Void, ids: [Int64])] = [
        ("none", { _ in }, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("team", { $0.team = TeamID(rawValue: "a") }, [9, 7, 5, 3, 1]),
        ("key", { $0.key = TeamKeyID(rawValue: "key-2") }, [10, 6, 2]),
        ("account", { $0.account = AccountID(rawValue: "second") }, [10, 9, 8, 7, 6]),
        ("upstream key", { $0.upstreamKey = UpstreamKeyID(rawValue: "spare") }, [7]),
        ("document", { $0.documentID = "0b13c9f2-5148-4ffb-bb7b-000000000004" }, [4]),
        ("request", { $0.requestID = "request-5" }, [5]),
        ("reserved", { $0.state = .reserved }, [10]),
        ("settled", { $0.state = .settled }, [8, 7, 5, 4, 2, 1]),
        ("released", { $0.state = .released }, []),
        ("unconfirmed", { $0.state = .unconfirmed }, [9, 6, 3]),
        ("resolved", { $0.state = .resolved }, []),
        (
            "several",
            {
                $0.team = TeamID(rawValue: "a")
                $0.state = .unconfirmed
            }, [9, 3]
        ),
        ("a time before all", { $0.end = Timestamp(seconds: 0) }, []),
        ("a time after all", { $0.from = Timestamp(seconds: 1_728_000_000) }, []),
        ("nobody", { $0.team = TeamID(rawValue: "nobody") }, []),
    ]

    @Test(
        "filters find what they name, newest first, whatever the size of a page and of what it reads",
        arguments: samples.indices,
        [(1, 10_000), (2, 1), (3, 4), (100, 3), (100, 10_000)]
    )
    func filtered(_ index: Int, _ sizes: (count: Int, scanned: Int)) throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store)
        var question = LedgerQuestion(count: sizes.count)
        Self.samples[index].set(&question)
        var (found, pages) = ([Int64](), 0)
        repeat {
            let (asked, scanned) = (question, sizes.scanned)
            let page = try store.readAndWait { try LedgerTable.page(asked, scanning: scanned, on: $0) }
            #expect(page.rows.count <= sizes.count)
            found += page.rows.map(\.reservation.id.rawValue)
            if let next = page.next, let before = question.before { #expect(next < before) }
            question.before = page.next
            pages += 1
        } while question.before != nil
        #expect(found == Self.samples[index].ids, "\(Self.samples[index].name)")
        #expect(pages <= 11)
    }

    @Test("a row counts by the moment that it shows, to the microsecond, which its identifier may precede")
    func moments() throws {
        let store = try place.open()
        defer { store.close() }
        let start = Timestamp(seconds: 1_790_000_000)
        let first = ReservationID.smallest(at: start + .milliseconds(-14)).rawValue
        for number in 0..<5 as Range<Int64> {
            var sample = reservation(id: first + number)
            sample = Reservation(
                id: sample.id,
                day: sample.day,
                ask: sample.ask,
                estimate: sample.estimate,
                createdAt: start + .microseconds(number)
            )
            try store.reserveAndWait(sample).get()
        }
        func found(_ range: Range<Int64>, _ state: ReservationState?, count: Int) throws -> [Int64] {
            var question = LedgerQuestion(count: count)
            question.from = start + .microseconds(range.lowerBound)
            question.end = start + .microseconds(range.upperBound)
            question.state = state
            var found: [Int64] = []
            repeat {
                let page = try store.waitForAnswer { store.rows(question, then: $0) }
                found += page.rows.map { $0.reservation.id.rawValue - first }
                question.before = page.next
            } while question.before != nil
            return found
        }
        for (state, count) in [(nil, 1), (.reserved, 2), (nil, 100)] as [(ReservationState?, Int)] {
            #expect(try found(0..<5, state, count: count) == [4, 3, 2, 1, 0])
            #expect(try found(1..<4, state, count: count) == [3, 2, 1])
            #expect(try found(4..<4, state, count: count) == [])
            #expect(try found(-9..<1, state, count: count) == [0])
        }
    }

    @Test("rows that are added meanwhile move nothing from page to page")
    func stable() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store)
        var question = LedgerQuestion(count: 4)
        let first = try store.rowsAndWait(question).get()
        try store.reserveAndWait(reservation(id: 11)).get()
        question.before = first.next
        let ids = try store.rowsAndWait(question).get().rows.map(\.reservation.id.rawValue)
        #expect(ids == [6, 5, 4, 3])
        #expect(try store.rowsAndWait(LedgerQuestion(count: 0)).get() == LedgerPage(rows: [], next: nil))
        #expect(try store.rowsAndWait(LedgerQuestion(count: -1)).get() == LedgerPage(rows: [], next: nil))
    }

    @Test("a damaged row is a fault", arguments: ["day = 9223372036854775807", "cache_key = \(TestSQL.bytes("00"))"])
    func damage(_ change: String) throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store)
        try store.spoil("ledger", "UPDATE ledger SET \(change)")
        #expect(throws: StoreFault.self) { try store.rowsAndWait().get() }
    }
}

@Suite("Resolutions in the store")
struct ResolutionTableTests {
    private let place = TemporaryStore()
    private let state = "SELECT state, credits, ended_at FROM ledger ORDER BY id"
    private let sums = "SELECT day, upstream_key, spent, unconfirmed FROM usage ORDER BY day"
    private let accounts = "SELECT account, day, spent, unconfirmed FROM usage_accounts ORDER BY day"

    private func unconfirmed(_ store: Store, _ reservation: Reservation) throws {
        try store.reserveAndWait(reservation).get()
        #expect(try store.endAndWait(ending(reservation, .unconfirmed)).get() == .done)
    }

    private func audited(_ store: Store) throws -> Int { try store.auditAndWait().get().count }

    @Test(
        "L13: it moves the amounts of its own day once, with its entry in the audit log, and is there after a kill",
        arguments: [0, 1, 3_000_000, 1_000_000_000_000_000]
    )
    func resolve(_ credits: Int64) throws {
        let store = try place.open()
        defer { store.close() }
        let first = reservation(id: 7)
        try unconfirmed(store, first)
        try unconfirmed(store, reservation(id: 8, day: 20_001, estimate: 5))
        #expect(try store.resolveAndWait(first, credits).get() == .done)
        let copy = try place.killed().open()
        defer { copy.close() }
        for opened in [store, copy] {
            #expect(try opened.rows(state) == ["4 \(credits) 1728000100000000", "3 - 1728000001000000"])
            #expect(try opened.rows(sums) == ["20000 main \(credits) 0", "20001 main 0 5"])
            #expect(try opened.rows(accounts) == ["default 20000 \(credits) 0", "default 20001 0 5"])
            #expect(try audited(opened) == 1)
            #expect(try opened.resolveAndWait(first, 9).get() == .notUnconfirmed(.resolved))
            #expect(try opened.rows(state).first == "4 \(credits) 1728000100000000")
            #expect(try opened.rows(sums).first == "20000 main \(credits) 0")
            #expect(try audited(opened) == 1)
        }
    }

    @Test("I3: the vendor's late answer, a crash and a second resolution change nothing of it")
    func late() throws {
        let store = try place.open()
        let first = reservation(id: 7)
        try store.reserveAndWait(first).get()
        #expect(try store.resolveAndWait(first, 1).get() == .notUnconfirmed(.reserved))
        let crashed = try place.killed().open()
        store.close()
        defer { crashed.close() }
        #expect(try crashed.resolveAndWait(first, 1).get() == .done)
        #expect(try crashed.endAndWait(settlement(of: first), storing: result(1)).get() == .repeated)
        try crashed.reserveAndWait(first).get()
        #expect(try crashed.rows("SELECT state, credits FROM ledger") == ["4 1"])
        #expect(try crashed.rows(sums) == ["20000 main 1 0"])
        #expect(try crashed.findAndWait(key(1)).get() == nil)
        #expect(try crashed.rollUps().map(\.spent.micros) == [1])
    }

    @Test(
        "nothing but an unconfirmed row is resolved, and nothing is noted then",
        arguments: [ReservationEnding.Outcome.settled(MicroCredits(micros: 2)), .released]
    )
    func otherStates(_ outcome: ReservationEnding.Outcome) throws {
        let store = try place.open()
        defer { store.close() }
        let first = reservation(id: 7)
        try store.reserveAndWait(first).get()
        _ = try store.endAndWait(ending(first, outcome)).get()
        let before = try [state, sums, accounts].map { try store.rows($0) }
        let expected: ReservationState = outcome == .released ? .released : .settled
        #expect(try store.resolveAndWait(first, 1).get() == .notUnconfirmed(expected))
        #expect(try store.resolveAndWait(reservation(id: 9), 1).get() == .missing)
        #expect(try [state, sums, accounts].map { try store.rows($0) } == before)
        #expect(try audited(store) == 0)
    }

    @Test(
        "one of which one part fails leaves nothing, and can be made again",
        arguments: ["usage", "usage_accounts", "audit"]
    )
    func whole(_ table: String) throws {
        let store = try place.open()
        defer { store.close() }
        let first = reservation(id: 7)
        try unconfirmed(store, first)
        try store.refuseInsertions(into: table)
        #expect(throws: StoreFault.self) { _ = try store.resolveAndWait(first, 1).get() }
        #expect(try store.rows(state) == ["3 - 1728000001000000"])
        #expect(try store.rows(sums) == ["20000 main 0 3000000"])
        #expect(try store.rows(accounts) == ["default 20000 0 3000000"])
        try store.allowChanges(of: table)
        #expect(try store.resolveAndWait(first, 1).get() == .done)
    }

    @Test("I3: of resolutions from many threads one is done, and each is answered")
    func manyThreads() throws {
        let store = try place.open()
        defer { store.close() }
        let first = reservation(id: 7)
        try unconfirmed(store, first)
        let done = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            let answer = store.resolveAndWait(first, Int64(number))
            if case .success(.done) = answer { done.add(1, ordering: .relaxed) }
        }
        #expect(done.load(ordering: .relaxed) == 1)
        #expect(try audited(store) == 1)
        #expect(try store.rows("SELECT spent - (SELECT credits FROM ledger), unconfirmed FROM usage") == ["0 0"])
    }

    @Test("a model that is counted among the others is resolved there")
    func otherModels() throws {
        let store = try place.open()
        defer { store.close() }
        for id in 1...64 as ClosedRange<Int64> { try unconfirmed(store, reservation(id: id, model: "m\(id)")) }
        // Those that came first are counted by name.
        #expect(try store.rows("SELECT count(*) FROM usage") == ["64"])
        let last = reservation(id: 65, model: "m65")
        try unconfirmed(store, last)
        #expect(try store.resolveAndWait(last, 1).get() == .done)
        #expect(try store.rows("SELECT spent, unconfirmed FROM usage WHERE model = '(other)'") == ["1 0"])
        #expect(try store.rows("SELECT count(*) FROM usage") == ["65"])
    }

    @Test("what cost nothing was no payment and repeats none", arguments: [0, 1])
    func payments(_ credits: Int64) throws {
        let store = try place.open()
        defer { store.close() }
        let reservations = (7...8).map { reservation(id: $0) }
        for reservation in reservations { try unconfirmed(store, reservation) }
        try store.execute(
            """
            INSERT INTO payments (account, document_id, id, team, model, cache_key, ended_at)
            SELECT account, document_id, id, team, model, cache_key, 1 FROM ledger
            """,
            "INSERT INTO repeats SELECT id, 1, 'model', 'a', 'a', NULL FROM ledger"
        )
        #expect(try store.resolveAndWait(reservations[0], credits).get() == .done)
        for table in ["payments", "repeats"] {
            #expect(try store.rows("SELECT id FROM \(table) ORDER BY id") == (credits == 0 ? ["8"] : ["7", "8"]))
        }
    }

    @Test("sums end at the greatest number there is, and at zero")
    func saturation() throws {
        let store = try place.open()
        defer { store.close() }
        let (first, second) = (reservation(id: 7), reservation(id: 8))
        try unconfirmed(store, first)
        try store.reserveAndWait(second).get()
        _ = try store.endAndWait(settlement(of: second, credits: .max)).get()
        try store.execute("UPDATE usage SET unconfirmed = 1", "UPDATE usage_accounts SET unconfirmed = 1")
        #expect(try store.resolveAndWait(first, .max).get() == .done)
        #expect(try store.rows(sums) == ["20000 main 9223372036854775807 0"])
        #expect(try store.rows(accounts) == ["default 20000 9223372036854775807 0"])
    }
}

@Suite("Retention of the ledger")
struct LedgerRetentionTests {
    private let place = TemporaryStore()
    private let ids = "SELECT id FROM ledger ORDER BY id"

    /// Rows in each state, all of 2024; row 9 is the newest.
    private func fill(_ store: Store) throws {
        for id in 1...9 as ClosedRange<Int64> {
            let reservation = reservation(id: id)
            try store.reserveAndWait(reservation).get()
            switch id {
            case 1, 6, 9: _ = try store.endAndWait(settlement(of: reservation)).get()
            case 2: _ = try store.endAndWait(ending(reservation, .released)).get()
            case 3, 7: _ = try store.endAndWait(ending(reservation, .unconfirmed)).get()
            case 4:
                _ = try store.endAndWait(ending(reservation, .unconfirmed)).get()
                #expect(try store.resolveAndWait(reservation, 5).get() == .done)
            default: break
            }
        }
    }

    /// Runs all batches; returns how many rows each removed.
    private func remove(_ store: Store, before cutoff: Timestamp, atMost count: Int) throws -> [Int] {
        let batches = Guarded([Int]())
        try store.waitForAnswer { then in
            store.perform(
                { connection in
                    var position: Int64? = .min
                    while let start = position {
                        let (removed, next) = try LedgerTable.removeEnded(
                            before: cutoff,
                            after: start,
                            atMost: count,
                            on: connection
                        )
                        batches.withLock { $0.append(removed) }
                        position = next
                    }
                },
                then: then
            )
        }
        return batches.withLock { $0 }
    }

    private static let late = Timestamp(seconds: 1_728_000_200)

    @Test(
        "ended rows are removed in batches; what is open or unconfirmed stays, the newest row too, and sums with them",
        arguments: [1, 2, 3, 100]
    )
    func remove(_ count: Int) throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store)
        let sums = try store.rows("SELECT * FROM usage") + store.rows("SELECT * FROM usage_accounts")
        let opening = try store.opening()
        let batches = try remove(store, before: Self.late, atMost: count)
        #expect(batches.reduce(0, +) == 4 && batches.allSatisfy { $0 <= count })
        #expect(batches.count <= 8 / count + 1)
        #expect(try store.rows(ids) == ["3", "5", "7", "8", "9"])
        #expect(try store.rows("SELECT * FROM usage") + store.rows("SELECT * FROM usage_accounts") == sums)
        #expect(try store.opening() == opening)
        #expect(try remove(store, before: Self.late, atMost: count).reduce(0, +) == 0)
    }

    @Test("what is kept of a payment leaves with its row")
    func payments() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store)
        try store.execute(
            """
            INSERT INTO payments (account, document_id, id, team, model, cache_key, ended_at)
            SELECT account, document_id, id, team, model, cache_key, 1 FROM ledger
            """,
            "INSERT INTO repeats (id, first, reason, first_team, team) SELECT id, 1, 'model', 'a', team FROM ledger"
        )
        _ = try remove(store, before: Self.late, atMost: 3)
        let left = ["3", "5", "7", "8", "9"]
        #expect(try store.rows("SELECT id FROM payments ORDER BY id") == left)
        #expect(try store.rows("SELECT id FROM repeats ORDER BY id") == left)
    }

    @Test("what ended after the cutoff stays, however long ago it was reserved")
    func cutoff() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store)
        // Row 4 was resolved a hundred seconds after the others ended.
        _ = try remove(store, before: Timestamp(seconds: 1_728_000_100), atMost: 100)
        #expect(try store.rows(ids) == ["3", "4", "5", "7", "8", "9"])
        _ = try remove(store, before: Timestamp(seconds: 0), atMost: 100)
        #expect(try store.rows(ids).count == 6)
    }

    @Test("an empty ledger has nothing to remove, and a retention removes what is older without being asked again")
    func retention() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try remove(store, before: Self.late, atMost: 3) == [0])
        try fill(store)
        let now = SystemClock.wall()
        let id = ReservationID.smallest(at: now).rawValue
        for fresh in [reservation(id: id), reservation(id: id + 1)] {
            try store.reserveAndWait(fresh).get()
            let end = ReservationEnding(reservation: fresh, outcome: .released, endedAt: now)
            _ = try store.endAndWait(end).get()
        }
        store.replace(ledgerRetention: .seconds(3_600))
        // Each removal of results that is asked for ends a round of the writer, and a round has one batch of both.
        for _ in 1...3 { _ = try store.removeExpiredAndWait(before: Timestamp(seconds: 0)).get() }
        #expect(try store.rows(ids) == ["3", "5", "7", "8", "\(id)", "\(id + 1)"])
        #expect(try store.opening().lastReservation?.rawValue == id + 1)
    }
}
