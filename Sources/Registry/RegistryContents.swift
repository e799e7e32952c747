/// The teams and keys named in the configuration file. Immutable; replaced as a whole by a reload.
public struct FileRegistry: Sendable {
    public var teams: [TeamRecord]
    public var teamKeys: [TeamKeyRecord]
    public var upstreamKeys: [UpstreamKeyEntry]
    /// The scope of teams that name none.
    public var cacheScope: CacheScope

    public init(
        teams: [TeamRecord] = [],
        teamKeys: [TeamKeyRecord] = [],
        upstreamKeys: [UpstreamKeyEntry] = [],
        cacheScope: CacheScope = .organization
    ) {
        self.teams = teams
        self.teamKeys = teamKeys
        self.upstreamKeys = upstreamKeys
        self.cacheScope = cacheScope
    }
}

/// All rows of teams and keys in the store, in no order.
public struct RegistryRows: Sendable, Equatable {
    public var teams: [TeamRecord] = []
    public var teamKeys: [TeamKeyRecord] = []
    public var upstreamKeys: [StoredUpstreamKey] = []
    public var rulings: [KeyRuling] = []
    public var receipts: [RotationReceipt] = []
    /// The greatest number of the feed whose changes are in these rows; 0 where no other node has the store.
    public var stamp: Int64 = 0

    public init() {}
}
