import Budgeting
import TestSupport
import Testing
import Vocabulary

@testable import Reporting

/// A ledger of one team and others, and what a replay of it answers.
private struct Story {
    static let team = TeamID(rawValue: "team")
    static let start = Timestamp(rfc3339: "2026-11-01T00:00:00Z")!
    static let days = BudgetDay("2026-11-01")!..<BudgetDay("2026-12-01")!
    static let day = Duration.seconds(86_400)
    static let ttl = Duration.seconds(10 * 86_400)

    var rows: [ReplayRow] = []
    var setting = WhatIf.Setting(timeZone: "UTC", lifetime: ttl, sharesResults: false)
    var used = TeamUse(before: days.lowerBound)
    var grants: [Grant] = []
    var was = SpendCounts()

    /// Adds a call for a question, `hours` after the start of the period.
    mutating func call(
        _ question: UInt64,
        at hours: Int,
        _ ending: ReplayRow.Ending = .settled(credits(1)),
        estimate: Int64 = 1,
        takes duration: Duration = .seconds(1),
        byOther: Bool = false
    ) {
        let at = Self.start + .seconds(hours * 3_600)
        rows.append(
            ReplayRow(
                isOfTeam: !byOther,
                cacheKey: CacheKey(Digest(question, 0, 0, 0)),
                estimate: credits(estimate),
                createdAt: at,
                ending: ending,
                endedAt: ending == .open ? nil : at + duration
            )
        )
    }

    /// As the roll-ups have it: what the rows of the team within the period come to, beside the counts in `was`.
    var booked: SpendCounts {
        var booked = was
        for row in rows where row.isOfTeam && row.createdAt >= Self.start {
            switch row.ending {
            case .settled(let amount), .resolved(let amount): booked.spent = booked.spent + amount
            case .unconfirmed: booked.unconfirmed = booked.unconfirmed + row.estimate
            case .open, .released: break
            }
        }
        return booked
    }

    /// - Parameter pageRows: how many rows the ledger gives at a time.
    func answer(_ budgets: [Budget]? = nil, ttl days: Int? = nil, pageRows: Int = 3) -> WhatIfAnswer {
        let question = WhatIf.Question(
            team: Self.team,
            period: ReportPeriod(days: Self.days),
            budgets: budgets,
            lifetime: days.map { .seconds($0 * 86_400) }
        )
        var replay = WhatIf(question, under: setting, used: used, grants: grants)
        while var part = replay.nextPart {
            part.count = pageRows
            replay.take(page(part))
        }
        return replay.finish(was: booked)
    }

    /// What the ledger answers, each row's identifier being the least of its time.
    private func page(_ part: ReplayPart) -> ReplayRows {
        var page = ReplayRows()
        let found = rows.map { (id: ReservationID.smallest(at: $0.createdAt), row: $0) }.filter {
            part.ids.contains($0.id)
        }
        let sorted = found.sorted { part.isNewestFirst ? $0.id > $1.id : $0.id < $1.id }
        for (id, row) in sorted.prefix(part.count) {
            page.count += 1
            page.last = id
            if row.isOfTeam || part.includesOthers { page.rows.append(row) }
        }
        // The replay asks for more as long as a page is full by its own measure.
        if page.count == part.count, sorted.count > part.count { page.count = WhatIf.rowsAtATime }
        return page
    }
}

private func credits(_ count: Int64) -> MicroCredits { MicroCredits(micros: count * 1_000_000) }

private func enforced(_ window: BudgetWindow, _ count: Int64) -> Budget {
    Budget(window: window, limit: credits(count), isEnforced: true)
}

