public import Vocabulary

/// The vendor's bill for one account and period, as an operator entered it. Immutable.
public struct VendorStatement: Sendable, Equatable {
    /// Ascends with the time of entry.
    public let id: Int64
    public let terms: VendorStatementTerms
    public let createdAt: Timestamp

    public init(id: Int64, terms: VendorStatementTerms, createdAt: Timestamp) {
        self.id = id
        self.terms = terms
        self.createdAt = createdAt
    }
}

/// What a bill says.
public struct VendorStatementTerms: Sendable, Equatable {
    public let account: AccountID
    public let period: ReportPeriod
    /// Both ends of the period as they were given: a day like `2026-11-01`, or a moment in UTC.
    public let from: String
    public let to: String
    /// Zero or more.
    public let credits: MicroCredits

    public init(account: AccountID, period: ReportPeriod, from: String, to: String, credits: MicroCredits) {
        self.account = account
        self.period = period
        self.from = from
        self.to = to
        self.credits = credits
    }
}

/// A bill beside what the ledger has booked to its account on its days, at the moment of reading.
public struct ComparedStatement: Sendable, Equatable {
    public let statement: VendorStatement
    /// Without `unconfirmed`.
    public let spent: MicroCredits
    public let unconfirmed: MicroCredits

    public init(statement: VendorStatement, spent: MicroCredits, unconfirmed: MicroCredits) {
        self.statement = statement
        self.spent = spent
        self.unconfirmed = unconfirmed
    }

    /// The billed credits that the ledger has not booked as spent; negative when it has booked more.
    public var drift: MicroCredits { statement.terms.credits - spent }
}
