public import Vocabulary

/// A team or a key as the registry has it, with who may change it.
public enum RegistryItem: Sendable {
    case team(TeamRecord, RegistrySource)
    /// As the key is at a moment: what of it has ended depends on that.
    case teamKey(TeamKeyRecord, RegistrySource, at: Timestamp)
    case upstreamKey(UpstreamKeyEntry, RegistrySource)
}

/// A change that was decided and is not made yet: its steps, and what the audit log says of it.
public struct RegistryChange: Sendable {
    public var writes: [RegistryWrite]
    /// `team.create`, `team_key.rotate`.
    public let action: String
    /// `team/sales`, `team/sales/key/k7`.
    public let target: String
    /// What was there before; nil when nothing was.
    public var before: RegistryItem?
    /// Nil when nothing is there any more.
    public var after: RegistryItem?

    public init(writes: [RegistryWrite], action: String, target: String, before: RegistryItem?, after: RegistryItem?) {
        self.writes = writes
        self.action = action
        self.target = target
        self.before = before
        self.after = after
    }
}
