public import Forms
public import UpstreamKeys
public import Vocabulary

/// The settings of an upstream key in the file and the admin API, without its identity and secret.
public struct UpstreamKeyTerms: Sendable, Equatable {
    /// Small enough that the weights of all keys can be added.
    static let weightMax = 1_000_000

    /// Its share of the account's requests, relative to the other keys.
    public var weight = 1
    public var notBefore: Timestamp?
    public var notAfter: Timestamp?
    public var monthlyCredits: MicroCredits?

    public init(
        weight: Int = 1,
        notBefore: Timestamp? = nil,
        notAfter: Timestamp? = nil,
        monthlyCredits: MicroCredits? = nil
    ) {
        self.weight = weight
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.monthlyCredits = monthlyCredits
    }

    /// Reads the members; an absent member leaves its value, null clears it.
    public mutating func read(_ reader: ObjectReader) {
        reader.integer("weight", into: &weight, 1...Self.weightMax)
        if reader.isNull("not_before") { notBefore = nil } else { reader.timestamp("not_before", into: &notBefore) }
        if reader.isNull("not_after") { notAfter = nil } else { reader.timestamp("not_after", into: &notAfter) }
        if reader.isNull("monthly_credits") {
            monthlyCredits = nil
        } else if let credits = reader.credits("monthly_credits") {
            monthlyCredits = credits
        }
        if let start = notBefore, let end = notAfter, start >= end {
            reader.fault("not_after", "must be later than not_before")
        }
    }
}

/// An upstream key with the attributes that only the registry needs.
public struct UpstreamKeyEntry: Sendable {
    public var key: UpstreamKey
    public var monthlyCredits: MicroCredits?
    /// Nil for keys of the file.
    public let createdAt: Timestamp?

    public init(key: UpstreamKey, monthlyCredits: MicroCredits?, createdAt: Timestamp? = nil) {
        self.key = key
        self.monthlyCredits = monthlyCredits
        self.createdAt = createdAt
    }
}