@Suite("What would have been under other budgets")
struct WhatIfBudgetTests {
    @Test("budgets with room refuse nothing, and what is spent is exactly what was")
    func roomy() {
        var story = Story()
        story.call(1, at: 1)
        story.call(2, at: 2, .unconfirmed, estimate: 3)
        story.call(3, at: 3, .released)
        story.call(4, at: 4, .resolved(credits(2)))
        let answer = story.answer([enforced(.month, 100)])
        #expect(answer.refused == 0 && answer.refusedFrom == nil && answer.calls == 4)
        #expect(answer.spent == credits(3) && answer.unconfirmed == credits(3) && answer.saved == .zero)
        #expect(answer.exactness == .exact, "\(answer.reason)")
        #expect(answer.until == Timestamp(rfc3339: "2026-12-01T00:00:00Z"))
    }

    @Test("a smaller limit refuses from the first call that does not fit, and in the next window no more")
    func smaller() {
        var story = Story()
        for hour in [1, 2, 3, 30, 31] { story.call(UInt64(hour), at: hour) }
        let answer = story.answer([enforced(.day, 2)])
        #expect(answer.refused == 1 && answer.spent == credits(4))
        #expect(answer.refusedFrom == Story.start + .seconds(3 * 3_600))
        #expect(answer.exactness == .exact)
        let none = story.answer([enforced(.total, 0)])
        #expect(none.refused == 5 && none.spent == .zero)
        #expect(none.refusedFrom == Story.start + .seconds(3_600))
    }

    @Test("a call is asked about with its estimate while it is open, and counts with its cost afterwards")
    func holds() {
        var story = Story()
        story.call(1, at: 1, .settled(credits(1)), estimate: 5, takes: .seconds(3_600))
        story.call(2, at: 2, estimate: 5)  // the first one has just ended
        #expect(story.answer([enforced(.day, 6)]).refused == 0)
        #expect(story.answer([enforced(.day, 5)]).refused == 1)
        story.rows[0] = ReplayRow(
            isOfTeam: true,
            cacheKey: story.rows[0].cacheKey,
            estimate: credits(5),
            createdAt: story.rows[0].createdAt,
            ending: .settled(credits(1)),
            endedAt: story.rows[0].createdAt + .seconds(3_601)
        )
        #expect(story.answer([enforced(.day, 6)]).refused == 1, "the first one is still open")
        #expect(story.answer([enforced(.day, 10)]).refused == 0)
    }

    @Test("what was spent earlier in the window counts, and grants do from when they were made")
    func opening() {
        var story = Story()
        story.used.add(spent: credits(7), unconfirmed: credits(1), on: BudgetDay("2026-10-31")!)
        story.used.add(spent: credits(90), unconfirmed: .zero, on: BudgetDay("2019-10-31")!)
        for hour in [1, 2, 3] { story.call(UInt64(hour), at: hour) }
        #expect(story.answer([enforced(.month, 3)]).refused == 0, "another month")
        #expect(story.answer([enforced(.week, 10)]).refused == 1, "the week began on 2026-10-26")
        #expect(story.answer([enforced(.total, 100)]).refused == 1)
        story.grants = [
            Grant(
                id: 1,
                team: Story.team,
                window: .month,
                start: Story.days.lowerBound,
                credits: credits(9),
                expiresAt: nil,
                endsAt: Timestamp(rfc3339: "2026-12-01T00:00:00Z"),
                reason: "",
                actor: "",
                createdAt: Story.start + .seconds(2 * 3_600)
            )
        ]
        let answer = story.answer([enforced(.month, 0)])
        #expect(answer.refused == 1 && answer.spent == credits(2))
    }

    @Test(
        "what is passed through is no question; a charge without a reservation is booked in full while anything is left"
    )
    func passedThrough() {
        var story = Story()
        story.call(0, at: 0, .settled(credits(5)), estimate: 5, takes: .zero)
        story.call(0, at: 1, .settled(credits(5)), estimate: 5, takes: .zero)
        story.call(0, at: 12 * 24, .settled(credits(5)), estimate: 5)
        let within = story.answer([enforced(.day, 6)], ttl: 20)
        #expect(within.refused == 0 && within.hits == 0 && within.spent == credits(15) && within.exactness == .exact)
        let beyond = story.answer([enforced(.day, 5)])
        #expect(beyond.refused == 1 && beyond.spent == credits(10) && beyond.doubts == [.charged(2)])
    }

