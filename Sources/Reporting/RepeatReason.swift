public import Vocabulary

/// Why the cache could not answer a request whose document the account had paid for before.
public enum RepeatReason: String, Sendable, CaseIterable {
    case schemaLabels = "schema_labels"
    case schemaText = "schema_text"
    case pageRange = "page_range"
    case model
    case otherMembers = "other_members"
    case noStore = "no_store"
    case scope
    case expired
    case purged
    case noCache = "no_cache"
    /// The same question, and none of the reasons: its reply was not storable, its outcome was lost, or the result was
    /// on another node.
    case unexplained
    /// What the earlier payment was for is not known.
    case unknown

    /// Whether it says what could be changed.
    public var isExplained: Bool {
        switch self {
        case .schemaLabels, .schemaText, .pageRange, .model, .otherMembers, .noStore, .scope, .expired, .purged,
            .noCache:
            true
        case .unexplained, .unknown: false
        }
    }

    init(_ part: QuestionPart) {
        self =
            switch part {
            case .schemaLabels: .schemaLabels
            case .schemaText: .schemaText
            case .pageRange: .pageRange
            case .model: .model
            case .otherMembers: .otherMembers
            }
    }
}

/// A payment at the moment at which it is booked, with what decides whether an earlier result could have answered it.
public struct LaterPayment: Sendable {
    public let payment: Payment
    /// When its request was admitted.
    public let createdAt: Timestamp
    public let noCache: Bool
    public let noStore: Bool
    public let maxAgeSeconds: Int64?
    /// How long a result was fresh at that time.
    public let lifetimeMicroseconds: Int64
    /// Whether the store has a result for its question, not counting the one that it paid for.
    public let isResultThere: Bool

    public init(
        payment: Payment,
        createdAt: Timestamp,
        noCache: Bool,
        noStore: Bool,
        maxAgeSeconds: Int64?,
        lifetimeMicroseconds: Int64,
        isResultThere: Bool
    ) {
        self.payment = payment
        self.createdAt = createdAt
        self.noCache = noCache
        self.noStore = noStore
        self.maxAgeSeconds = maxAgeSeconds
        self.lifetimeMicroseconds = lifetimeMicroseconds
        self.isResultThere = isResultThere
    }

    /// The earlier payment that comes closest, and why its result was not the answer; nil without an earlier one.
    ///
    /// Closest is the one of the same question, else the one that differs in the fewest parts, another scope counted as
    /// one; of several the latest. One whose parts are not known comes last.
    public func repeated(among earlier: [Payment]) -> (first: Payment, reason: RepeatReason)? {
        let first = earlier.min { left, right in
            let distances = (distance(to: left), distance(to: right))
            if distances.0 != distances.1 { return distances.0 < distances.1 }
            return (left.endedAt, left.id) > (right.endedAt, right.id)
        }
        return first.map { ($0, reason(against: $0)) }
    }

    private func distance(to other: Payment) -> Int {
        if other.key == payment.key { return 0 }
        guard let parts = payment.differingParts(from: other) else { return .max }
        return 1 + parts.count + (other.scope == payment.scope ? 0 : 1)
    }

    /// Parts that differ come first, in the order of `QuestionPart`. For the same question it is the first obstacle on
    /// the way from the earlier payment to this request: the result was never kept, was kept out of reach, went out of
    /// date, was removed, or was not wanted.
    private func reason(against first: Payment) -> RepeatReason {
        if first.key != payment.key {
            guard let parts = payment.differingParts(from: first) else { return .unknown }
            if let part = parts.first { return RepeatReason(part) }
        }
        if first.parts?.isNoStore == true { return .noStore }
        if first.isKept == false { return .unexplained }
        if first.parts != nil, first.scope != payment.scope { return .scope }
        // The same parts under another key: keys of this version and of an earlier one.
        guard first.key == payment.key else { return .unexplained }
        if isOlder(first, than: lifetimeMicroseconds) { return .expired }
        if !isResultThere { return first.isKept == nil ? .unknown : .purged }
        if noStore { return .noStore }
        if noCache { return .noCache }
        if let maxAgeSeconds, isOlder(first, than: maxAgeSeconds.saturatingMultiply(1_000_000)) { return .noCache }
        return .unexplained
    }

    /// RFC 9111 §4.2: a result is fresh while its lifetime exceeds its age. After a step of the clock the age is at
    /// least 0, as for hits.
    private func isOlder(_ first: Payment, than microseconds: Int64) -> Bool {
        max(0, createdAt.microseconds.saturatingSubtract(first.endedAt.microseconds)) >= microseconds
    }
}
