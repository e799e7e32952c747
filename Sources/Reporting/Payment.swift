public import Budgeting
public import Vocabulary

/// A payment for a document: a reservation that was settled at a cost, or left unconfirmed.
public struct Payment: Sendable, Equatable {
    /// The parts of the question that are kept.
    public struct Parts: Sendable, Equatable {
        /// Digests, as `QuestionParts` describes them.
        public let labels: Int64
        public let schema: Int64
        public let otherMembers: Int64?
        /// Nil for all pages.
        public let pages: String?
        /// The request carried `no-store`.
        public let isNoStore: Bool
        /// Whether its result was shared within its team alone.
        public let isTeamScoped: Bool

        public init(
            labels: Int64,
            schema: Int64,
            otherMembers: Int64?,
            pages: String?,
            isNoStore: Bool,
            isTeamScoped: Bool
        ) {
            self.labels = labels
            self.schema = schema
            self.otherMembers = otherMembers
            self.pages = pages
            self.isNoStore = isNoStore
            self.isTeamScoped = isTeamScoped
        }
    }

    public let id: ReservationID
    public let team: TeamID
    public let key: CacheKey
    /// May be cut.
    public let model: String
    public let endedAt: Timestamp
    /// Whether its result was stored; nil when that is not known.
    public let isKept: Bool?
    /// Nil when they are not known: the payment is older than this record, or a crash cut its request.
    public let parts: Parts?

    public init(
        id: ReservationID,
        team: TeamID,
        key: CacheKey,
        model: String,
        endedAt: Timestamp,
        isKept: Bool?,
        parts: Parts?
    ) {
        self.id = id
        self.team = team
        self.key = key
        self.model = model
        self.endedAt = endedAt
        self.isKept = isKept
        self.parts = parts
    }

    /// The team that alone can use the result; nil when the organization shares it, or when that is not known.
    var scope: TeamID? { parts?.isTeamScoped == true ? team : nil }
}

/// A part of a question that can differ between two payments.
public enum QuestionPart: String, Sendable, CaseIterable {
    case schemaLabels = "schema_labels"
    case schemaText = "schema_text"
    case pageRange = "page_range"
    case model
    case otherMembers = "other_members"
}

extension Payment {
    /// The parts that differ between two payments, in the order of `QuestionPart`; nil when the parts of one are not
    /// known. The descriptions are not compared when the labels differ.
    public func differingParts(from other: Payment) -> [QuestionPart]? {
        guard let parts, let others = other.parts else { return nil }
        return QuestionPart.allCases.filter { part in
            switch part {
            case .schemaLabels: parts.labels != others.labels
            case .schemaText: parts.labels == others.labels && parts.schema != others.schema
            case .pageRange: parts.pages.map { Array($0.utf8) } != others.pages.map { Array($0.utf8) }
            case .model: !model.utf8.elementsEqual(other.model.utf8)
            case .otherMembers: parts.otherMembers != others.otherMembers
            }
        }
    }
}
