import Budgeting
import Caching
import Foundation
import GRDB
import Reporting
import Testing
import Vocabulary

@testable import Storage

@Suite("What was paid for more than once")
struct InsightTests {
    private let place = TemporaryStore()
    private static let everything =
        ReservationID(rawValue: 0)..<ReservationID(rawValue: Int64.max)

    private func report(
        _ store: Store,
        over range: Range<ReservationID> = everything,
        team: String? = nil
    ) throws -> InsightReport {
        try store.waitForAnswer { store.insights(over: range, team: team.map(TeamID.init(rawValue:)), then: $0) }
    }

    private func schema(_ description: String) -> String {
        #"[{"description":"\#(description)","label":"invoice"},{"description":"x","label":"other"}]"#
    }

    private func question(
        _ text: String = "",
        labels: Int64 = 1,
        schema: Int64 = 1,
        pages: String? = nil,
        others: Int64? = nil,
        teamScoped: Bool = false,
        noCache: Bool = false,
        noStore: Bool = false,
        lifetime: Int64 = .max
    ) -> PaidQuestion {
        PaidQuestion(
            parts: QuestionParts(
                labels: labels,
                schema: schema,
                otherMembers: others,
                pages: pages,
                schemaText: Array(text.utf8)[...]
            ),
            isTeamScoped: teamScoped,
            noCache: noCache,
            noStore: noStore,
            maxAgeSeconds: nil,
            lifetimeMicroseconds: lifetime
        )
    }

    /// Reserves and ends in one go. `key` is the number of the result that is stored, if one is.
    @discardableResult
    private func pay(
        _ store: Store,
        _ question: PaidQuestion?,
        id: Int64? = nil,
        team: String = "a",
        document: UInt64 = 1,
        key: UInt64 = 1,
        model: String = "m",
        account: String = "default",
        _ outcome: ReservationEnding.Outcome = .settled(MicroCredits(micros: 2_000_000)),
        storing isKept: Bool = true
    ) throws -> ReservationID {
        let sample = reservation(id: id, team: team, document: document, model: model, estimate: 9_000_000)
        let reservation = Reservation(
            id: sample.id,
            day: sample.day,
            ask: ReservationAsk(
                team: sample.ask.team,
                key: sample.ask.key,
                account: AccountID(rawValue: account),
                upstreamKey: sample.ask.upstreamKey,
                documentID: sample.ask.documentID,
                model: model,
                pages: nil,
                cacheKey: StorageTests.key(key),
                requestID: sample.ask.requestID
            ),
            estimate: sample.estimate,
            createdAt: sample.createdAt
        )
        try store.reserveAndWait(reservation).get()
        let ending = ReservationEnding(
            reservation: reservation,
            outcome: outcome,
            endedAt: Timestamp(seconds: 1_728_000_001),
            question: question
        )
        let keeps = isKept && outcome != .unconfirmed && outcome != .released
        #expect(try store.endAndWait(ending, storing: keeps ? result(key) : nil).get() == .done)
        return reservation.id
    }

