import Budgeting
import Vocabulary

func credits(_ count: Int64) -> MicroCredits { MicroCredits(micros: count * 1_000_000) }

func at(_ text: String) -> Timestamp { Timestamp(rfc3339: text)! }

func day(_ text: String) -> BudgetDay {
    BudgetDay(number: Int32(Timestamp(rfc3339: text + "T00:00:00Z")!.wholeSeconds / 86_400))
}

/// An ask whose estimate is one credit per page, as long as nothing was learned about its model.
func ask(
    team: String = "team",
    key: String = "key",
    upstreamKey: String = "primary",
    pages: Int? = 1,
    model: String = "model"
) -> ReservationAsk {
    ReservationAsk(
        team: TeamID(rawValue: team),
        key: TeamKeyID(rawValue: key),
        account: AccountID(rawValue: "default"),
        upstreamKey: UpstreamKeyID(rawValue: upstreamKey),
        documentID: "00000000-0000-0000-0000-000000000000",
        model: model,
        pages: pages,
        cacheKey: CacheKey(Digest(0, 0, 0, 0)),
        requestID: "request"
    )
}

func enforced(_ window: BudgetWindow, _ count: Int64) -> Budget {
    Budget(window: window, limit: credits(count), isEnforced: true)
}

func shadow(_ window: BudgetWindow, _ count: Int64) -> Budget {
    Budget(window: window, limit: credits(count), isEnforced: false)
}

func row(
    _ dayText: String,
    team: String = "team",
    key: String = "key",
    upstreamKey: String = "primary",
    spent: Int64 = 0,
    unconfirmed: Int64 = 0
) -> LedgerOpening.Row {
    LedgerOpening.Row(
        day: day(dayText),
        team: TeamID(rawValue: team),
        key: TeamKeyID(rawValue: key),
        upstreamKey: UpstreamKeyID(rawValue: upstreamKey),
        spent: credits(spent),
        unconfirmed: credits(unconfirmed)
    )
}

extension BudgetGate {
    convenience init(_ plan: BudgetPlan, rows: [LedgerOpening.Row] = [], at now: Timestamp) {
        var opening = LedgerOpening()
        opening.rows = rows
        self.init(plan: plan, opening: opening, node: 1, at: now)
    }

    func end(_ reservation: Reservation, _ outcome: ReservationEnding.Outcome, rate: PageRate? = nil) -> Bool {
        end(
            ReservationEnding(
                reservation: reservation,
                outcome: outcome,
                endedAt: reservation.createdAt,
                lesson: Lesson(rate: rate)
            )
        )
    }

    /// The remaining credits of the sample key.
    func remaining(at now: Timestamp) -> MicroCredits? {
        meter(team: TeamID(rawValue: "team"), key: TeamKeyID(rawValue: "key")).remaining(at: now)
    }
}

extension BudgetGate.Admission {
    var reservation: Reservation? {
        switch self {
        case .admitted(let reservation): reservation
        case .denied: nil
        }
    }

    var denial: Denial? {
        switch self {
        case .admitted: nil
        case .denied(let denial): denial
        }
    }
}
