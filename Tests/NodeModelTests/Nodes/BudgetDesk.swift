import Vocabulary

@testable import Budgeting

/// The gateway's own budget book, filled with what was read under the locks: it decides the admissions of one batch.
struct BudgetDesk {
    private var book: BudgetBook
    private let now: Timestamp

    init(limits: Limits, balances: [BalanceChange], at milliseconds: Int) {
        now = Timestamp(microseconds: Int64(milliseconds) * 1_000)
        let organization = Budget(window: .total, limit: Self.credits(limits.organization), isEnforced: true)
        let team = Budget(window: .day, limit: Self.credits(limits.team), isEnforced: true)
        let plan = BudgetPlan(
            organization: [organization],
            teams: [Self.teams[0]: [team], Self.teams[1]: [team]]
        )
        book = BudgetBook(plan: plan, opening: LedgerOpening(), node: 0, at: now)
        for row in balances {
            let change = Balance(
                spent: Int128(row.change.spent),
                unconfirmed: Int128(row.change.unconfirmed),
                reserved: Int128(row.change.reserved)
            )
            book.add(change, on: BudgetDay(number: Int32(row.day)), to: book.takePosition(Self.scope(row.scope)))
        }
    }

    /// The day that it is booked to; nil when it is denied.
    mutating func admit(key: Int, upstreamKey: Int) -> Int? {
        let ask = ReservationAsk(
            team: Self.teams[Places.team(of: key)],
            key: Self.keys[key],
            account: Self.account,
            upstreamKey: Self.upstreamKeys[upstreamKey],
            documentID: "document",
            model: "model",
            pages: 1,
            cacheKey: CacheKey(Digest(0, 0, 0, 0)),
            requestID: "request"
        )
        switch book.admit(ask, estimatedAt: Self.credits(Places.estimate), at: now) {
        case .admitted(let reservation): return Int(reservation.day.number)
        case .denied: return nil
        }
    }

    private static func credits(_ count: Int) -> MicroCredits { MicroCredits(micros: Int64(count)) }

    private static let teams = [TeamID(rawValue: "team0"), TeamID(rawValue: "team1")]
    private static let keys = (0..<Places.keys).map { TeamKeyID(rawValue: "key\($0)") }
    private static let upstreamKeys = (0..<Places.upstreamKeys).map { UpstreamKeyID(rawValue: "upstream\($0)") }
    private static let account = AccountID(rawValue: "account")

    private static func scope(_ number: Int) -> BudgetScope {
        switch number {
        case 0: .organization
        case 1, 2: .team(teams[number - 1])
        case 3, 4, 5: .key(keys[number - 3])
        default: .upstreamKey(upstreamKeys[number - 6])
        }
    }
}