    @Test("another description is found, named with its label, and so it is after a kill")
    func schemaText() throws {
        let store = try place.open()
        defer { store.close() }
        let first = try pay(store, question(schema("a bill"), schema: 1))
        let again = try pay(store, question(schema("a bill."), schema: 2), team: "b", key: 2)
        let killed = try place.killed().open()
        defer { killed.close() }
        for opened in [store, killed] {
            let report = try report(opened)
            try #require(report.items.count == 1)
            let item = report.items[0]
            #expect(item.group.reason == .schemaText)
            #expect(item.group.firstTeam.rawValue == "a" && item.group.team.rawValue == "b")
            #expect(report.total == InsightReport.Sum(credits: MicroCredits(micros: 2_000_000), requests: 1))
            #expect(item.group.sum == report.total)
            try #require(item.examples.count == 1)
            let example = item.examples[0]
            #expect(example.documentID == "0b13c9f2-5148-4ffb-bb7b-000000000001")
            #expect(example.first?.id == first && example.again.id == again)
            #expect(example.again.team.rawValue == "b" && example.again.credits.micros == 2_000_000)
            #expect(
                example.differences == [
                    QuestionDifference(
                        .schemaText,
                        label: "invoice",
                        member: "description",
                        first: "a bill",
                        again: "a bill."
                    )
                ]
            )
        }
        #expect(try store.rows("SELECT digest FROM schemas ORDER BY id") == ["1", "2"])
    }

    @Test("all parts that differ are listed")
    func several() throws {
        let store = try place.open()
        defer { store.close() }
        try pay(store, question(schema("a")))
        try pay(store, question(schema("b"), schema: 2, pages: "1-3", others: 7), key: 2, model: "n")
        let example = try #require(try report(store).items.first?.examples.first)
        #expect(example.differences.map(\.part) == [.schemaText, .pageRange, .model, .otherMembers])
        #expect(example.differences[1].first == nil && example.differences[1].again == "1-3")
        #expect(example.differences[2].first == "m" && example.differences[2].again == "n")
    }

    @Test("the same question: no_store, purged, expired, no_cache, scope, and what is none of these")
    func sameQuestion() throws {
        let store = try place.open()
        defer { store.close() }
        func reason(_ id: ReservationID) throws -> [String] {
            try store.rows("SELECT reason FROM repeats WHERE id = \(id.rawValue)")
        }
        try pay(store, question(noStore: true), storing: false)
        #expect(try reason(pay(store, question())) == ["no_store"])
        #expect(try reason(pay(store, question(noCache: true))) == ["no_cache"])
        #expect(try reason(pay(store, question(noStore: true), storing: false)) == ["no_store"])
        #expect(try reason(pay(store, question(), storing: false)) == ["no_store"])
        #expect(try reason(pay(store, question())) == ["unexplained"], "the reply before was not stored")
        #expect(try reason(pay(store, question(lifetime: 0))) == ["expired"])
        let order = PurgeOrder(.all, at: Timestamp(seconds: 5), keysInMemory: [], log: ResultCache(bytesMax: 0).purges)
        #expect(
            try store.waitForAnswer { store.purge(order, audit: auditEntry("cache.purge"), recorded: {}, then: $0) }
                == .purged(1)
        )
        #expect(try reason(pay(store, question())) == ["purged"])
        #expect(try reason(pay(store, question(teamScoped: true), team: "b", key: 2)) == ["scope"])
        #expect(try report(store).items.count == 5)
        #expect(try report(store).unexplained.requests == 1)
    }

    @Test("a result is purged when a purge overtook it, and while a purge that is not finished hides it")
    func purges() throws {
        let store = try place.open()
        defer { store.close() }
        let log = ResultCache(bytesMax: 0).purges
        let stamp = log.stamp()
        log.note(.all)
        let first = reservation(id: 5_000_000)
        try store.reserveAndWait(first).get()
        let ending = ReservationEnding(
            reservation: first,
            outcome: .settled(MicroCredits(micros: 1)),
            endedAt: Timestamp(seconds: 1_728_000_001),
            question: question()
        )
        let stamped = StampedAnswer(result(1), asked: stamp)
        #expect(try store.waitForAnswer { store.end(ending, storing: stamped, then: $0) } == .done)
        try pay(store, question(), id: 5_000_001)
        #expect(try store.rows("SELECT reason FROM repeats") == ["purged"])
        // In one transaction, so that the removal cannot come between.
        let isThere = try store.waitForAnswer { answer in
            store.perform(
                { connection in
                    let before = try ResultTable.has(key(1), on: connection)
                    try connection.execute(
                        "INSERT INTO purges (id, boundary, removed, at, audit_id) VALUES (1, 5000001, 0, 1, 1)"
                    )
                    return [before, try ResultTable.has(key(1), on: connection)]
                },
                then: answer
            )
        }
        #expect(isThere == [true, false])
    }

    @Test("only payments for the same document of the same account count, and only those that cost something")
    func others() throws {
        let store = try place.open()
        defer { store.close() }
        try pay(store, question(), .released)
        try pay(store, question(), .settled(.zero), storing: false)
        try pay(store, nil)
        try pay(store, question(), document: 2, key: 2)
        try pay(store, question(), key: 3, account: "second")
        try pay(store, question())
        #expect(try store.rows("SELECT count(*) FROM repeats") == ["0"])
        #expect(try store.rows("SELECT count(*) FROM payments") == ["3"])
    }

    @Test("an unconfirmed payment counts at its estimate, and at what an operator said once it is resolved")
    func unconfirmed() throws {
        let store = try place.open()
        defer { store.close() }
        try pay(store, question())
        let id = try pay(store, question(pages: "1"), key: 2, .unconfirmed)
        #expect(try report(store).total.credits.micros == 9_000_000)
        #expect(try report(store).items[0].examples[0].again.isUnconfirmed)
        try store.execute("UPDATE ledger SET state = 4, credits = 4000000 WHERE id = \(id.rawValue)")
        #expect(try report(store).total.credits.micros == 4_000_000)
        let again = try report(store).items[0].examples[0].again
        #expect(!again.isUnconfirmed && again.credits.micros == 4_000_000)
    }

    @Test("a range of identifiers and the team that paid again choose what is counted")
    func choice() throws {
        let store = try place.open()
        defer { store.close() }
        try pay(store, question(pages: "1"), id: 10, key: 1)
        try pay(store, question(pages: "2"), id: 20, team: "b", key: 2)
        try pay(store, question(pages: "3"), id: 30, team: "c", key: 3)
        let ids = { (range: Range<Int64>) in
            ReservationID(rawValue: range.lowerBound)..<ReservationID(rawValue: range.upperBound)
        }
        #expect(try report(store, over: ids(20..<31)).total.requests == 2)
        #expect(try report(store, over: ids(20..<30)).items.map(\.group.team.rawValue) == ["b"])
        #expect(try report(store, over: ids(21..<31)).items.map(\.group.firstTeam.rawValue) == ["b"], "the latest")
        #expect(try report(store, over: ids(31..<99)).items.isEmpty)
        #expect(try report(store, team: "c").items.map(\.group.team.rawValue) == ["c"])
        #expect(try report(store, team: "nobody").total.requests == 0)
    }

    @Test("what a crash left open is unknown if the document had been paid for, and is compared by its key afterwards")
    func crash() throws {
        let store = try place.open()
        defer { store.close() }
        try pay(store, question())
        let (known, fresh) = (reservation(id: 2_000_000), reservation(id: 2_000_001, document: 2))
        try store.reserveAndWait(known).get()
        try store.reserveAndWait(fresh).get()
        let crashed = try place.killed().open()
        defer { crashed.close() }
        let report = try report(crashed)
        #expect(report.items.isEmpty && report.unknown.requests == 1)
        #expect(report.unknown.credits.micros == 3_000_000)
        #expect(try crashed.rows("SELECT id FROM payments ORDER BY document_id, id").count == 3)
        let later = try pay(crashed, question(), id: 2_000_009, document: 2, key: 2, storing: false)
        #expect(try crashed.rows("SELECT reason FROM repeats WHERE id = \(later.rawValue)") == ["unknown"])
    }

    @Test(
        "a ledger of an earlier program is taken over: what was paid for is known by its key",
        .filesOnly("no database is of an earlier program")
    )
    func earlierLedger() throws {
        try place.edit { database in
            let place = try #require(StoreSchema.steps.firstIndex { $0.contains("CREATE TABLE payments") })
            for step in StoreSchema.steps[..<place] { try database.execute(sql: step) }
            try database.execute(sql: "PRAGMA application_id = 1416588396; PRAGMA user_version = \(place)")
            for (id, state, credits) in [(1, 3, nil), (2, 1, 5), (3, 4, 5), (4, 1, 0), (5, 2, nil)]
                as [(Int, Int, Int?)]
            {
                try database.execute(
                    sql: """
                        INSERT INTO ledger (id, day, team, key, account, upstream_key, document_id, model, cache_key,
                            request_id, state, estimate, credits, created_at, ended_at)
                        VALUES (?, 1, 'a', 'k', 'default', 'main', ?, 'm', ?, 'r', ?, 5, ?, 1, 2)
                        """,
                    arguments: [
                        id, "0b13c9f2-5148-4ffb-bb7b-00000000000\(id)", Data(StorageTests.key(UInt64(id)).digest.bytes),
                        state, credits,
                    ]
                )
            }
        }
        let upgraded = try place.open()
        defer { upgraded.close() }
        #expect(
            try upgraded.rows("SELECT id, labels, is_kept FROM payments ORDER BY id") == ["1 - -", "2 - -", "3 - -"]
        )
        try pay(upgraded, question(lifetime: 0), document: 1, key: 1)
        try pay(upgraded, question(), document: 2, key: 7)
        #expect(try upgraded.rows("SELECT reason FROM repeats ORDER BY id") == ["expired", "unknown"])
        #expect(try report(upgraded).unknown.requests == 1)
    }

    @Test("schemas are kept once, in a bounded number, the used ones longest, and large ones not at all")
    func schemas() throws {
        let store = try place.open()
        defer { store.close() }
        let numbers = TestSQL.numbers(Int(SchemaTable.countMax) + 400)
        try store.execute("\(numbers) INSERT INTO schemas SELECT n, -n, \(TestSQL.bytes("00")) FROM numbers")
        try pay(store, question("[]", schema: -500))  // used last: moved to the end
        try pay(store, question("[]", schema: -1_300))
        try pay(store, question("[]", schema: 1))
        try pay(store, question("[]", schema: 1))
        let (count, first, moved) = (
            try store.rows("SELECT count(*) FROM schemas"), try store.rows("SELECT min(id) FROM schemas"),
            try store.rows("SELECT id FROM schemas WHERE digest = -500")
        )
        #expect(count == ["999"] && first == ["403"] && moved == ["1401"])
        #expect(try store.rows("SELECT id FROM schemas WHERE digest IN (1, -1300) ORDER BY id") == ["1300", "1402"])
        let large = String(repeating: " ", count: SchemaTable.bytesMax + 1)
        try pay(store, question(large, schema: 2))
        #expect(try store.rows("SELECT count(*) FROM schemas WHERE digest = 2") == ["0"])
    }

    @Test("without the schema's text the part is named all the same")
    func noText() throws {
        let store = try place.open()
        defer { store.close() }
        try pay(store, question("[]", schema: 1))
        try pay(store, question(String(repeating: " ", count: SchemaTable.bytesMax + 1), schema: 2), key: 2)
        let example = try #require(try report(store).items.first?.examples.first)
        #expect(example.differences == [QuestionDifference(.schemaText)])
    }

    @Test("an ending that is repeated books nothing twice")
    func repeated() throws {
        let store = try place.open()
        defer { store.close() }
        try pay(store, question())
        let reservation = reservation(id: 3_000_000)
        try store.reserveAndWait(reservation).get()
        let ending = ReservationEnding(
            reservation: reservation,
            outcome: .settled(MicroCredits(micros: 1)),
            endedAt: Timestamp(seconds: 1_728_000_002),
            question: question(noCache: true)
        )
        #expect(try store.endAndWait(ending, storing: result(1)).get() == .done)
        #expect(try store.endAndWait(ending, storing: result(1)).get() == .repeated)
        #expect(try report(store).total.requests == 1)
        #expect(try store.rows("SELECT count(*) FROM payments") == ["2"])
    }

    @Test("the report of a month among 100,000 repeats is exact")
    func large() throws {
        let store = try place.open()
        defer { store.close() }
        try store.execute(
            """
            \(TestSQL.numbers(100_000))
            INSERT INTO repeats SELECT n, n - 1, CASE n % 3 WHEN 0 THEN 'schema_text' ELSE 'expired' END,
                'team-' || (n % 7), 'team-' || (n % 5), 9000000000000000000 FROM numbers
            """
        )
        let ids = ReservationID(rawValue: 10_001)..<ReservationID(rawValue: 70_001)
        let report = try report(store, over: ids)
        #expect(report.total.requests == 60_000, "in more than one slice")
        #expect(report.items.count == 70)
        // Exactly one slice, and one row more.
        for (end, count) in [(60_001, 50_000), (60_002, 50_001)] as [(Int64, Int64)] {
            let ids = ReservationID(rawValue: 10_001)..<ReservationID(rawValue: end)
            #expect(try self.report(store, over: ids).total.requests == count)
        }
        #expect(report.total.credits.micros == .max, "sums stay at the greatest number there is")
    }

    @Test("neither a report nor a payment looks through a table", .filesOnly("it is about SQLite's plans"))
    func plans() throws {
        let store = try place.open()
        defer { store.close() }
        for (sql, plan) in [
            (
                "SELECT id FROM payments WHERE account = 'a' AND document_id = 'd' ORDER BY id DESC LIMIT 32",
                "PRIMARY KEY"
            ),
            ("SELECT count(*) FROM repeats WHERE id >= 1 AND id < 5", "PRIMARY KEY (rowid>? AND rowid<?)"),
            (
                "SELECT id FROM repeats WHERE reason = 'r' AND first_team = 'a' AND team = 'b' AND id >= 1 AND id < 5 "
                    + "ORDER BY id DESC LIMIT 3",
                "repeats_by_reason (reason=? AND first_team=? AND team=? AND id>? AND id<?)"
            ),
            ("SELECT text FROM schemas WHERE digest = 1", "sqlite_autoindex_schemas_1"),
            ("DELETE FROM schemas WHERE id <= 1", "PRIMARY KEY (rowid<?)"),
        ] {
            let found = try store.rows("EXPLAIN QUERY PLAN \(sql)")
            #expect(found.count == 1 && found[0].contains("SEARCH") && found[0].contains(plan), "\(sql): \(found)")
        }
    }
}
