import Budgeting
import EventLoops
import Metrics
import Vocabulary

/// What is said of budgets. From memory: the gate is asked for one scope at a time, so that no request waits long for
/// it.
extension SharedRooms {
    /// How many team keys with budgets are shown, and how many upstream keys: the first ones by name.
    private static let keysMax = 1_000
    private static let upstreamKeysMax = 256

    func writeBudgets(to text: inout MetricsText) {
        let (unconfirmed, reserved) = credits.outstanding
        text.begin(Self.unconfirmedFamily)
        text.sample(credits: unconfirmed)
        text.begin(Self.reservedFamily)
        text.sample(credits: reserved)
        text.begin(Self.openFamily)
        text.sample(value: Int64(openReservations))
        let rows = budgetRows
        for (family, amount) in Self.amounts {
            text.begin(family)
            for row in rows { text.sample(row.labels, credits: amount(row.standing)) }
        }
    }

    private struct BudgetRow {
        let labels: [String]
        let standing: BudgetStanding
    }

    private var budgetRows: [BudgetRow] {
        let now = SystemClock.wall()
        return shownScopes.flatMap { scope, kind, id in
            // Nothing of earlier days is needed.
            credits.standing(of: scope, days: 0, at: now).budgets.map { standing in
                let isEnforced = standing.budget.isEnforced ? "true" : "false"
                return BudgetRow(
                    labels: [kind, id, standing.budget.window.rawValue, isEnforced],
                    standing: standing
                )
            }
        }
    }

    private var shownScopes: [(BudgetScope, kind: String, id: String)] {
        let plan = credits.plan
        let keys = plan.keys.keys.sorted { $0.rawValue < $1.rawValue }.prefix(Self.keysMax)
        let upstream = plan.upstreamKeys.keys.sorted { $0.rawValue < $1.rawValue }.prefix(Self.upstreamKeysMax)
        return [(.organization, "organization", "")]
            + metrics.namedTeams.map { (.team($0.id), "team", $0.id.rawValue) }
            + keys.map { (.key($0), "key", $0.rawValue) }
            + upstream.map { (.upstreamKey($0), "upstream_key", $0.rawValue) }
    }

    private static let labels = ["scope", "id", "window", "enforced"]

    private static let amounts: [(MetricFamily, @Sendable (BudgetStanding) -> MicroCredits)] = [
        (family("limit", "The limit of a budget, without grants."), { $0.budget.limit }),
        (family("granted", "What grants add to the limit of a budget."), { $0.granted }),
        (family("spent", "What is spent of a budget in its running window."), { $0.spent }),
        (
            family("unconfirmed", "The estimates of reservations of the window whose cost is not known."),
            { $0.unconfirmed }
        ),
        (family("reserved", "What is held of a budget for requests under way."), { $0.reserved }),
        (family("remaining", "What is left of limit and grants, at least 0."), { $0.remaining }),
    ]

    private static func family(_ amount: String, _ help: String) -> MetricFamily {
        MetricFamily(.gauge, "tollgate_budget_\(amount)_credits", help, labels: labels)
    }

    private static let unconfirmedFamily = MetricFamily(
        .gauge,
        "tollgate_unconfirmed_credits",
        "The estimates of all reservations whose cost is not known, until they are resolved."
    )
    private static let reservedFamily = MetricFamily(
        .gauge,
        "tollgate_reserved_credits",
        "What is held for requests under way."
    )
    private static let openFamily = MetricFamily(
        .gauge,
        "tollgate_open_reservations",
        "Reservations whose ending is not on disk."
    )
}
