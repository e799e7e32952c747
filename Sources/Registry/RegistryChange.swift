public import Vocabulary

/// A team or a key as the registry has it, with who may change it.
public enum RegistryItem: Sendable {
    case team(TeamRecord, RegistrySource)
    /// The key as of a given time, which decides what of it has expired.
    case teamKey(TeamKeyRecord, RegistrySource, at: Timestamp)
    case upstreamKey(UpstreamKeyEntry, RegistrySource)
}

/// A change that is decided but not made yet: its steps, and its content for the audit log.
public struct RegistryChange: Sendable {
    public var writes: [RegistryWrite]
    /// `team.create`, `team_key.rotate`.
    public let action: String
    /// `team/sales`, `team/sales/key/k7`.
    public let target: String
    /// The item before the change; nil if it is new.
    public var before: RegistryItem?
    /// The item after the change; nil if it was deleted.
    public var after: RegistryItem?

    public init(writes: [RegistryWrite], action: String, target: String, before: RegistryItem?, after: RegistryItem?) {
        self.writes = writes
        self.action = action
        self.target = target
        self.before = before
        self.after = after
    }
}

/// One step of a change: first made durable in the store, then applied in memory. Each is idempotent.
public enum RegistryWrite: Sendable, Equatable {
    /// Inserts the team or replaces its record.
    case saveTeam(TeamRecord)
    /// Removes the team and its keys in the store.
    case removeTeam(TeamID)
    case saveTeamKey(TeamKeyRecord)
    case saveUpstreamKey(StoredUpstreamKey)
    case removeUpstreamKey(UpstreamKeyID)
    /// Clears what the vendor's replies said of the key.
    case enableUpstreamKey(UpstreamKeyID)
    case saveRuling(KeyRuling)
    case removeRuling(KeyRuling.Subject)
    /// Replaces the receipt of the same key and request, and removes receipts that have expired at `now`.
    case saveReceipt(RotationReceipt, now: Timestamp)
}

/// Who may change a team or a key: `docs/api.md` §6.
public enum RegistrySource: String, Sendable, CaseIterable {
    /// The configuration file; the admin API refuses changes.
    case file
    /// The admin API.
    case store
}

/// Why a change of teams or keys was refused. Nothing changed.
public enum RegistryRefusal: Error, Equatable, Sendable {
    /// The item does not exist; names it.
    case notFound(String)
    /// The change contradicts the current state; says what to do.
    case conflict(String)
    /// A member has a bad value; says which, what is wrong and what to do.
    case unprocessable(path: String, message: String)
}
