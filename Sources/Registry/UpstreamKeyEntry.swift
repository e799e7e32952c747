public import UpstreamKeys
public import Vocabulary

/// A key at the vendor with what the registry knows of it beside what the rings use.
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
