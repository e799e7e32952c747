import Budgeting
import Caching
import Registry
import Testing
import Vocabulary

@testable import Storage

/// Purges in a real store; the rules are stated at `PurgeTable` and `PurgeLog`.
@Suite("Purges of the store")
struct PurgeTests {
    private let place = TemporaryStore()
    private let log = ResultCache(bytesMax: 0).purges

    private func document(_ number: UInt64) -> String { result(number).documentID }

    private static let sales = TeamID(rawValue: "sales")

    private func audit(_ target: PurgeTarget) -> AuditEntry {
        AuditEntry(
            at: Timestamp(seconds: 5),
            actor: "ops",
            role: "operator",
            action: "cache.purge",
            target: "cache/\(target)",
            address: "127.0.0.1",
            before: nil,
            after: nil
        )
    }

    private func begin(
        _ target: PurgeTarget,
        in store: Store,
        keysInMemory: [CacheKey] = [],
        recorded: @escaping @Sendable () -> Void = {}
    ) -> Answer<Result<PurgeAnswer, StoreFault>> {
        let order = PurgeOrder(target, at: Timestamp(seconds: 5), keysInMemory: keysInMemory, log: log)
        let answer = Answer<Result<PurgeAnswer, StoreFault>>()
        store.purge(order, audit: audit(target), recorded: recorded) { answer.give($0) }
        return answer
    }

    private func purge(
        _ target: PurgeTarget,
        in store: Store,
        keysInMemory: [CacheKey] = []
    ) throws -> PurgeAnswer {
        try begin(target, in: store, keysInMemory: keysInMemory).wait().get()
    }

    /// Adds rows without their ledger, many at a time.
    private func fill(_ store: Store, count: Int, documents: Int = 10, team: String = "accounts-payable") throws {
        let first = try Int(store.rows("SELECT coalesce(max(id), 0) FROM results")[0])!
        try store.execute(
            """
            \(TestSQL.numbers(count))
            INSERT INTO results (id, key, status, body, credits_micros, stored_at, account, team, document_id, model,
                classification)
            SELECT \(first) + n, \(TestSQL.key(ofNumber: "\(first) + n")), 200, \(TestSQL.zeros(300)), 1, 1000000 + n,
                'default', '\(team)', '0b13c9f2-5148-4ffb-bb7b-00000000000' || (n % \(documents)), 'gpt-4o-mini', 'invoice'
            FROM numbers
            """
        )
    }

    /// Lets a purge be recorded, but no result with an even number be removed: it stays unfinished.
    private func holdRemovals(_ store: Store) throws {
        let digit = "lower(substr(\(TestSQL.hexadecimal("old.key")), 48, 1))"
        try store.refuseDeletions(from: "results", when: "\(digit) IN ('0', '2', '4', '6', '8', 'a', 'c', 'e')")
    }

    /// Records a purge, of which nothing can be removed.
    private func beginHeld(_ target: PurgeTarget, in store: Store) throws {
        let answer = begin(target, in: store).wait()
        #expect(throws: StoreFault.self) { try answer.get() }
    }

    private func letGo(_ store: Store) throws {
        try store.allowChanges(of: "results")
    }

    /// Waits for a purge to be finished that nobody waits for.
    private func waitUntilDone(_ store: Store) {
        while !store.purgesUnderWay.isEmpty { _ = store.wait { store.check(then: $0) } }
    }

    private func entries(_ store: Store, _ document: String, after number: Int64 = 0, atMost count: Int = 100)
        throws
        -> [StoredEntry]
    {
        try store.waitForAnswer {
            store.entries(
                of: document,
                after: number,
                storedSince: Timestamp(seconds: 0),
                ofClassifiersSince: Timestamp(seconds: 0),
                atMost: count,
                then: $0
            )
        }
    }

