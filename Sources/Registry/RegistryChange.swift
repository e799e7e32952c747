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

/// One step of a change: first durable in the store, then done in memory. Each is idempotent.
public enum RegistryWrite: Sendable, Equatable {
    /// Takes the place of what was known of the team.
    case saveTeam(TeamRecord)
    /// With all keys that the store has of it.
    case removeTeam(TeamID)
    case saveTeamKey(TeamKeyRecord)
    case saveUpstreamKey(StoredUpstreamKey)
    case removeUpstreamKey(UpstreamKeyID)
    /// What the vendor's replies said of the key is forgotten.
    case enableUpstreamKey(UpstreamKeyID)
    case saveRuling(KeyRuling)
    case removeRuling(KeyRuling.Subject)
    /// Takes the place of one of the same key and request; those whose time is over at `now` go.
    case saveReceipt(RotationReceipt, now: Timestamp)
}

/// Who may change a team or a key: `docs/api.md` §6.
public enum RegistrySource: String, Sendable {
    /// The configuration file; the admin API refuses to.
    case file
    /// The admin API.
    case store
}

/// Why a change of teams or keys is not made. Nothing was changed.
public enum RegistryRefusal: Error, Equatable, Sendable {
    /// What it is about is not there; names it.
    case notFound(String)
    /// It would contradict what is there; says what to do.
    case conflict(String)
    /// A member's value; its path, what is wrong and what to do.
    case unprocessable(path: String, message: String)
}
