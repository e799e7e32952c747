import Budgeting
import Caching
import EventLoops
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// One node of several that share a database: a store of its own, and the gate that decides for it.
final class SharedNode: Sendable {
    struct Refused: Error, Equatable { let scope: BudgetScope }

    typealias Answer = Result<AdmissionAnswer<Refused>, StoreFault>

    static let account = AccountID(rawValue: "default")
    let store: Store
    let gate: BudgetGate

    convenience init(
        at place: TemporaryStore,
        plan: BudgetPlan,
        onFatal: (@Sendable (StoreFault) -> Void)? = nil,
        onNews: @escaping @Sendable (NodeNews) -> Void = { _ in }
    ) throws {
        try self.init(place.open(onFatal: onFatal, onNews: onNews), plan: plan)
    }

    init(_ store: Store, plan: BudgetPlan) throws {
        self.store = store
        gate = BudgetGate(plan: plan, opening: try store.opening(), node: store.node, at: SystemClock.wall())
    }

    /// Asks for credits for a document of so many pages, each of which costs one credit.
    ///
    /// - Parameter question: what no other node may have under way.
    func admit(
        pages: Int = 1,
        team: String = "sales",
        upstreamKey: String = "main",
        question: UInt64? = nil,
        acceptsStoredAfter: Timestamp? = Timestamp(microseconds: .min),
        then: @escaping @Sendable (Answer) -> Void
    ) {
        let ask = ReservationAsk(
            team: TeamID(rawValue: team),
            key: TeamKeyID(rawValue: team + "-key"),
            account: Self.account,
            upstreamKey: UpstreamKeyID(rawValue: upstreamKey),
            documentID: "0b13c9f2-5148-4ffb-bb7b-00000000000\((question ?? 0) % 10)",
            model: "gpt-4o-mini",
            pages: pages,
            cacheKey: key(question ?? 0),
            requestID: "request"
        )
        let claim = question.map { number in
            QuestionClaim(
                key: key(number),
                account: Self.account,
                documentID: ask.documentID,
                team: ask.team,
                classifier: nil,
                acceptsStoredAfter: acceptsStoredAfter
            )
        }
        let order = AdmissionOrder<Refused>(
            scopes: { [.organization, .team(ask.team), .key(ask.key), .upstreamKey(ask.upstreamKey)] },
            gate: gate,
            claim: claim,
            decide: { [gate] id in
                switch gate.admit(ask, id: id, at: SystemClock.wall()) {
                case .admitted(let reservation): .success(reservation)
                case .denied(let denial): .failure(Refused(scope: denial.scope))
                }
            },
            withdraw: { [gate] in gate.withdraw($0) }
        )
        store.admit(order, whenDecided: {}, then: then)
    }

    func admitAndWait(
        pages: Int = 1,
        team: String = "sales",
        upstreamKey: String = "main",
        question: UInt64? = nil
    ) -> Answer {
        let answer = StorageTests.Answer<Answer>()
        admit(pages: pages, team: team, upstreamKey: upstreamKey, question: question) { answer.give($0) }
        return answer.wait()
    }

    /// The reservation of an ask that is to be admitted.
    func reserveAndWait(
        pages: Int = 1,
        team: String = "sales",
        upstreamKey: String = "main",
        question: UInt64? = nil
    ) throws -> Reservation {
        let answer = admitAndWait(pages: pages, team: team, upstreamKey: upstreamKey, question: question)
        guard case .admitted(let reservation) = try answer.get() else { throw TestFailure("\(answer)") }
        return reservation
    }

    /// Ends it in the store and then in memory, as a gateway does.
    ///
    /// - Parameter landing: for a reservation with a question.
    @discardableResult
    func endAndWait(
        _ reservation: Reservation,
        _ outcome: ReservationEnding.Outcome,
        lesson: Lesson = Lesson(),
        storing result: CachedResult? = nil,
        landing: Landing? = nil
    ) throws -> EndingAnswer {
        let ending = ending(reservation, outcome, lesson: lesson)
        if let credits = ending.costAboveEstimate { gate.raise(reservation, to: credits) }
        var stamped = StampedAnswer(
            result,
            key: reservation.ask.cacheKey,
            documentID: reservation.ask.documentID,
            team: reservation.ask.team,
            classifier: nil,
            asked: ResultCache(bytesMax: 0).purges.stamp()
        )
        stamped.landing = landing
        let answer = StorageTests.Answer<Result<EndingAnswer, StoreFault>>()
        store.end(ending, storing: stamped) { answer.give($0) }
        let ended = try answer.wait().get()
        gate.end(ending)
        return ended
    }

    func followAndWait(_ flight: ReservationID) throws -> LandingAnswer {
        let answer = StorageTests.Answer<Result<LandingAnswer, StoreFault>>()
        store.follow(flight) { answer.give($0) }
        return try answer.wait().get()
    }
}

extension TemporaryStore {
    /// What the balances of all nodes come to must be what the ledger says.
    func auditBalances() throws {
        let balances = try rows(
            """
            SELECT scope, scope_id, day, sum(spent), sum(unconfirmed), sum(reserved) FROM balances
            GROUP BY scope, scope_id, day ORDER BY scope, scope_id, day
            """
        )
        let sums = """
            sum(CASE WHEN state IN (1, 4) THEN credits ELSE 0 END), sum(CASE WHEN state = 3 THEN estimate ELSE 0 END),
            sum(CASE WHEN state = 0 THEN estimate ELSE 0 END) FROM ledger
            """
        let ledger = try rows(
            """
            SELECT * FROM (
                SELECT 'key' AS scope, key AS id, day, \(sums) GROUP BY key, day
                UNION ALL SELECT 'organization', '', day, \(sums) GROUP BY day
                UNION ALL SELECT 'team', team, day, \(sums) GROUP BY team, day
                UNION ALL SELECT 'upstream_key', upstream_key, day, \(sums) GROUP BY upstream_key, day
            ) AS found ORDER BY scope, id, day
            """
        )
        let used = balances.filter { !$0.hasSuffix(" 0 0 0") }
        #expect(used == ledger.filter { !$0.hasSuffix(" 0 0 0") })
    }
}

extension BudgetPlan {
    /// One credit for each page.
    static func ofPages(
        organization: [Budget] = [],
        teams: [TeamID: [Budget]] = [:],
        upstreamKeys: [UpstreamKeyID: MicroCredits] = [:]
    ) -> BudgetPlan {
        BudgetPlan(
            organization: organization,
            teams: teams,
            upstreamKeys: upstreamKeys,
            creditsPerPage: ["gpt-4o-mini": MicroCredits(micros: 1_000_000)]
        )
    }
}

func enforced(_ window: BudgetWindow, _ credits: Int64) -> Budget {
    Budget(window: window, limit: MicroCredits(micros: credits * 1_000_000), isEnforced: true)
}

func fail(_ comment: Comment) { Issue.record(comment) }
