/// All that the store has of teams and keys, in no order.
public struct RegistryRows: Sendable, Equatable {
    public var teams: [TeamRecord] = []
    public var teamKeys: [TeamKeyRecord] = []
    public var upstreamKeys: [StoredUpstreamKey] = []
    public var rulings: [KeyRuling] = []
    public var receipts: [RotationReceipt] = []

    public init() {}
}
