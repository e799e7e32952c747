import Budgeting
import Caching
import Reporting
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// What operations of a group gather is written once, and comes to the same as if each had been done by itself.
@Suite("What a group of operations gathers")
struct GatheredSumsTests {
    private let alone = TemporaryStore()
    private let together = TemporaryStore()

    // MARK: The same as one by one

    private enum Step {
        case reserve(Reservation)
        case move(Reservation)
        case end(ReservationEnding, CachedResult?)
        case charge(ReservationEnding)
        case add(UsageReport)
        case resolve(Reservation, Int64)
        case drop(String)
    }

    /// Reservations that end in several ways and some twice, counts, resolutions and changes of documents, in any
    /// order.
    private struct Story {
        var random: SeededGenerator
        private var lastID: Int64 = 0
        private var clock: Int64 = 1_728_000_000
        private var open: [Reservation] = []
        private var ended: [Reservation] = []

        init(_ random: SeededGenerator) { self.random = random }

        private mutating func pick(_ names: [String]) -> String { names.randomElement(using: &random)! }

        private mutating func newReservation() -> Reservation {
            lastID += 1
            // Texts that Swift takes for equal, and the tables do not.
            let model = pick([
                "m", "caf\u{E9}", "cafe\u{301}", "(other)", "model \(Int.random(in: 0..<6, using: &random))",
            ])
            return reservation(
                id: lastID,
                day: Int32.random(in: 19_999...20_001, using: &random),
                team: pick(["a", "b"]),
                key: pick(["1", "2", "3"]),
                account: pick(["default", "other"]),
                upstreamKey: pick(["main", "spare"]),
                document: UInt64.random(in: 0..<10, using: &random),
                model: model,
                estimate: Int64.random(in: 0...9, using: &random)
            )
        }

        private mutating func amount() -> MicroCredits {
            let isGreat = Int.random(in: 0..<40, using: &random) == 0
            return MicroCredits(micros: isGreat ? .max : Int64.random(in: 0...9, using: &random))
        }

        private mutating func ending(of reservation: Reservation) -> ReservationEnding {
            clock += 1
            let outcomes: [ReservationEnding.Outcome] = [
                .settled(amount()), .settled(amount()), .released, .unconfirmed,
            ]
            let schema = Int64.random(in: 1...5, using: &random)
            let rate = PageRate(credits: amount(), pages: Int.random(in: 1...3, using: &random))
            return ReservationEnding(
                reservation: reservation,
                outcome: outcomes.randomElement(using: &random)!,
                endedAt: Timestamp(seconds: clock),
                lesson: Lesson(documentPages: Int.random(in: 1...3, using: &random), rate: rate),
                question: PaidQuestion(
                    parts: QuestionParts(
                        labels: schema,
                        schema: schema,
                        otherMembers: nil,
                        pages: Bool.random(using: &random) ? "1" : nil,
                        schemaText: Array("schema \(schema)".utf8)[...]
                    ),
                    isTeamScoped: Bool.random(using: &random),
                    noCache: Int.random(in: 0..<5, using: &random) == 0,
                    noStore: Int.random(in: 0..<5, using: &random) == 0,
                    maxAgeSeconds: nil,
                    lifetimeMicroseconds: .max
                )
            )
        }

        private mutating func report() -> UsageReport {
            clock += 100
            var report = UsageReport(at: Timestamp(seconds: clock))
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                var counts = UsageCounts()
                (counts.hits, counts.denied) = (Int64.random(in: 0...5, using: &random), 1)
                counts.saved = amount()
                let sample = newReservation()
                report.rows.append(
                    UsageRow(
                        day: sample.day,
                        team: sample.ask.team,
                        key: sample.ask.key,
                        model: sample.ask.model,
                        counts: counts
                    )
                )
                var part = UsageCounts()
                part.hits = Int64.random(in: 0...3, using: &random)
                report.documents.append(DocumentUsage(day: sample.day, documentID: sample.ask.documentID, counts: part))
                report.uses.append(TeamKeyUse(key: sample.ask.key, at: Timestamp(seconds: clock - Int64(part.hits))))
                let use = UpstreamKeyUse(key: sample.ask.upstreamKey, at: Timestamp(seconds: clock - Int64(part.hits)))
                report.upstreamUses.append(use)
                report.refusals.append(
                    ShadowRefusals(scope: .team(sample.ask.team), window: .day, start: sample.day, count: part.hits + 1)
                )
            }
            return report
        }

