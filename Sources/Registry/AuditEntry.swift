public import Vocabulary

/// An entry of the audit log: who changed what, when, and from where. `docs/api.md` §6. Holds no secret.
public struct AuditEntry: Sendable, Equatable {
    public let at: Timestamp
    /// The name of the token that authorized the change.
    public let actor: String
    public let role: String
    /// `team.create`, `team_key.rotate`.
    public let action: String
    /// `team/sales`, `team/sales/key/k7`.
    public let target: String
    /// The client's IP address.
    public let address: String
    /// The item before the change, as the API shows it, in JSON; nil if it is new.
    public let before: [UInt8]?
    /// The item after the change; nil if it was deleted.
    public let after: [UInt8]?

    public init(
        at: Timestamp,
        actor: String,
        role: String,
        action: String,
        target: String,
        address: String,
        before: [UInt8]?,
        after: [UInt8]?
    ) {
        self.at = at
        self.actor = actor
        self.role = role
        self.action = action
        self.target = target
        self.address = address
        self.before = before
        self.after = after
    }
}

/// An entry of the audit log with its number, which ascends with time.
public struct AuditRecord: Sendable, Equatable {
    public let id: Int64
    public let entry: AuditEntry

    public init(id: Int64, entry: AuditEntry) {
        self.id = id
        self.entry = entry
    }
}
