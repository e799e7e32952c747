public import Budgeting
import JSON
public import Reporting
public import Vocabulary

/// Budgets, the ledger, and bills.
extension AlertCondition {
    /// A budget has reached a share of its limit: once per budget, share and window.
    ///
    /// - Parameter team: that a key belongs to.
    public init(_ crossing: ThresholdCrossing, team: TeamID?) {
        let budget = crossing.budget
        let (scope, id) = crossing.scope.names
        let kind = scope.rawValue
        let subject = "\(kind)|\(id)|\(budget.window.rawValue)|\(budget.isEnforced)|\(crossing.threshold)"
        var facts = AlertFacts(Self.text(of: crossing, kind, id))
        if case .team(let id) = crossing.scope { facts.team = id } else { facts.team = team }
        facts.window = budget.window.rawValue
        facts.threshold = crossing.threshold
        facts.credits = crossing.limit
        facts.spent = crossing.spent
        facts.others = [
            ("scope", .string(kind)), ("scope_id", id.isEmpty ? .null : .string(id)),
            ("enforce", .bool(budget.isEnforced)), ("unconfirmed", .credits(crossing.unconfirmed)),
            ("resets_at", .orNull(crossing.resetsAt) { .time($0) }),
        ]
        self.init(
            .budgetThreshold,
            "\(subject)|\(crossing.start.number)",
            .dated(until: crossing.resetsAt),
            facts
        )
    }

    private static func text(of crossing: ThresholdCrossing, _ kind: String, _ id: String) -> String {
        let owner = id.isEmpty ? "The organization" : "\(kind == "key" ? "Key" : "Team") \(id)"
        let used = crossing.spent.saturatingAdd(crossing.unconfirmed)
        let share = "\(MicroCredits(micros: crossing.threshold.saturatingMultiply(100))) %"
        let window = crossing.budget.window == .total ? "" : " of this \(crossing.budget.window.rawValue)"
        var text = "\(owner) has used \(used) of \(crossing.limit) credits\(window): \(share) of its budget is reached."
        if !crossing.budget.isEnforced { text += " The budget is not enforced." }
        if let end = crossing.resetsAt { text += " It starts anew at \(end.rfc3339)." }
        return text
    }

    /// More of the organization's recent credits than usual are unconfirmed; nil when they are not.
    ///
    /// - Parameters:
    ///   - share: how much may be, in millionths.
    ///   - days: how many days the amounts are of.
    public static func unconfirmed(
        spent: MicroCredits,
        unconfirmed: MicroCredits,
        above share: Int64,
        days: Int32
    ) -> AlertCondition? {
        let whole = Int128(spent.micros) + Int128(unconfirmed.micros)
        guard Int128(unconfirmed.micros) * 1_000_000 > whole * Int128(share) else { return nil }
        let limit = MicroCredits(micros: share.saturatingMultiply(100))
        var facts = AlertFacts(
            "\(unconfirmed) credits of the last \(days) days are unconfirmed, which is more than \(limit) % of what was "
                + "used: the vendor times out or breaks off. tollgate ledger unconfirmed lists what to look up there."
        )
        facts.threshold = share
        facts.credits = spent.saturatingAdd(unconfirmed)
        facts.spent = spent
        facts.others = [("unconfirmed", .credits(unconfirmed)), ("days", .integer(days))]
        return AlertCondition(.unconfirmedHigh, "organization", .lasting, facts)
    }

    /// A bill differs from the ledger; nil when it does not by more than the share.
    ///
    /// - Parameter share: in millionths of the greater of both.
    public static func drift(of compared: ComparedStatement, above share: Int64) -> AlertCondition? {
        let (statement, terms) = (compared.statement, compared.statement.terms)
        let whole = Int128(max(terms.credits.micros, compared.spent.micros))
        let drift = Int128(terms.credits.micros) - Int128(compared.spent.micros)
        guard drift.magnitude * 1_000_000 > whole.magnitude * UInt128(max(share, 0)) else { return nil }
        var facts = AlertFacts(
            "The bill of account \(terms.account) from \(terms.from) to \(terms.to) is \(terms.credits) credits, the ledger has "
                + "\(compared.spent) (drift \(compared.drift), unconfirmed \(compared.unconfirmed)). What is not unconfirmed "
                + "went past the gateway."
        )
        facts.threshold = share
        facts.credits = terms.credits
        facts.spent = compared.spent
        facts.others = [
            ("statement", .string(String(statement.id))), ("account", .string(terms.account.rawValue)),
            ("from", .string(terms.from)), ("to", .string(terms.to)), ("drift", .credits(compared.drift)),
            ("unconfirmed", .credits(compared.unconfirmed)),
        ]
        return AlertCondition(.statementDrift, String(statement.id), .dated(until: nil), facts)
    }
}
