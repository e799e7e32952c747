public import Vocabulary

/// Who changed what, when and whence: `docs/api.md` §6. Holds no secret.
public struct AuditEntry: Sendable, Equatable {
    public let at: Timestamp
    /// The name of the token that was shown.
    public let actor: String
    public let role: String
    /// `team.create`, `team_key.rotate`.
    public let action: String
    /// `team/sales`, `team/sales/key/k7`.
    public let target: String
    /// The client's IP address.
    public let address: String
    /// What was changed as the API shows it, as JSON; nil for what was not there before.
    public let before: [UInt8]?
    /// Nil for what is not there any more.
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

/// An entry of the audit log with its number, which ascends in time.
public struct AuditRecord: Sendable, Equatable {
    public let id: Int64
    public let entry: AuditEntry

    public init(id: Int64, entry: AuditEntry) {
        self.id = id
        self.entry = entry
    }
}
