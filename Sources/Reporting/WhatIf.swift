public import Budgeting
public import Vocabulary

/// What a period would have come to for a team under other budgets, another freshness lifetime, or both: a replay of
/// the ledger. Pure.
///
/// The ledger has a row for each call that was paid for, and none for hits, collapsed and refused requests, of which
/// only the roll-ups tell how many there were. So the replay is about paid calls; what it cannot know is told with the
/// answer (`WhatIfAnswer.exactness`). `docs/api.md` §6 says for users what follows from that.
///
/// It is fed in this order: `recall` with rows before the period, the newest first, if `recalls` says so; `take` with
/// the period's rows, in the order of identifiers; `finish`.
public struct WhatIf: Sendable {
    /// The maximum number of rows of the ledger that one replay looks at, and how many of them before the period.
    public static let rowsMax = 1_000_000
    public static let earlierRowsMax = 400_000
    /// How many rows are asked for at a time, so that other lists of the store get their turn.
    public static let rowsAtATime = 4_000

    /// What is asked.
    public struct Question: Sendable, Equatable {
        public let team: TeamID
        public let period: ReportPeriod
        /// In place of the team's own; nil for no change.
        public let budgets: [Budget]?
        /// In place of `cache.ttl`; nil for no change.
        public let lifetime: Duration?

        public init(team: TeamID, period: ReportPeriod, budgets: [Budget]?, lifetime: Duration?) {
            self.team = team
            self.period = period
            self.budgets = budgets
            self.lifetime = lifetime
        }
    }

    /// What is in force now; it is taken to have been in force in the period.
    public struct Setting: Sendable, Equatable {
        /// The identifier of an existing time zone.
        public let timeZone: String
        /// `cache.ttl`.
        public let lifetime: Duration
        /// Whether the team's results serve other teams too, and theirs it.
        public let sharesResults: Bool

        public init(timeZone: String, lifetime: Duration, sharesResults: Bool) {
            self.timeZone = timeZone
            self.lifetime = lifetime
            self.sharesResults = sharesResults
        }
    }

    public let question: Question
    private let setting: Setting
    private let calendar: BudgetCalendar
    private var budgets: BudgetReplay?
    private var questions: QuestionBook?
    private var endings = EndingQueue()

    private var rowsLeft = Self.rowsMax
    private var earlierRowsLeft = Self.earlierRowsMax
    /// The part of the ledger that `recall` or `take` gets next.
    public private(set) var nextPart: ReplayPart?
    private var isRecalling = false

    private var answer = WhatIfAnswer()
    /// What the team's rows really came to.
    private var real = SpendCounts()
    private var openCount: Int64 = 0
    /// Calls for a question that had a fresh result.
    private var anywayCount: Int64 = 0
    /// Charges without a reservation.
    private var chargeCount: Int64 = 0
    private var crossesTeams = false
    private var lastAt: Timestamp?
    private var forgetsEarlier = false
    private var stopsEarly = false

    /// - Parameters:
    ///   - used: what the team had spent before the period.
    ///   - grants: of the team.
    public init(_ question: Question, under setting: Setting, used: TeamUse, grants: [Grant]) {
        self.question = question
        self.setting = setting
        guard let calendar = BudgetCalendar(timeZone: setting.timeZone) else {
            preconditionFailure("a setting with the time zone \(setting.timeZone), which does not exist")
        }
        self.calendar = calendar
        let start = calendar.start(of: question.period.days.lowerBound)
        if let budgets = question.budgets {
            self.budgets = BudgetReplay(
                budgets,
                of: question.team,
                timeZone: setting.timeZone,
                used: used,
                grants: grants,
                from: start
            )
        }
        if let lifetime = question.lifetime, lifetime > setting.lifetime {
            questions = QuestionBook(lifetime: setting.lifetime, newLifetime: lifetime)
            isRecalling = true
            let first = ReservationID.smallest(at: start + (.zero - lifetime))
            nextPart = part(first..<ReservationID.smallest(at: start), isNewestFirst: true)
        } else {
            nextPart = periodPart
        }
        answer.until = calendar.start(of: question.period.days.upperBound)
    }

    private var periodPart: ReplayPart {
        let days = question.period.days
        let first = ReservationID.smallest(at: calendar.start(of: days.lowerBound))
        return part(first..<max(first, .smallest(at: calendar.start(of: days.upperBound))), isNewestFirst: false)
    }

    private func part(_ ids: Range<ReservationID>, isNewestFirst: Bool) -> ReplayPart {
        ReplayPart(
            ids: ids,
            isNewestFirst: isNewestFirst,
            team: question.team,
            includesOthers: questions != nil,
            count: Self.rowsAtATime
        )
    }

    /// Takes the rows of `nextPart`, and goes on to the next one.
    public mutating func take(_ rows: ReplayRows) {
        guard let part = nextPart else { preconditionFailure("rows behind the last part") }
        rowsLeft -= rows.count
        if isRecalling {
            for row in rows.rows { questions?.recall(row) }
            earlierRowsLeft -= rows.count
            let rest = part.rest(behind: rows)
            forgetsEarlier = rest != nil && earlierRowsLeft <= 0
            isRecalling = rest != nil && !forgetsEarlier
            nextPart = isRecalling ? rest : periodPart
        } else {
            for row in rows.rows { take(row) }
            nextPart = part.rest(behind: rows)
            guard nextPart != nil, rowsLeft <= 0 else { return }
            nextPart = nil
            stopsEarly = true
            answer.until = lastAt ?? calendar.start(of: question.period.days.lowerBound)
        }
    }

