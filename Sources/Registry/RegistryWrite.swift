public import Vocabulary

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