    @Test(
        "a purge removes what it concerns, counts it exactly, and is in the audit log with the number",
        arguments: [
            (.document(result(3).documentID), 4), (.team(sales), 10), (.key(key(7)), 1), (.all, 40),
            (.document("0b13c9f2-5148-4ffb-bb7b-ffffffffffff"), 0), (.team(TeamID(rawValue: "nobody")), 0),
            (.key(key(99)), 0),
        ] as [(PurgeTarget, Int64)]
    )
    func counts(target: PurgeTarget, count: Int64) throws {
        let store = try place.open()
        defer { store.close() }
        let results = (0..<40 as Range<UInt64>).map { result($0, team: $0 < 10 ? "sales" : "accounts-payable") }
        for result in results { try store.saveAndWait(result).get() }
        #expect(try purge(target, in: store) == .purged(count))
        for result in results {
            #expect((try store.findAndWait(result.key).get() == nil) == target.covers(result))
        }
        let entry = try #require(try store.auditAndWait().get().first?.entry)
        #expect(entry.target == "cache/\(target)" && entry.action == "cache.purge" && entry.actor == "ops")
        #expect(entry.after == Array("{\"purged\": \(count)}".utf8))
        #expect(try purge(target, in: store) == .purged(0), "and there is nothing left")
        #expect(store.purgesUnderWay.isEmpty)
    }

    @Test("a purge of a document forgets its pages in every account, and no others")
    func pages() throws {
        let store = try place.open()
        defer { store.close() }
        let insertion = "INSERT INTO documents VALUES ('default', 'd', 3), ('other', 'd', 4), ('default', 'e', 5)"
        try store.execute(insertion)
        #expect(try purge(.team(Self.sales), in: store) == .purged(0))
        #expect(try purge(.document("d"), in: store) == .purged(0))
        #expect(try store.rows("SELECT document_id FROM documents") == ["e"])
    }

    @Test("P1: what was asked before a purge is not stored after it, nor are its pages; what is asked later is")
    func lateResult() throws {
        let store = try place.open()
        defer { store.close() }
        let asked = log.stamp()
        #expect(try purge(.document(document(1)), in: store) == .purged(0))
        for (stamp, isStored) in [(asked, false), (log.stamp(), true)] {
            let reservation = reservation(document: 1)
            try store.reserveAndWait(reservation).get()
            let lesson = Lesson(documentPages: 3)
            let ending = ending(reservation, .settled(MicroCredits(micros: 1)), lesson: lesson)
            let answer = Answer<Result<EndingAnswer, StoreFault>>()
            store.end(ending, storing: StampedAnswer(result(1), asked: stamp)) { answer.give($0) }
            #expect(try answer.wait().get() == .done)
            #expect((try store.findAndWait(key(1)).get() != nil) == isStored)
            let pages = try store.rows("SELECT pages FROM documents")
            #expect(pages == (isStored ? ["3"] : []))
        }
        #expect(try store.rows("SELECT sum(spent) FROM usage") == ["2"], "both are paid for")
    }

    @Test("a purge that is recorded hides what it concerns at once, and what is saved meanwhile is there for good")
    func hidden() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<20 as Range<UInt64> { try store.saveAndWait(result(number)).get() }
        try holdRemovals(store)
        try beginHeld(.all, in: store)
        #expect(store.purgesUnderWay.map(\.target) == [.all])
        for number in 0..<20 as Range<UInt64> { #expect(try store.findAndWait(key(number)).get() == nil) }
        #expect(try entries(store, document(3)) == [])
        // The old row of result 3, which is not held, is gone as the new one is saved, and counts.
        try store.saveAndWait(result(3)).get()
        try store.saveAndWait(result(100)).get()
        #expect(try store.findAndWait(key(3)).get() != nil)
        #expect(try entries(store, document(3)).map(\.key) == [key(3)])
        try letGo(store)
        waitUntilDone(store)
        #expect(try store.findAndWait(key(3)).get() != nil)
        #expect(try store.findAndWait(key(100)).get() != nil)
        #expect(try store.rows("SELECT count(*) FROM results") == ["2"])
        #expect(try store.rows("SELECT removed, count(ended_at) FROM purges GROUP BY id") == ["20 1"])
        #expect(try store.auditAndWait().get().first?.entry.after == Array("{\"purged\": 20}".utf8))
    }

    @Test("the row of the greatest number may be replaced while a purge is under way")
    func lastRow() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<4 as Range<UInt64> { try store.saveAndWait(result(number)).get() }
        try holdRemovals(store)
        try beginHeld(.all, in: store)
        // The row of result 3 was the last one: its number must not be given again.
        for number in [3, 100] as [UInt64] {
            try store.saveAndWait(result(number)).get()
            #expect(try store.findAndWait(key(number)).get() != nil)
        }
        try letGo(store)
        waitUntilDone(store)
        for number in [3, 100] as [UInt64] { #expect(try store.findAndWait(key(number)).get() != nil) }
        #expect(try store.rows("SELECT removed FROM purges") == ["4"])
    }

