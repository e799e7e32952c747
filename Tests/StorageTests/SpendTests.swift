import Budgeting
import EventLoops
import Foundation
import Reporting
import Testing
import Vocabulary

@testable import Storage

@Suite("Spend by every grouping")
struct SpendTests {
    private let place = TemporaryStore()
    /// All days that tests book to. Not long ago, so that no documents are folded on their own.
    private static let today = Int32(Date().timeIntervalSince1970 / 86_400)
    /// What is counted for no document.
    private static let none = TestSQL.bytes("")
    private let days = BudgetDay(number: today - 9)..<BudgetDay(number: today + 1)

    private func items(
        _ store: Store,
        _ grouping: SpendGrouping,
        over days: Range<BudgetDay>? = nil
    ) throws -> [SpendReport.Item] {
        let days = days ?? self.days
        return try store.waitForAnswer { store.spend(by: grouping, over: days, then: $0) }
    }

    private func report(_ store: Store, _ grouping: SpendGrouping) throws -> [String] {
        try items(store, grouping).map { "\($0.name ?? "-") \($0.counts.text)" }.sorted()
    }

    private func row(_ day: Int32, team: String = "a", key: String = "k", model: String = "m", _ counts: UsageCounts)
        -> UsageRow
    {
        UsageRow(
            day: BudgetDay(number: day),
            team: TeamID(rawValue: team),
            key: TeamKeyID(rawValue: key),
            model: model,
            counts: counts
        )
    }

    private func counts(hits: Int64 = 0, collapsed: Int64 = 0, misses: Int64 = 0, denied: Int64 = 0, saved: Int64 = 0)
        -> UsageCounts
    {
        var counts = UsageCounts()
        (counts.hits, counts.collapsed, counts.misses, counts.denied) = (hits, collapsed, misses, denied)
        counts.saved = MicroCredits(micros: saved)
        return counts
    }

    private func document(_ number: Int) -> String {
        String(format: "0b13c9f2-5148-4ffb-bb7b-%012x", number)
    }

    private func spend(_ store: Store, _ reservation: Reservation, _ outcome: ReservationEnding.Outcome) throws {
        try store.reserveAndWait(reservation).get()
        #expect(try store.endAndWait(ending(reservation, outcome)).get() == .done)
    }

    private func spend(_ store: Store, _ reservation: Reservation, _ micros: Int64) throws {
        try spend(store, reservation, .settled(MicroCredits(micros: micros)))
    }

