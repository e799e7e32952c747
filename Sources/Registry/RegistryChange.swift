public import Keying

/// A change that was decided and is not made yet: its steps, and what the audit log says of it.
public struct RegistryChange: Sendable {
    public var writes: [RegistryWrite]
    /// `team.create`, `team_key.rotate`.
    public let action: String
    /// `team/sales`, `team/sales/key/k7`.
    public let target: String
    /// What was there before, as the API shows it; nil when nothing was.
    public var before: JSONValue?
    /// Nil when nothing is there any more.
    public var after: JSONValue?

    public init(writes: [RegistryWrite], action: String, target: String, before: JSONValue?, after: JSONValue?) {
        self.writes = writes
        self.action = action
        self.target = target
        self.before = before
        self.after = after
    }
}
