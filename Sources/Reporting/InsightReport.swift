public import Budgeting
public import Vocabulary

/// What was paid for more than once, and why.
public struct InsightReport: Sendable, Equatable {
    /// Payments that repeated others, and what they came to.
    public struct Sum: Sendable, Equatable {
        public var credits: MicroCredits
        public var requests: Int64

        public init(credits: MicroCredits = .zero, requests: Int64 = 0) {
            self.credits = credits
            self.requests = requests
        }

        public mutating func add(_ other: Sum) {
            credits = credits.saturatingAdd(other.credits)
            requests = requests.saturatingAdd(other.requests)
        }
    }

    /// One reason between two teams.
    public struct Group: Sendable, Equatable {
        public let reason: RepeatReason
        /// The team that paid first.
        public let firstTeam: TeamID
        /// The team that paid again; may be the same.
        public let team: TeamID
        public let sum: Sum

        public init(reason: RepeatReason, firstTeam: TeamID, team: TeamID, sum: Sum) {
            self.reason = reason
            self.firstTeam = firstTeam
            self.team = team
            self.sum = sum
        }
    }

    /// One of two payments of an example.
    public struct Entry: Sendable, Equatable {
        public let id: ReservationID
        public let team: TeamID
        public let requestID: String
        public let createdAt: Timestamp
        public let credits: MicroCredits
        /// Whether the credits are the estimate, since nobody knows what the vendor charged.
        public let isUnconfirmed: Bool

        public init(
            id: ReservationID,
            team: TeamID,
            requestID: String,
            createdAt: Timestamp,
            credits: MicroCredits,
            isUnconfirmed: Bool
        ) {
            self.id = id
            self.team = team
            self.requestID = requestID
            self.createdAt = createdAt
            self.credits = credits
            self.isUnconfirmed = isUnconfirmed
        }
    }

    /// A pair of payments for one document.
    public struct Example: Sendable, Equatable {
        public let documentID: String
        /// Nil when it is no longer in the ledger.
        public let first: Entry?
        public let again: Entry
        /// At most `differencesMax`.
        public let differences: [QuestionDifference]
        /// How many more differences there are.
        public let moreDifferences: Int

        public static let differencesMax = 10

        public init(documentID: String, first: Entry?, again: Entry, differences: [QuestionDifference]) {
            self.documentID = documentID
            self.first = first
            self.again = again
            self.differences = Array(differences.prefix(Self.differencesMax))
            moreDifferences = max(0, differences.count - Self.differencesMax)
        }
    }

    public struct Item: Sendable, Equatable {
        public let group: Group
        /// The newest ones; none for groups beyond `groupsWithExamples`.
        public let examples: [Example]

        public init(group: Group, examples: [Example]) {
            self.group = group
            self.examples = examples
        }
    }

    /// How many groups have examples, and how many each: a report is read and written in bounded time.
    public static let groupsWithExamples = 50
    public static let examplesMax = 3

    /// By credits, the most first.
    public let items: [Item]
    /// The sum of the items.
    public let total: Sum
    /// The same question again for none of the reasons.
    public let unexplained: Sum
    /// Repeats of payments of which it is not known what they were for.
    public let unknown: Sum

    /// - Parameters:
    ///   - groups: each reason and pair of teams once, in any order.
    ///   - examples: asked for the groups that come first.
    public init(_ groups: [Group], examples: (Group) throws -> [Example]) rethrows {
        let explained = groups.filter(\.reason.isExplained).sorted { left, right in
            let credits = (left.sum.credits, right.sum.credits)
            return credits.0 == credits.1 ? left.order < right.order : credits.0 > credits.1
        }
        items = try explained.enumerated().map { place, group in
            Item(group: group, examples: place < Self.groupsWithExamples ? try examples(group) : [])
        }
        let sum = { (wanted: (RepeatReason) -> Bool) in
            groups.reduce(into: Sum()) { if wanted($1.reason) { $0.add($1.sum) } }
        }
        total = sum(\.isExplained)
        unexplained = sum { $0 == .unexplained }
        unknown = sum { $0 == .unknown }
    }
}

extension InsightReport.Group {
    /// Makes the order of groups with equal credits definite.
    fileprivate var order: (String, String, String) { (reason.rawValue, firstTeam.rawValue, team.rawValue) }
}

/// The stored record of repeated payments.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's.
public protocol InsightStore: Sendable {
    /// The repeated payments whose reservations have identifiers in this range.
    ///
    /// - Parameter team: the team that paid again; nil for all.
    func insights(
        over range: Range<ReservationID>,
        team: TeamID?,
        then: @escaping @Sendable (Result<InsightReport, StoreFault>) -> Void
    )
}