    @Test("a shadow budget refuses nothing and says how many it would have refused")
    func shadow() {
        var story = Story()
        for hour in [1, 2, 3] { story.call(UInt64(hour), at: hour) }
        let answer = story.answer([Budget(window: .day, limit: credits(1), isEnforced: false)])
        #expect(answer.refused == 0 && answer.shadowRefused == 2 && answer.spent == credits(3))
    }

    @Test("what really was refused, was served without payment, is open or is missing from the ledger is a doubt")
    func doubts() {
        var story = Story()
        story.call(1, at: 1)
        story.call(2, at: 2)
        story.was.denied = 1
        #expect(story.answer([]).exactness == .lowerBound)
        #expect(story.answer([enforced(.day, 1)]).exactness == .estimate)
        story.was.denied = 0
        story.was.hits = 1
        #expect(story.answer([]).exactness == .exact)
        #expect(story.answer([enforced(.day, 1)]).doubts == [.servedWithoutPayment(1)])
        story.was = SpendCounts()
        story.was.spent = credits(1)
        #expect(story.answer([]).doubts == [.ledgerDiffers(ledger: credits(2), was: credits(3))])
        story.was = SpendCounts()
        story.call(3, at: 3, .open)
        #expect(story.answer([]).doubts == [.open(1)] && story.answer([]).exactness == .lowerBound)
    }

    @Test("rows beyond the bound are not looked at, and the answer says where it stopped")
    func stops() {
        var story = Story()
        for hour in 0..<700 { story.call(UInt64(hour), at: hour) }
        let answer = story.answer([], pageRows: 1)
        // Each page counts as a full one here.
        let pages = WhatIf.rowsMax / WhatIf.rowsAtATime
        #expect(answer.calls == Int64(pages) && answer.doubts == [.stopped(rows: WhatIf.rowsMax)])
        #expect(answer.until == Story.start + .seconds((pages - 1) * 3_600))
    }

    @Test("absurd amounts neither trap nor wrap")
    func absurd() {
        var story = Story()
        let most = MicroCredits(micros: .max)
        story.used.add(spent: most, unconfirmed: most, on: BudgetDay(number: .min))
        for hour in [1, 2, 3] { story.call(UInt64(hour), at: hour, .settled(most), estimate: 9_000_000_000_000) }
        let answer = story.answer(
            [Budget(window: .day, limit: most, isEnforced: true), enforced(.total, 0)],
            ttl: 3_650
        )
        #expect(answer.refused == 3 && answer.spent == .zero)
        #expect(story.answer([]).spent == most)
        story.rows[0] = ReplayRow(
            isOfTeam: true,
            cacheKey: story.rows[0].cacheKey,
            estimate: MicroCredits(micros: .min),
            createdAt: Story.start,
            ending: .settled(MicroCredits(micros: .min)),
            endedAt: Timestamp(microseconds: .max)
        )
        _ = story.answer([enforced(.day, 1)], ttl: 3_650)
    }
}

@Suite("What would have been under another ttl")
struct WhatIfLifetimeTests {
    @Test(
        "a repeated payment within the longer ttl would have been a hit, one beyond it a payment",
        arguments: [(11, 1), (12, 2), (13, 2), (40, 2)] as [(Int, Int64)]
    )
    func longer(days: Int, hits: Int64) {
        var story = Story()
        story.call(1, at: 0)
        story.call(1, at: 10 * 24 + 12)  // 10.5 days later
        story.call(2, at: 11 * 24)
        story.call(2, at: 23 * 24 - 1)  // 11.96 days later
        let answer = story.answer(ttl: days)
        #expect(answer.hits == hits && answer.saved == credits(hits) && answer.spent == credits(4 - hits))
        #expect(answer.exactness == .lowerBound && answer.refused == 0)
        #expect(story.answer(ttl: 10).exactness == .exact && story.answer(ttl: 10).spent == credits(4))
    }