        mutating func next() -> Step {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<7:
                open.append(newReservation())
                return .reserve(open.last!)
            case 7..<13:
                guard !open.isEmpty else { return next() }
                let reservation = open.remove(at: Int.random(in: 0..<open.count, using: &random))
                ended.append(reservation)
                let ending = ending(of: reservation)
                let isKept = Bool.random(using: &random)
                return .end(ending, isKept ? result(UInt64.random(in: 0..<10, using: &random)) : nil)
            case 13:
                guard let reservation = ended.randomElement(using: &random) else { return next() }
                return .end(ending(of: reservation), nil)
            case 14: return .charge(ending(of: newReservation()))
            case 15:
                guard let first = open.first else { return next() }
                open[0] = first.moved(to: "spare")
                return .move(open[0])
            case 16:
                guard let reservation = ended.randomElement(using: &random) else { return next() }
                return .resolve(reservation, Int64.random(in: 0...9, using: &random))
            // With PostgreSQL a change has a marker first, in a transaction before the others of its group.
            case 17: return StoreKind.tested == .file ? .drop(newReservation().ask.documentID) : next()
            default: return .add(report())
            }
        }
    }

    /// - Parameter then: called with what it was answered.
    private func perform(_ step: Step, in store: Store, then: @escaping @Sendable (String) -> Void) {
        switch step {
        case .reserve(let reservation): store.reserve(reservation) { then("\($0)") }
        case .move(let reservation):
            let left = reservation.ask.upstreamKey
            store.performGathering({ try LedgerTable.move(reservation, from: left, on: $0) }) { then("\($0)") }
        case .end(let ending, let result?): store.end(ending, storing: result) { then("\($0)") }
        case .end(let ending, nil): store.end(ending, storing: nil) { then("\($0)") }
        case .charge(let ending): store.charge(ending) { then("\($0)") }
        case .add(let report): store.add(report) { then("\($0)") }
        case .resolve(let reservation, let micros):
            let moment = Timestamp(seconds: 1_728_000_100)
            let resolution = Resolution(of: reservation, credits: MicroCredits(micros: micros), at: moment)
            store.resolve(resolution, audit: auditEntry("reservation.resolve")) { then("\($0)") }
        case .drop(let document): store.drop([document], at: Timestamp(seconds: 5)) { then("\($0)") }
        }
    }

    /// All rows, but for numbers that depend on the order in which a group is written.
    private func contents(_ store: Store) throws -> [String: [String]] {
        let key = TestSQL.hexadecimal("key")
        let columns = [
            "ledger": "id, upstream_key, state, credits, ended_at",
            "usage": "day, team, key, model, upstream_key, spent, unconfirmed, saved, hits, collapsed, misses, denied",
            "usage_models": "day, team, model", "usage_accounts": "account, day, spent, unconfirmed",
            "usage_documents": "day, \(TestSQL.hexadecimal("document")), spent, unconfirmed, saved, hits, denied",
            "usage_document_days": "day, documents", "usage_quarters": "quarter, saved, hits, collapsed, misses",
            "shadow_refusals": "scope, scope_id, budget_window, start, count", "team_key_uses": "key, at",
            "upstream_key_uses": "id, at",
            "payments": "id, account, document_id, model, ended_at, is_kept, labels, pages",
            "repeats": "id, first, reason, first_team, team, credits", "schemas": "digest",
            "documents": "account, document_id, pages", "rates": "model, reservation, credits, pages",
            "results": "\(key), credits_micros, document_id", "purges": "id", "audit": "id, action",
        ]
        return try columns.reduce(into: [:]) { contents, table in
            contents[table.key] = try store.rows("SELECT \(table.value) FROM \(table.key)").sorted()
        }
    }

    @Test("all rows and all answers are those of the same operations one by one")
    func oneByOne() throws {
        let random = SeededGenerator()
        var story = Story(random)
        let (one, many) = (try alone.open(), try together.open())
        defer {
            one.close()
            many.close()
        }
        for _ in 0..<40 {
            let steps = (0..<Int.random(in: 1...30, using: &story.random)).map { _ in story.next() }
            let expected = steps.map { step in
                let answer = Answer<String>()
                perform(step, in: one) { answer.give($0) }
                return answer.wait()
            }
            let gate = Gate(many)
            let answers = steps.map { step in
                let answer = Answer<String>()
                perform(step, in: many) { answer.give($0) }
                return answer
            }
            gate.open()
            #expect(answers.map { $0.wait() } == expected, "seed \(random.seed)")
        }
        let (left, right) = (try contents(one), try contents(many))
        for (table, rows) in left {
            let missing = Set(rows).subtracting(right[table]!)
            let other = Set(right[table]!).subtracting(rows)
            #expect(missing.isEmpty && other.isEmpty, "\(table): \(missing), \(other), seed \(random.seed)")
            #expect(right[table]!.count == rows.count, "\(table), seed \(random.seed)")
            let mayBeEmpty = table == "purges"
            #expect(mayBeEmpty || !rows.isEmpty, "\(table), seed \(random.seed)")
        }
        #expect(many.commitCount < one.commitCount / 4)
    }

    @Test("sums of one group end at the greatest number, as those of several do")
    func greatest() throws {
        let store = try alone.open()
        defer { store.close() }
        for _ in 1...2 {
            let gate = Gate(store)
            let answers = (0..<3).map { _ in Answer<Result<EndingAnswer, StoreFault>>() }
            for answer in answers {
                let reservation = reservation(estimate: .max)
                store.charge(ending(reservation, .settled(MicroCredits(micros: .max - 1)))) { _ in }
                store.charge(ending(StorageTests.reservation(estimate: .max), .unconfirmed)) { answer.give($0) }
            }
            gate.open()
            for answer in answers { #expect(try answer.wait().get() == .done) }
        }
        let greatest = "\(Int64.max) \(Int64.max)"
        for table in ["usage", "usage_accounts", "usage_documents"] {
            #expect(try store.rows("SELECT spent, unconfirmed FROM \(table)") == [greatest])
        }
    }

    // MARK: Apart

    @Test("an ending whose sums cannot be written is refused alone, and the others of its group are done once")
    func sumFails() throws {
        let store = try alone.open()
        defer { store.close() }
        try store.refuseInsertions(into: "usage_accounts", when: "new.account = 'refused'")
        let reservations = (0..<5).map { reservation(account: $0 == 2 ? "refused" : "default") }
        for reservation in reservations { try store.reserveAndWait(reservation).get() }
        let gate = Gate(store)
        let answers = reservations.map { _ in Answer<Result<EndingAnswer, StoreFault>>() }
        for (reservation, answer) in zip(reservations, answers) {
            store.end(settlement(of: reservation, credits: 10), storing: nil) { answer.give($0) }
        }
        let counted = Answer<Result<Void, StoreFault>>()
        store.add(UsageReport(at: Timestamp(seconds: 1), uses: "k")) { counted.give($0) }
        gate.open()
        #expect(answers.map { try? $0.wait().get() } == [.done, .done, nil, .done, .done])
        try counted.wait().get()
        #expect(try store.rows("SELECT spent FROM usage") == ["40"])
        #expect(try store.rows("SELECT count(*) FROM ledger WHERE state = 0") == ["1"])
        #expect(try store.rows("SELECT key FROM team_key_uses") == ["k"])
    }

    @Test("of two endings of one reservation in a group the first one counts, and the other one is repeated")
    func repeated() throws {
        let store = try alone.open()
        defer { store.close() }
        let reservation = reservation(document: 1)
        try store.reserveAndWait(reservation).get()
        let gate = Gate(store)
        let (first, second) = (Answer<Result<EndingAnswer, StoreFault>>(), Answer<Result<EndingAnswer, StoreFault>>())
        store.end(settlement(of: reservation, credits: 5), storing: result(1)) { first.give($0) }
        store.end(settlement(of: reservation, credits: 7), storing: result(2)) { second.give($0) }
        gate.open()
        #expect(try first.wait().get() == .done && second.wait().get() == .repeated)
        #expect(try store.rows("SELECT spent FROM usage") == ["5"])
        #expect(try store.rows("SELECT spent FROM usage_documents") == ["5"])
        #expect(try store.findAndWait(key(1)).get() != nil)
        #expect(try store.findAndWait(key(2)).get() == nil)
    }

    @Test("what comes between endings of a group finds those before it done, and those behind it not")
    func between() throws {
        let store = try alone.open()
        defer { store.close() }
        let reservations = (0..<2).map { _ in reservation() }
        for reservation in reservations { try store.reserveAndWait(reservation).get() }
        let gate = Gate(store)
        store.end(settlement(of: reservations[0], credits: 3), storing: nil) { _ in }
        let seen = Answer<Result<[Int64], StoreFault>>()
        store.perform(
            { connection in
                let statement = try connection.statement("SELECT spent FROM usage")
                return try statement.rows(about: "the roll-ups") { try $0.integer(at: 0) }
            },
            then: { seen.give($0) }
        )
        store.end(settlement(of: reservations[1], credits: 4), storing: nil) { _ in }
        gate.open()
        #expect(try seen.wait().get() == [3])
        #expect(try store.rows("SELECT spent FROM usage") == ["7"])
    }

    // MARK: Purges

    @Test("in a group with a purge, what ended before it is purged, and an answer that it overtook is not stored")
    func purged() throws {
        let store = try alone.open()
        defer { store.close() }
        let log = ResultCache(bytesMax: 0).purges
        let reservations = (0..<2).map { _ in reservation(document: 1) }
        for reservation in reservations { try store.reserveAndWait(reservation).get() }
        let asked = log.stamp()
        let order = PurgeOrder(.document(result(1).documentID), at: Timestamp(seconds: 5), keysInMemory: [], log: log)
        let ended = reservations.map { _ in Answer<Result<EndingAnswer, StoreFault>>() }
        let purged = Answer<Result<PurgeAnswer, StoreFault>>()
        func end(_ index: Int, _ number: UInt64) {
            let lesson = Lesson(documentPages: 3)
            let ending = ending(reservations[index], .settled(MicroCredits(micros: 4)), lesson: lesson)
            store.end(ending, storing: StampedAnswer(result(number), asked: asked)) { ended[index].give($0) }
        }
        let gate = Gate(store)
        end(0, 1)
        store.purge(order, audit: auditEntry("cache.purge"), recorded: {}) { purged.give($0) }
        end(1, 11)
        gate.open()
        #expect(try ended.map { try $0.wait().get() } == [.done, .done])
        #expect(try purged.wait().get() == .purged(1))
        #expect(try store.rows("SELECT count(*) FROM results") == ["0"])
        #expect(try store.rows("SELECT pages FROM documents") == [])
        #expect(try store.rows("SELECT spent FROM usage_documents") == ["8"])
    }

    @Test("what a group saves in place of a row that a purge hides is there, and the row counts for the purge once")
    func replaced() throws {
        let store = try alone.open()
        defer { store.close() }
        for number in 1...2 as ClosedRange<UInt64> { try store.saveAndWait(result(number)).get() }
        let boundary = try #require(Int64(try store.rows("SELECT max(id) + 1000000 FROM results")[0]))
        try store.execute(
            "INSERT INTO purges (id, boundary, removed, at, audit_id) VALUES (1, \(boundary), 0, 1, 0)"
        )
        let gate = Gate(store)
        let saved = (0..<3).map { _ in Answer<Result<Void, StoreFault>>() }
        for (number, answer) in zip([1, 1, 3] as [UInt64], saved) { store.save(result(number)) { answer.give($0) } }
        gate.open()
        for answer in saved { try answer.wait().get() }
        let found = try [1, 2, 3].map { try store.findAndWait(key($0)).get() != nil }
        #expect(found == [true, false, true])
        #expect(try store.rows("SELECT removed FROM purges") == ["1"])
        #expect(try store.rows("SELECT count(*) FROM results WHERE id > \(boundary)") == ["2"])
    }

    // MARK: Numbers of results

    @Test("a result has the number of the reservation that paid for it, unless a purge under way or a row is beyond it")
    func numbers() throws {
        let store = try alone.open()
        defer { store.close() }
        func end(_ id: Int64, _ number: UInt64) throws {
            let reservation = reservation(id: id)
            try store.reserveAndWait(reservation).get()
            #expect(try store.endAndWait(settlement(of: reservation), storing: result(number)).get() == .done)
        }
        func ids() throws -> [String] { try store.rows("SELECT id FROM results ORDER BY id") }
        let great: Int64 = 1 << 60
        try end(great + 5, 1)
        try end(7, 2)
        #expect(try ids() == ["7", "\(great + 5)"])
        // Replaced where it is: nothing hides it.
        try end(9, 1)
        #expect(try ids() == ["7", "\(great + 5)"])
        try store.execute("UPDATE results SET id = 11 WHERE id = 7")
        try end(11, 3)
        #expect(try ids() == ["11", "\(great + 5)", "\(great + 6)"])
        // A purge of another document hides nothing of this one.
        try store.execute(
            "INSERT INTO purges (id, document_id, boundary, removed, at, audit_id) VALUES (1, 'd', \(great + 20), 0, 1, 0)"
        )
        try end(great + 19, 4)
        try end(great + 30, 5)
        #expect(try ids() == ["11", "\(great + 5)", "\(great + 6)", "\(great + 21)", "\(great + 30)"])
        // The list goes on behind numbers that a JSON number could not hold.
        let document = result(1).documentID
        let listed = try store.waitForAnswer { answer in
            store.entries(
                of: document,
                after: great + 4,
                storedSince: Timestamp(seconds: 0),
                ofClassifiersSince: Timestamp(seconds: 0),
                atMost: 1,
                then: answer
            )
        }
        #expect(listed.map(\.number) == [great + 5])
    }
}

extension UsageReport {
    fileprivate init(at moment: Timestamp, uses key: String) {
        self.init(at: moment)
        uses = [TeamKeyUse(key: TeamKeyID(rawValue: key), at: moment)]
    }
}

extension Reservation {
    fileprivate func moved(to upstreamKey: String) -> Reservation {
        Reservation(
            id: id,
            day: day,
            ask: ReservationAsk(
                team: ask.team,
                key: ask.key,
                account: ask.account,
                upstreamKey: UpstreamKeyID(rawValue: upstreamKey),
                documentID: ask.documentID,
                model: ask.model,
                pages: nil,
                cacheKey: ask.cacheKey,
                requestID: ask.requestID
            ),
            estimate: estimate,
            createdAt: createdAt
        )
    }
}
