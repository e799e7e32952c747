public import JSON
public import Vocabulary

/// What an alert is about: `docs/alerts.md` lists the kinds with their members.
public enum AlertKind: String, Sendable, CaseIterable {
    case budgetThreshold = "budget_threshold"
    case keyQuarantined = "key_quarantined"
    case keyExpiring = "key_expiring"
    case certificateExpiring = "certificate_expiring"
    case circuitOpen = "circuit_open"
    case unconfirmedHigh = "unconfirmed_high"
    case statementDrift = "statement_drift"
    /// Sent on an operator's word, to try the receiver.
    case test
}

/// A state of affairs that operators are to hear of once. Immutable.
public struct AlertCondition: Sendable {
    /// How long it is the same condition.
    public enum Course: Sendable, Equatable {
        /// Until it is over; when it begins anew, that is news.
        case lasting
        /// Until a moment, whether it still holds or not; nil for always.
        case dated(until: Timestamp?)
    }

    public let kind: AlertKind
    /// Tells it from all other conditions; equal as long as it is the same one.
    public let name: String
    public let course: Course
    public let facts: AlertFacts

    /// - Parameter subject: tells it from all others of its kind.
    public init(_ kind: AlertKind, _ subject: String, _ course: Course, _ facts: AlertFacts) {
        self.kind = kind
        name = "\(kind.rawValue)|\(subject)"
        self.course = course
        self.facts = facts
    }
}

/// What an alert says. Immutable. Holds no secret.
public struct AlertFacts: Sendable {
    /// The team concerned; nil when it is no single one.
    public var team: TeamID?
    /// The budget's window.
    public var window: String?
    /// The share that was reached, in millionths.
    public var threshold: Int64?
    /// The amount that it is a share of.
    public var credits: MicroCredits?
    public var spent: MicroCredits?
    /// Members of this kind only.
    public var others: [(name: String, value: JSONValue)] = []
    /// One line for people: what happened, and what to do.
    public var text: String

    public init(_ text: String) { self.text = text }

    /// The members of an alert without its identifier: those that every kind has, in a fixed order, then its own.
    public func json(_ kind: AlertKind, at moment: Timestamp) -> JSONValue {
        .object(
            [
                ("type", .string(kind.rawValue)), ("at", .time(moment)),
                ("team", .orNull(team) { .string($0.rawValue) }), ("window", .orNull(window) { .string($0) }),
                ("threshold", .orNull(threshold) { .millionths($0) }), ("credits", .orNull(credits) { .credits($0) }),
                ("spent", .orNull(spent) { .credits($0) }),
            ] + others + [("text", .string(text))]
        )
    }
}