    @Test("the result that there would be is as old as its payment, whatever was really paid since")
    func sliding() {
        var story = Story()
        for days in [0, 11, 22] { story.call(1, at: days * 24 + days) }
        let answer = story.answer(ttl: 15)
        #expect(answer.hits == 1 && answer.spent == credits(2), "the third is 22 days behind the first")
        #expect(story.answer(ttl: 25).hits == 2)
    }

    @Test("a payment before the period is remembered, the latest one of a question")
    func earlier() {
        var story = Story()
        story.call(1, at: -40 * 24)
        story.call(1, at: -9 * 24)
        story.call(2, at: -30 * 24)
        story.call(1, at: 2 * 24)
        story.call(2, at: 3 * 24)
        story.rows.sort { $0.createdAt < $1.createdAt }
        #expect(story.answer(ttl: 12).hits == 1)
        #expect(story.answer(ttl: 34).hits == 2)
        #expect(story.answer(ttl: 34, pageRows: 1).hits == 2)
    }

    @Test("a payment although there was a fresh result had another reason and stays; the answer says so")
    func anyway() {
        var story = Story()
        story.call(1, at: 0)
        story.call(1, at: 24)
        let answer = story.answer(ttl: 20)
        #expect(answer.hits == 0 && answer.spent == credits(2))
        #expect(answer.doubts == [.paidAnyway(1)] && answer.exactness == .upperBound)
    }

    @Test("what was not settled leaves no result")
    func unsettled() {
        var story = Story()
        for (question, ending) in [(1, .released), (2, .unconfirmed), (3, .resolved(credits(1))), (4, .open)]
            as [(UInt64, ReplayRow.Ending)]
        {
            story.call(question, at: 0, ending)
            story.call(question, at: 11 * 24)
        }
        story.rows.sort { $0.createdAt < $1.createdAt }
        #expect(story.answer(ttl: 20).hits == 0)
    }

    @Test("results are shared: another team's payment serves the team, and who pays then is not known")
    func shared() {
        var story = Story()
        story.call(1, at: 0, byOther: true)
        story.call(1, at: 11 * 24)
        let answer = story.answer(ttl: 20)
        #expect(answer.hits == 1 && answer.calls == 1 && answer.doubts.contains(.crossesTeams))
        #expect(answer.exactness == .estimate)
        var own = Story()
        own.setting = WhatIf.Setting(timeZone: "UTC", lifetime: Story.ttl, sharesResults: true)
        for days in [0, 11, 23] { own.call(1, at: days * 24) }
        #expect(own.answer(ttl: 30).exactness == .lowerBound)
        #expect(own.answer(ttl: 15).exactness == .estimate, "another team may pay between the first and the third")
    }

    @Test(
        "a shorter ttl cannot be replayed, since hits are sums of days: what is known is said",
        arguments: [
            (0, false, .exact), (5, false, .lowerBound), (0, true, .upperBound), (5, true, .estimate),
        ] as [(Int64, Bool, WhatIfAnswer.Exactness)]
    )
    func shorter(hits: Int64, isShared: Bool, exactness: WhatIfAnswer.Exactness) {
        var story = Story()
        story.setting = WhatIf.Setting(timeZone: "UTC", lifetime: Story.ttl, sharesResults: isShared)
        story.was.hits = hits
        story.call(1, at: 0)
        story.call(1, at: 11 * 24)
        let answer = story.answer(ttl: 1)
        #expect(answer.spent == credits(2) && answer.saved == .zero)
        #expect(answer.exactness == exactness, "\(answer.reason)")
    }

    @Test("what a longer ttl saves leaves room in the budgets")
    func both() {
        var story = Story()
        story.call(1, at: 0)
        story.call(1, at: 11 * 24)
        story.call(2, at: 12 * 24)
        #expect(story.answer([enforced(.month, 2)]).refused == 1)
        let answer = story.answer([enforced(.month, 2)], ttl: 20)
        #expect(answer.refused == 0 && answer.hits == 1 && answer.spent == credits(2))
    }

