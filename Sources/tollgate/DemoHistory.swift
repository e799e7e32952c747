import Budgeting
import Cryptography
import EventLoops
import Keying
import Storage
import Vocabulary

/// A month of plausible traffic of five teams, for `tollgate demo --history`: the ledger of each day up to now, as a
/// gateway would have booked it, and the counts of hits beside it. The same for the same moment, so that pictures of it
/// can be compared.
struct DemoHistory {
    static let daysBack: Int32 = 30

    /// A team of the demo, and how much it asks.
    struct Team {
        let id: String
        let name: String
        /// Paid calls on an ordinary weekday.
        let calls: Double
        /// Credits a month; the last one is a shadow.
        let budget: Int
        let isEnforced: Bool

        var key: String { "\(id)-batch" }
    }

    static let teams = [
        Team(id: "accounts-payable", name: "Accounts Payable", calls: 17, budget: 2_600, isEnforced: true),
        Team(id: "claims", name: "Claims", calls: 12, budget: 1_500, isEnforced: true),
        Team(id: "legal", name: "Legal", calls: 7, budget: 1_800, isEnforced: true),
        Team(id: "mailroom", name: "Mailroom", calls: 20, budget: 2_400, isEnforced: true),
        Team(id: "people", name: "People", calls: 4, budget: 300, isEnforced: false),
    ]
    /// Credits a month of all teams together.
    static let organizationBudget = 9_000

    private(set) var charges: [ReservationEnding] = []
    private(set) var usage: [UsageRow] = []
    private(set) var uses: [TeamKeyUse] = []

    private let calendar: BudgetCalendar
    private let now: Timestamp
    private let hasher = SHA256Hasher()
    private let schemas = SchemaMemory()
    private var chance = DemoChance(seed: 20_261_129)
    /// Documents that were paid for, of which some are asked about in another way later.
    private var documents: [(id: String, pages: Int)] = []

    init(calendar: BudgetCalendar, now: Timestamp) throws(KeyingFault) {
        self.calendar = calendar
        self.now = now
        let today = calendar.day(of: now)
        for back in stride(from: Self.daysBack - 1, through: 0, by: -1) {
            for team in Self.teams { try add(team, on: BudgetDay(number: today.number - back), back: back) }
        }
    }

    // MARK: Days

    private mutating func add(_ team: Team, on day: BudgetDay, back: Int32) throws(KeyingFault) {
        let start = calendar.start(of: day)
        let length = calendar.start(of: BudgetDay(number: day.number + 1)).microseconds - start.microseconds
        let passed = Double(min(now.microseconds - start.microseconds, length)) / Double(length)
        // 1970-01-01 was a Thursday.
        let isWeekend = (day.number + 3) % 7 >= 5
        let calls = Int(team.calls * (isWeekend ? 0.25 : 1) * passed * chance.between(0.8, 1.25))
        var saved = Int64(0)
        var counts = UsageCounts()
        // Clients learn to ask the same question, so that more and more is there already.
        let hitsPerCall = 0.7 + 1.6 * Double(Self.daysBack - back) / Double(Self.daysBack)
        for index in 0..<calls {
            let offset = Int64(Double(length) * passed * (Double(index) + chance.between(0, 1)) / Double(calls))
            let pages = try charge(team, day, Timestamp(microseconds: start.microseconds + offset), back)
            counts.misses += 1
            let hits = Int64(hitsPerCall * chance.between(0.2, 2))
            counts.hits += hits
            saved += hits * Int64(pages)
            if chance.between(0, 1) < 0.1 {
                counts.collapsed += 1
                saved += Int64(pages)
            }
        }
        if team.id == "mailroom", !isWeekend { counts.denied += Int64(chance.between(0, 4)) }
        guard counts.requests > 0 else { return }
        counts.saved = MicroCredits(micros: saved * 1_000_000)
        let key = TeamKeyID(rawValue: team.key)
        let id = TeamID(rawValue: team.id)
        usage.append(UsageRow(day: day, team: id, key: key, model: "gpt-4o-mini", counts: counts))
        if let last = charges.last?.endedAt { uses.append(TeamKeyUse(key: key, at: last)) }
    }

    /// One call that was paid for, or perhaps not.
    ///
    /// - Returns: the pages that it asked about.
    private mutating func charge(
        _ team: Team,
        _ day: BudgetDay,
        _ at: Timestamp,
        _ back: Int32
    ) throws(KeyingFault) -> Int {
        let again = documents.isEmpty || chance.between(0, 1) > 0.09 ? nil : documents[chance.below(documents.count)]
        let document = again ?? (id: chance.uuid(), pages: 1 + chance.below(6))
        if again == nil { documents.append(document) }
        let body = again == nil ? DemoQuestion.ordinary(document) : DemoQuestion.other(document, &chance)
        let request = try ClassifyReader().read(body.span, schemaOrder: .insignificant)
        let scope = KeyScope(account: AccountID(rawValue: "default"), team: nil)
        let estimate = MicroCredits(micros: Int64(document.pages) * 1_000_000)
        let reservation = Reservation(
            id: ReservationID(rawValue: ReservationID.smallest(at: at).rawValue + Int64(charges.count % 4_096)),
            day: day,
            ask: ReservationAsk(
                team: TeamID(rawValue: team.id),
                key: TeamKeyID(rawValue: team.key),
                account: scope.account,
                upstreamKey: UpstreamKeyID(rawValue: "demo"),
                documentID: request.documentID,
                model: request.model,
                pages: document.pages,
                cacheKey: request.key(in: scope, with: hasher),
                requestID: chance.uuid()
            ),
            estimate: estimate,
            createdAt: at
        )
        charges.append(
            ReservationEnding(
                reservation: reservation,
                outcome: outcome(estimate, back),
                endedAt: min(now, at + .milliseconds(900 + chance.below(2_000))),
                question: PaidQuestion(
                    parts: request.parts(schemas.parts(of: request, with: hasher), with: hasher),
                    isTeamScoped: false,
                    noCache: false,
                    noStore: false,
                    maxAgeSeconds: nil,
                    lifetimeMicroseconds: 30 * 86_400 * 1_000_000
                )
            )
        )
        return document.pages
    }

    private mutating func outcome(_ estimate: MicroCredits, _ back: Int32) -> ReservationEnding.Outcome {
        // A few of the last days wait for an operator.
        if back < 4, chance.between(0, 1) < 0.02 { return .unconfirmed }
        return .settled(estimate)
    }
}

extension DemoHistory {
    /// Writes all of it into a store that is not there yet. Blocks.
    func write(to path: String) throws(StoreFault) {
        let store = try Store.open(path: path) { _ in }
        defer { store.close() }
        let fault = Guarded<StoreFault?>(nil)
        for ending in charges {
            store.charge(ending) { result in
                if case .failure(let found) = result { fault.withLock { $0 = $0 ?? found } }
            }
        }
        // Answered in the order in which they were asked, so all charges are by then.
        for (day, rows) in Dictionary(grouping: usage, by: \.day).sorted(by: { $0.key < $1.key }) {
            // Counts of the last 24 hours are kept by their moment.
            var report = UsageReport(at: min(now, calendar.start(of: BudgetDay(number: day.number + 1)) + .seconds(-1)))
            report.rows = rows
            report.uses = uses
            let answer = Handover<Result<Void, StoreFault>>()
            store.add(report) { answer.give($0) }
            try answer.take().get()
        }
        if let fault = fault.withLock({ $0 }) { throw fault }
    }
}
