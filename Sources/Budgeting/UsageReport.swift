public import Vocabulary

/// Counts to add to the roll-ups, and when keys were used.
public struct UsageReport: Sendable, Equatable {
    /// When the counts were taken. Requests had ended at most a second earlier, unless the store failed meanwhile.
    public var at: Timestamp
    public var rows: [UsageRow] = []
    /// What part of `rows` is about which documents.
    public var documents: [DocumentUsage] = []
    public var refusals: [ShadowRefusals] = []
    /// The latest moment of each key is kept, in whatever order they arrive; so it is with those of upstream keys.
    public var uses: [TeamKeyUse] = []
    public var upstreamUses: [UpstreamKeyUse] = []

    public init(at moment: Timestamp) { at = moment }
}