    @Test("a refused call leaves no result")
    func refusedLeavesNone() {
        var story = Story()
        story.call(1, at: 0, estimate: 9)
        story.call(1, at: 11 * 24)
        #expect(story.answer([enforced(.day, 5)], ttl: 20).hits == 0)
    }
}

@Suite("Properties of replays")
struct WhatIfPropertyTests {
    /// A ledger in which a question costs the same each time.
    private func story(_ random: inout SeededGenerator) -> Story {
        var story = Story()
        var hour = -40 * 24
        for _ in 0..<60 {
            hour += Int.random(in: 1...40, using: &random)
            guard hour < 30 * 24 else { break }
            let question = UInt64.random(in: 1...6, using: &random)
            let cost = Int64(question)
            let endings: [ReplayRow.Ending] = [
                .settled(credits(cost)), .settled(credits(cost)), .released, .unconfirmed,
            ]
            story.call(
                question,
                at: hour,
                random.pick(endings),
                estimate: cost + Int64.random(in: -1...3, using: &random),
                takes: .seconds(Int.random(in: 1...20_000, using: &random))
            )
        }
        return story
    }

    @Test("the present settings change nothing; longer lifetimes and smaller limits never spend more")
    func properties() {
        var random = SeededGenerator()
        for _ in 0..<200 {
            let story = story(&random)
            let was = story.booked
            let same = story.answer([enforced(.total, 1_000_000)], ttl: 10)
            #expect(same.refused == 0 && same.spent == was.spent && same.unconfirmed == was.unconfirmed, "\(random)")
            #expect(same.exactness == .exact, "\(random)")
            var last = was.spent
            for days in [11, 14, 20, 30, 60] {
                let answer = story.answer(ttl: days)
                // A call that was not settled has no price, so only those that are compare.
                if !story.rows.contains(where: { $0.ending == .released || $0.ending == .unconfirmed }) {
                    #expect(answer.spent <= last, "\(days) days, \(random)")
                    last = answer.spent
                }
                #expect(answer.spent <= was.spent && answer.spent + answer.saved == was.spent, "\(random)")
            }
            // With estimates that are right and of one size, a smaller limit admits fewer calls.
            var even = Story()
            for row in story.rows where row.createdAt >= Story.start {
                even.rows.append(
                    ReplayRow(
                        isOfTeam: true,
                        cacheKey: row.cacheKey,
                        estimate: credits(1),
                        createdAt: row.createdAt,
                        ending: .settled(credits(1)),
                        endedAt: row.endedAt
                    )
                )
            }
            var most = even.booked.spent
            for limit in [50, 20, 8, 3, 1, 0] as [Int64] {
                let answer = even.answer([enforced(.week, limit)])
                #expect(
                    answer.spent <= most && answer.spent + credits(answer.refused) == even.booked.spent,
                    "\(random)"
                )
                most = answer.spent
            }
        }
    }

    @Test("the endings of a replay come in the order of time")
    func endings() {
        var random = SeededGenerator()
        var replay = BudgetReplay(
            [],
            of: Story.team,
            timeZone: "UTC",
            used: TeamUse(before: Story.days.lowerBound),
            grants: [],
            from: Story.start
        )
        let reservation = replay.admit(credits(1), at: Story.start)!
        var queue = EndingQueue()
        var moments = (0..<500).map { _ in Timestamp(seconds: Int64.random(in: 0...300, using: &random)) }
        for at in moments { queue.insert(EndingQueue.Entry(at: at, reservation: reservation, outcome: .released)) }
        moments.sort()
        #expect(queue.take(until: Timestamp(seconds: -1)) == nil)
        var taken: [Timestamp] = []
        while let entry = queue.take(until: Timestamp(seconds: 150)) { taken.append(entry.at) }
        #expect(taken == moments.filter { $0 <= Timestamp(seconds: 150) }, "\(random)")
        while let entry = queue.take(until: Timestamp(seconds: 300)) { taken.append(entry.at) }
        #expect(taken == moments, "\(random)")
    }
}
