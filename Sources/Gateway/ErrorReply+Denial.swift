import Budgeting
import Vocabulary

extension ErrorReply {
    /// `budget_exceeded` if a budget has no room for the request (`docs/api.md` §3), `no_upstream_key` if the account's
    /// upstream keys have spent their `monthly_credits` (`docs/faults.md` §4).
    ///
    /// - Parameter status: the status of `budget_exceeded`.
    init(_ denial: Denial, status: Int, now: Timestamp) {
        let budget = "\(Self.adjective(denial.window)) budget of \(Self.owner(denial.scope))"
        let granted = denial.granted == .zero ? "" : " and \(denial.granted) granted"
        var text =
            "The \(budget) has no room for this request: limit \(denial.limit)\(granted), spent \(denial.spent), "
            + "unconfirmed \(denial.unconfirmed), reserved \(denial.reserved), estimate \(denial.estimate) credits. "
        let reset = denial.resetsAt.map { "It resets at \($0.rfc3339)" } ?? "It does not reset"
        if denial.neverFits {
            text +=
                "\(reset), but the estimate alone is above the limit: ask about fewer pages with page_range, "
                + "or ask your gateway's operator for more."
        } else if denial.resetsAt != nil {
            text += "\(reset); wait until then or ask your gateway's operator for more."
        } else {
            text += "\(reset); ask your gateway's operator for more."
        }
        let wait = denial.resetsAt.map { max(1, Int(($0 - now).wholeNanoseconds / 1_000_000_000) + 1) }
        switch denial.scope {
        case .organization, .team, .key: self.init(status, .budgetExceeded, text, retryAfterSeconds: wait)
        case .upstreamKey: self.init(503, .noUpstreamKey, text, retryAfterSeconds: wait)
        }
    }

    private static func adjective(_ window: BudgetWindow) -> String {
        switch window {
        case .day: "daily"
        case .week: "weekly"
        case .month: "monthly"
        case .total: "total"
        }
    }

    private static func owner(_ scope: BudgetScope) -> String {
        switch scope {
        case .organization: "the organization"
        case .team(let team): "team \(team)"
        case .key(let key): "key \(key)"
        case .upstreamKey(let key): "the gateway's key \(key) at the vendor"
        }
    }
}