    @Test("each result is counted by the oldest purge that concerns it")
    func overlapping() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<40 as Range<UInt64> {
            try store.saveAndWait(result(number, team: number < 10 ? "sales" : "accounts-payable")).get()
        }
        try holdRemovals(store)
        try beginHeld(.team(Self.sales), in: store)
        try beginHeld(.all, in: store)
        // The result 3 is the first purge's, 13 is the second one's.
        #expect(try purge(.key(key(3)), in: store) == .purged(0))
        #expect(try purge(.key(key(13)), in: store) == .purged(0))
        try store.saveAndWait(result(103)).get()
        try letGo(store)
        #expect(try purge(.key(key(103)), in: store) == .purged(1))
        waitUntilDone(store)
        #expect(try store.rows("SELECT removed FROM purges ORDER BY id") == ["10", "30", "0", "0", "1"])
    }

    @Test("P5: a purge goes on after the process was killed in the middle of it, and its number is exact")
    func killed() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store, count: 20_000)
        try fill(store, count: 30, team: "sales")
        let recorded = Answer<Void>()
        let answer = begin(.team(TeamID(rawValue: "accounts-payable")), in: store) { recorded.give(()) }
        recorded.wait()
        let gate = Gate(store)
        let left = store.purgesUnderWay
        let copy = try place.killed()
        gate.open()
        try #require(left.count == 1 && left[0].purged < 20_000, "it was finished before the copy was made")
        let other = try copy.open()
        defer { other.close() }
        #expect(try other.rows("SELECT count(*) FROM purges WHERE ended_at IS NULL").count == 1)
        waitUntilDone(other)
        #expect(try other.rows("SELECT removed, count(ended_at) FROM purges GROUP BY id") == ["20000 1"])
        #expect(try other.rows("SELECT count(*), max(team) FROM results") == ["30 sales"])
        #expect(try other.auditAndWait().get().first?.entry.after == Array("{\"purged\": 20000}".utf8))
        #expect(try answer.wait().get() == .purged(20_000))
    }

    @Test("saves and look-ups are answered while very many results are purged, and the number is exact")
    func large() throws {
        let store = try place.open()
        defer { store.close() }
        // The server of the tests does not vacuum, so each batch there steps over all that earlier ones removed.
        let count = StoreKind.tested == .file ? 100_000 : 20_000
        try fill(store, count: count)
        let answer = begin(.all, in: store)
        var savedMeanwhile = 0
        repeat {
            let next = result(UInt64(savedMeanwhile))
            try store.saveAndWait(next).get()
            #expect(try store.findAndWait(next.key).get() != nil)
            savedMeanwhile += 1
        } while !store.purgesUnderWay.isEmpty
        #expect(try answer.wait().get() == .purged(Int64(count)))
        #expect(savedMeanwhile > 20, "a batch is short, and saves come between two")
        #expect(try store.rows("SELECT count(*) FROM results") == ["\(savedMeanwhile)"])
    }

    @Test("how far a purge is, and what is left of it, add up to the whole at any moment")
    func progress() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store, count: 20_000)
        let answer = begin(.all, in: store)
        var wholes: Set<Int64> = []
        while let progress = store.purgesUnderWay.first {
            if let remaining = progress.remaining { wholes.insert(progress.purged + remaining) }
        }
        #expect(wholes.isSubset(of: [20_000]))
        #expect(try answer.wait().get() == .purged(20_000))
    }

    @Test("a document of more results than are removed at once is purged in batches")
    func largeDocument() throws {
        let store = try place.open()
        defer { store.close() }
        try fill(store, count: 3_000, documents: 3)
        #expect(try purge(.document(document(2)), in: store) == .purged(1_000))
        #expect(try store.rows("SELECT count(*) FROM results") == ["2000"])
    }

    @Test("results that only memory has are counted, and those that the store has too are counted once")
    func inMemory() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<5 as Range<UInt64> { try store.saveAndWait(result(number)).get() }
        #expect(try purge(.all, in: store, keysInMemory: [key(3), key(70), key(71)]) == .purged(7))
        #expect(try purge(.document(document(4)), in: store, keysInMemory: [key(4)]) == .purged(1))
    }

    @Test("too many purges at a time are refused, and nothing of the refused one is recorded")
    func full() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<2 as Range<UInt64> { try store.saveAndWait(result(number)).get() }
        try holdRemovals(store)
        for _ in 0..<PurgeLimits.underWay {
            try beginHeld(.all, in: store)
        }
        #expect(try purge(.all, in: store) == .full)
        #expect(try purge(.key(key(99)), in: store) == .purged(0), "a small one is done at once")
        #expect(store.purgesUnderWay.count == PurgeLimits.underWay)
        #expect(try store.auditAndWait().get().count == PurgeLimits.underWay + 1)
        try letGo(store)
        waitUntilDone(store)
        #expect(try store.rows("SELECT sum(removed) FROM purges") == ["2"])
    }

    @Test("old results wait for a purge that concerns them, so that its number stays exact")
    func expiry() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<10 as Range<UInt64> { try store.saveAndWait(result(number)).get() }
        try holdRemovals(store)
        try beginHeld(.all, in: store)
        let removed = Answer<Result<Int, StoreFault>>()
        store.removeExpired(before: Timestamp(seconds: 2_000)) { removed.give($0) }
        try letGo(store)
        #expect(try removed.wait().get() == 0)
        #expect(try store.rows("SELECT removed FROM purges") == ["10"])
    }

    @Test("a thousand purges are remembered, and those under way besides")
    func remembered() throws {
        let store = try place.open()
        defer { store.close() }
        try store.execute(
            """
            \(TestSQL.numbers(1_500)) INSERT INTO purges (id, document_id, boundary, removed, at, audit_id, ended_at)
            SELECT n, 'd', 0, 0, 0, 1, 1 FROM numbers
            """
        )
        #expect(try purge(.key(key(1)), in: store) == .purged(0))
        #expect(try store.rows("SELECT count(*), min(id), max(id) FROM purges") == ["1000 502 1501"])
    }

    @Test("entries of a document come in pages, without those that are too old")
    func pagesOfEntries() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 0..<50 as Range<UInt64> {
            try store.saveAndWait(result(number, storedAt: Timestamp(seconds: 1_000 + Int64(number)))).get()
        }
        let all = try entries(store, document(4))
        #expect(all.map(\.key) == [4, 14, 24, 34, 44].map { key($0) })
        #expect(all[1].pageRange == nil && all[1].classification == "rechnung\u{308}")
        #expect(all[1].credits == MicroCredits(micros: 2_500_000) && all[1].storedAt == Timestamp(seconds: 1_014))
        #expect(try entries(store, document(4), after: all[1].number, atMost: 2).map(\.key) == [key(24), key(34)])
        let young = try store.waitForAnswer { answer in
            store.entries(
                of: document(4),
                after: 0,
                storedSince: Timestamp(seconds: 1_034),
                ofClassifiersSince: Timestamp(seconds: 0),
                atMost: 10,
                then: answer
            )
        }
        #expect(young.map(\.key) == [key(34), key(44)])
    }

    @Test(
        "no statement of a purge or of the entries looks through the results",
        .filesOnly("it is about SQLite's plans")
    )
    func plans() throws {
        let store = try place.open()
        defer { store.close() }
        for (sql, index) in [
            ("SELECT id FROM results WHERE team = 'a' AND id <= 5 ORDER BY id LIMIT 3", "results_by_team"),
            ("SELECT id FROM results WHERE document_id = 'd' AND id <= 5 ORDER BY id LIMIT 3", "results_by_document"),
            ("SELECT id FROM results WHERE id <= 5 ORDER BY id LIMIT 3", "rowid<?"),
            ("SELECT count(*) FROM results WHERE team = 'a' AND id <= 5", "results_by_team"),
            ("SELECT id FROM purges WHERE ended_at IS NULL ORDER BY id", "purges_open"),
            ("DELETE FROM purges WHERE id <= (SELECT max(id) FROM purges) - 5 AND ended_at IS NOT NULL", "rowid<?"),
        ] {
            let plan = try store.rows("EXPLAIN QUERY PLAN \(sql)")
            #expect(plan[0].contains(index) && !plan.joined().contains("TEMP B-TREE"), "\(sql): \(plan)")
        }
        let entries = """
            EXPLAIN QUERY PLAN SELECT classification FROM results WHERE document_id = 'd' AND id > 1 AND stored_at >= 1
                AND NOT EXISTS (SELECT 1 FROM purges WHERE ended_at IS NULL AND boundary >= results.id
                    AND (purges.team IS NULL OR purges.team = results.team)) ORDER BY id LIMIT 3
            """
        let plan = try store.rows(entries)
        #expect(plan[0].contains("results_by_document") && plan.contains { $0.contains("purges_open") }, "\(plan)")
    }
}