    @Test("each name has one item, the days outside are left out, and what belongs to none has no name")
    func groupings() throws {
        let store = try place.open()
        defer { store.close() }
        let today = Self.today
        try spend(store, reservation(day: today, team: "a", key: "k", upstreamKey: "u", document: 1, model: "m"), 10)
        try spend(store, reservation(day: today - 9, team: "a", key: "l", upstreamKey: "v", document: 2, model: "m"), 5)
        let lost = reservation(day: today, team: "b", key: "n", upstreamKey: "u", document: 1, model: "o", estimate: 7)
        try spend(store, lost, .unconfirmed)
        try spend(store, reservation(day: today), .released)
        try spend(store, reservation(day: today - 10), 1_000)
        try spend(store, reservation(day: today + 1), 1_000)
        let part = counts(collapsed: 1, misses: 1, saved: 10)
        try store.addAndWait(
            [
                row(today, counts(hits: 3, collapsed: 1, misses: 1, denied: 2, saved: 40)),
                row(today - 9, team: "b", key: "n", model: "(other)", counts(denied: 4)),
                row(today + 1, counts(hits: 1_000)),
            ],
            documents: [DocumentUsage(day: BudgetDay(number: today), documentID: document(1), counts: part)]
        ).get()
        // spent, unconfirmed, saved, hits, collapsed, misses, denied
        #expect(try report(store, .team) == ["a 15 0 40 3 1 1 2", "b 0 7 0 0 0 0 4"])
        #expect(try report(store, .key) == ["k 10 0 40 3 1 1 2", "l 5 0 0 0 0 0 0", "n 0 7 0 0 0 0 4"])
        #expect(try report(store, .model) == ["(other) 0 0 0 0 0 0 4", "m 15 0 40 3 1 1 2", "o 0 7 0 0 0 0 0"])
        #expect(try report(store, .upstreamKey) == ["- 0 0 40 3 1 1 6", "u 10 7 0 0 0 0 0", "v 5 0 0 0 0 0 0"])
        let (first, last) = (BudgetDay(number: today - 9).text, BudgetDay(number: today).text)
        #expect(try report(store, .day) == ["\(first) 5 0 0 0 0 0 4", "\(last) 10 7 40 3 1 1 2"])
        let documents = try report(store, .document)
        #expect(
            documents == [
                "- 0 0 30 3 0 0 6", "\(document(1)) 10 7 10 0 1 1 0", "\(document(2)) 5 0 0 0 0 0 0",
            ]
        )
    }

    @Test("without use there are no items")
    func empty() throws {
        let store = try place.open()
        defer { store.close() }
        for grouping in SpendGrouping.allCases { #expect(try items(store, grouping).isEmpty) }
    }

    @Test("the sum is that of the ledger in each grouping, after a random load and a crash")
    func sums() throws {
        var random = SystemRandomNumberGenerator()
        var store = try place.open()
        var (spent, unconfirmed): (Int64, Int64) = (0, 0)
        var used = UsageCounts()
        for _ in 0..<150 {
            let documentNumber = UInt64.random(in: 0..<10, using: &random)
            let estimate = Int64.random(in: 0...9, using: &random)
            let reservation = reservation(
                day: Self.today - Int32.random(in: 0..<10, using: &random),
                team: ["a", "b", "c"].randomElement(using: &random)!,
                key: ["k", "l"].randomElement(using: &random)!,
                upstreamKey: ["u", "v"].randomElement(using: &random)!,
                document: documentNumber,
                model: ["m", "n", "o"].randomElement(using: &random)!,
                estimate: estimate
            )
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let credits = Int64.random(in: 0...9, using: &random)
                try spend(store, reservation, credits)
                spent += credits
            case 2:
                try spend(store, reservation, .unconfirmed)
                unconfirmed += estimate
            case 3: try spend(store, reservation, .released)
            default:
                // Open as the process is killed.
                try store.reserveAndWait(reservation).get()
                unconfirmed += estimate
            }
            let all = counts(hits: 1, collapsed: 2, misses: 3, denied: 4, saved: 5)
            used.add(all)
            let part = counts(collapsed: 2, misses: 1, saved: 2)
            try store.addAndWait(
                [row(reservation.day.number, all)],
                documents: [
                    DocumentUsage(day: reservation.day, documentID: reservation.ask.documentID, counts: part)
                ]
            ).get()
        }
        let crashed = try place.killed()
        store.close()
        store = try crashed.open()
        defer { store.close() }
        let ledger = "SELECT sum(CASE WHEN state = 1 THEN credits END), sum(CASE WHEN state = 3 THEN estimate END)"
        #expect(try store.rows("\(ledger) FROM ledger") == ["\(spent) \(unconfirmed)"])
        for grouping in SpendGrouping.allCases {
            let total = try items(store, grouping).reduce(into: SpendCounts()) { $0.add($1.counts) }
            #expect(total.spent.micros == spent && total.unconfirmed.micros == unconfirmed, "\(grouping)")
            #expect(total.hits == used.hits && total.collapsed == used.collapsed && total.misses == used.misses)
            #expect(total.denied == used.denied && total.saved == used.saved, "\(grouping)")
        }
        let perDocument = try items(store, .document).filter { $0.name != nil }
        let entries = try store.rows(
            """
            SELECT document_id, sum(CASE WHEN state = 1 THEN credits ELSE 0 END),
                sum(CASE WHEN state = 3 THEN estimate ELSE 0 END) FROM ledger GROUP BY document_id
            """
        )
        let amounts = perDocument.map { "\($0.name!) \($0.counts.spent.micros) \($0.counts.unconfirmed.micros)" }
        #expect(amounts.sorted() == entries.sorted())
    }

    // MARK: Documents

    @Test("a day has so many documents by name, a report a thousand of them, and the rest is counted for none")
    func manyDocuments() throws {
        let store = try place.open()
        defer { store.close() }
        let day = BudgetDay(number: Self.today)
        let named = Int(UsageDocumentTable.namedMax)
        try spend(store, reservation(day: Self.today, document: 1), 7)
        let documents = (0..<named + 10).map { number in
            DocumentUsage(day: day, documentID: document(number), counts: counts(misses: 1, saved: 2))
        }
        for _ in 1...2 {
            // In parts: a server ends a transaction in which nothing is done for a while, as on a busy machine.
            for start in stride(from: 0, to: documents.count, by: 500) {
                let part = documents[start..<min(start + 500, documents.count)]
                let all = counts(misses: Int64(part.count), saved: 2 * Int64(part.count))
                try store.addAndWait([row(Self.today, all)], documents: Array(part)).get()
            }
        }
        #expect(try store.rows("SELECT documents FROM usage_document_days") == ["\(named)"])
        #expect(try store.rows("SELECT count(*) FROM usage_documents WHERE document <> \(Self.none)") == ["\(named)"])
        let items = try items(store, .document)
        #expect(items.count == SpendReport.documentsMax + 1)
        #expect(items.first { $0.name == document(1) }?.counts.text == "7 0 4 0 0 2 0")
        let rest = 2 * (named + 10 - SpendReport.documentsMax)
        #expect(items.first { $0.name == nil }?.counts.text == "0 0 \(2 * rest) 0 0 \(rest) 0")
        // What is paid for a document without a place is not lost.
        try spend(store, reservation(day: Self.today, document: 9), 5)
        let late = Reservation(
            id: ReservationID(rawValue: 1 << 50),
            day: day,
            ask: ask(about: document(named + 5)),
            estimate: MicroCredits(micros: 1),
            createdAt: Timestamp(seconds: 1)
        )
        try spend(store, late, 3)
        #expect(try store.rows("SELECT spent FROM usage_documents WHERE document = \(Self.none)") == ["3"])
    }

    private func ask(about document: String) -> ReservationAsk {
        ReservationAsk(
            team: TeamID(rawValue: "a"),
            key: TeamKeyID(rawValue: "k"),
            account: AccountID(rawValue: "default"),
            upstreamKey: UpstreamKeyID(rawValue: "u"),
            documentID: document,
            model: "m",
            pages: nil,
            cacheKey: key(1),
            requestID: "r"
        )
    }

    @Test("what is no UUID, and counts of documents that are no part of all counts, are counted for none")
    func oddDocuments() throws {
        let store = try place.open()
        defer { store.close() }
        let day = BudgetDay(number: Self.today)
        try store.addAndWait(
            [row(Self.today, counts(misses: 2))],
            documents: [
                DocumentUsage(day: day, documentID: "a document", counts: counts(misses: 1)),
                DocumentUsage(day: day, documentID: document(1), counts: counts(misses: 3)),
                DocumentUsage(day: day, documentID: document(2), counts: counts(misses: 1)),
                DocumentUsage(day: BudgetDay(number: 1), documentID: document(2), counts: counts(misses: 1)),
            ]
        ).get()
        #expect(try report(store, .document) == ["- 0 0 0 0 0 1 0", "\(document(2)) 0 0 0 0 0 1 0"])
    }

    @Test("sums end at the greatest number there is")
    func saturation() throws {
        let store = try place.open()
        defer { store.close() }
        for _ in 1...2 {
            try spend(store, reservation(day: Self.today), .max)
            try spend(store, reservation(day: Self.today, estimate: .max), .unconfirmed)
            let most = row(Self.today, counts(hits: .max, saved: .max))
            try store.addAndWait([most, most]).get()
        }
        try store.reserveAndWait(reservation(day: Self.today, estimate: .max)).get()
        let crashed = try place.killed().open()
        defer { crashed.close() }
        for grouping in SpendGrouping.allCases {
            let total = try items(crashed, grouping).reduce(into: SpendCounts()) { $0.add($1.counts) }
            #expect(total.spent.micros == .max && total.unconfirmed.micros == .max, "\(grouping)")
            #expect(total.hits == .max && total.requests == .max && total.saved.micros == .max, "\(grouping)")
        }
    }

    @Test("a resolved reservation is spent instead of unconfirmed, by name or not")
    func resolution() throws {
        let store = try place.open()
        defer { store.close() }
        let lost = ([1, 1, 2] as [UInt64]).map { reservation(day: Self.today, document: $0, estimate: 4) }
        for each in lost { try spend(store, each, .unconfirmed) }
        #expect(try store.resolveAndWait(lost[0], 1).get() == .done)
        #expect(try report(store, .document) == ["\(document(1)) 1 4 0 0 0 0 0", "\(document(2)) 0 4 0 0 0 0 0"])
        // As if it had been counted for none at first, and by name later.
        try store.execute(
            "UPDATE usage_documents SET unconfirmed = 1 WHERE spent = 0",
            "INSERT INTO usage_documents (day, document, unconfirmed) VALUES (\(Self.today), \(TestSQL.bytes("")), 3)"
        )
        #expect(try store.resolveAndWait(lost[2], 1).get() == .done)
        #expect(try report(store, .document) == ["\(document(1)) 1 4 0 0 0 0 0", "\(document(2)) 1 0 0 0 0 0 0"])
    }

    // MARK: Folding

    /// A day with so many documents; the higher the number, the more it cost.
    private func fill(_ store: Store, _ day: Int32, _ count: Int) throws {
        let rows = (0..<count).map { number in
            let document = TestSQL.bytes(String(repeating: "07", count: 14) + String(format: "%04x", number))
            return "(\(day), \(document), \(number), \(number == 0 ? 1 : 0), 1)"
        }
        try store.execute(
            "INSERT INTO usage_documents (day, document, spent, unconfirmed, misses) VALUES "
                + rows.joined(separator: ", "),
            "INSERT INTO usage_document_days VALUES (\(day), \(count))"
        )
    }

    private func fold(_ store: Store, at now: Timestamp, batch: Int = 100) throws -> [Int] {
        try store.waitForAnswer { then in
            store.perform(
                { connection in
                    var fold = FoldSchedule.Fold(at: now)
                    var batches: [Int] = []
                    try connection.commit()  // that of the group: a batch has a transaction of its own
                    while let count = try fold.run(atMost: batch, on: connection) { batches.append(count) }
                    try connection.begin()
                    return batches
                },
                then: then
            )
        }
    }

    @Test("of an earlier day those that cost most keep their names, of a day long ago none but unconfirmed ones")
    func folding() throws {
        let store = try place.open()
        defer { store.close() }
        let today: Int32 = 30_000
        let now = Timestamp(seconds: Int64(today) * 86_400 + 5)
        for (age, count) in [(31, 300), (32, 300), (33, 600), (34, 256), (400, 10), (401, 10), (500, 2), (501, 1)] {
            try fill(store, today - Int32(age), count)
        }
        let sums =
            "SELECT day, sum(spent), sum(unconfirmed), sum(misses) FROM usage_documents GROUP BY day ORDER BY day"
        let before = try store.rows(sums)
        #expect(try fold(store, at: now) == [0, 1, 9, 100, 28, 100, 100, 100, 100, 72])
        #expect(try store.rows(sums) == before)
        let left = try store.rows(
            "SELECT day, count(*), max(spent) FROM usage_documents WHERE document <> \(Self.none) GROUP BY day ORDER BY day DESC"
        )
        let expected = [
            (31, 300, 299), (32, 300, 299), (33, 128, 599), (34, 128, 255), (400, 10, 9), (401, 1, 0), (500, 1, 0),
            (501, 1, 0),
        ]
        #expect(left == expected.map { "\(today - Int32($0.0)) \($0.1) \($0.2)" })
        let days = try store.rows("SELECT day, documents FROM usage_document_days ORDER BY day DESC")
        #expect(days == expected.map { "\(today - Int32($0.0)) \($0.1)" })
        // Of the 600 those went that cost least, but for the one that is unconfirmed.
        #expect(
            try store.rows("SELECT spent FROM usage_documents WHERE day = \(today - 33) AND document = \(Self.none)")
                == ["\((1...472).reduce(0, +))"]
        )
        #expect(try fold(store, at: now).allSatisfy { $0 == 0 })
    }

    @Test("the store folds by itself when it has nothing else to do")
    func foldsByItself() throws {
        var store = try place.open()
        try fill(store, Self.today - 500, 400)
        store.close()
        store = try place.open()
        defer { store.close() }
        // It folds a minute after it was opened, which need not be waited for.
        let begun = SystemClock.sinceBoot() + (.zero - FoldSchedule.delay)
        store.writer.foldSchedule.withLock { $0 = FoldSchedule(now: begun, wall: SystemClock.wall()) }
        store.writer.wake()
        let deadline = Date() + 600
        while try store.rows("SELECT documents FROM usage_document_days") != ["1"] {
            try #require(Date() < deadline)
        }
    }
}

extension SpendCounts {
    /// `spent unconfirmed saved hits collapsed misses denied`, in millionths.
    fileprivate var text: String {
        "\(spent.micros) \(unconfirmed.micros) \(saved.micros) \(hits) \(collapsed) \(misses) \(denied)"
    }
}