    private mutating func take(_ row: ReplayRow) {
        lastAt = row.createdAt
        if row.isOfTeam { note(row) }
        switch questions?.fate(of: row) {
        case .hit(let crossesTeams)?:
            if crossesTeams { self.crossesTeams = true }
            guard row.isOfTeam else { return }
            answer.hits = answer.hits.saturatingAdd(1)
            answer.saved = answer.saved.saturatingAdd(row.spent)
            return
        case .paymentAnyway?: if row.isOfTeam { anywayCount = anywayCount.saturatingAdd(1) }
        case .payment?, nil: break
        }
        guard row.isOfTeam else {
            questions?.pay(row)
            return
        }
        guard admits(row) else {
            answer.refused = answer.refused.saturatingAdd(1)
            if answer.refusedFrom == nil { answer.refusedFrom = row.createdAt }
            questions?.lose(row)
            return
        }
        questions?.pay(row)
        answer.spent = answer.spent.saturatingAdd(row.spent)
        answer.unconfirmed = answer.unconfirmed.saturatingAdd(row.unconfirmed)
    }

    private mutating func note(_ row: ReplayRow) {
        answer.calls = answer.calls.saturatingAdd(1)
        real.spent = real.spent.saturatingAdd(row.spent)
        real.unconfirmed = real.unconfirmed.saturatingAdd(row.unconfirmed)
        if row.ending == .open { openCount = openCount.saturatingAdd(1) }
    }

    /// Whether the other budgets have room, if there are any; what is admitted ends when it really ended.
    private mutating func admits(_ row: ReplayRow) -> Bool {
        guard budgets != nil else { return true }
        while let ending = endings.take(until: row.createdAt) {
            budgets?.end(ending.reservation, ending.outcome, at: ending.at)
        }
        if row.isCharge {
            chargeCount = chargeCount.saturatingAdd(1)
            return budgets?.charge(row.spent, at: row.createdAt) ?? true
        }
        guard let reservation = budgets?.admit(row.estimate, at: row.createdAt) else { return false }
        if let outcome = row.outcome, let moment = row.endedAt {
            endings.insert(EndingQueue.Entry(at: moment, reservation: reservation, outcome: outcome))
        }
        return true
    }

    // MARK: The answer

    /// - Parameter was: what the team's requests of the period really came to, from the roll-ups.
    public mutating func finish(was: SpendCounts) -> WhatIfAnswer {
        answer.was = was
        answer.shadowRefused = budgets?.takeShadowRefusals() ?? 0
        answer.doubts = doubts(was)
        return answer
    }

    private func doubts(_ was: SpendCounts) -> [WhatIfAnswer.Doubt] {
        var doubts: [WhatIfAnswer.Doubt] = []
        if stopsEarly { doubts.append(.stopped(rows: Self.rowsMax)) }
        if !stopsEarly, real.spent != was.spent || real.unconfirmed != was.unconfirmed {
            doubts.append(
                .ledgerDiffers(
                    ledger: real.spent.saturatingAdd(real.unconfirmed),
                    was: was.spent.saturatingAdd(was.unconfirmed)
                )
            )
        }
        if openCount > 0 { doubts.append(.open(openCount)) }
        if was.denied > 0, question.budgets != nil || answer.hits > 0 { doubts.append(.denied(was.denied)) }
        let served = was.hits.saturatingAdd(was.collapsed)
        if answer.refused > 0, served > 0 { doubts.append(.servedWithoutPayment(served)) }
        if answer.refused > 0, chargeCount > 0 { doubts.append(.charged(chargeCount)) }
        if let lifetime = question.lifetime { doubts += self.doubts(of: lifetime, was) }
        return doubts
    }

    private func doubts(of lifetime: Duration, _ was: SpendCounts) -> [WhatIfAnswer.Doubt] {
        if lifetime > setting.lifetime {
            var doubts: [WhatIfAnswer.Doubt] = forgetsEarlier ? [.forgotten(rows: Self.earlierRowsMax)] : []
            if anywayCount > 0 { doubts.append(.paidAnyway(anywayCount)) }
            if answer.hits > 0 { doubts.append(.renewed) }
            let paysAfterHit = questions?.paysAfterHit ?? false
            if crossesTeams || (setting.sharesResults && paysAfterHit) { doubts.append(.crossesTeams) }
            return doubts
        }
        guard lifetime < setting.lifetime else { return [] }
        switch (was.hits > 0, setting.sharesResults) {
        case (false, false): return []
        case (true, false): return [.aged(was.hits)]
        case (false, true): return [.paidByOthers]
        case (true, true): return [.aged(was.hits), .paidByOthers]
        }
    }
}

extension ReplayRow {
    /// What it is known to have cost.
    fileprivate var spent: MicroCredits {
        switch ending {
        case .settled(let credits), .resolved(let credits): credits
        case .open, .released, .unconfirmed: .zero
        }
    }

    fileprivate var unconfirmed: MicroCredits { ending == .unconfirmed ? estimate : .zero }

    /// How its reservation ends in the budgets. What was resolved held its estimate until then, as an open one does.
    fileprivate var outcome: ReservationEnding.Outcome? {
        switch ending {
        case .open: nil
        case .settled(let credits), .resolved(let credits): .settled(credits)
        case .released: .released
        case .unconfirmed: .unconfirmed
        }
    }
}
