import Forms
public import Keying
public import UpstreamKeys
public import Vocabulary

/// A key at the vendor with what the registry knows of it beside what the rings use.
public struct UpstreamKeyEntry: Sendable {
    public var key: UpstreamKey
    public var monthlyCredits: MicroCredits?
    /// Nil for keys of the file.
    public let createdAt: Timestamp?

    public init(key: UpstreamKey, monthlyCredits: MicroCredits?, createdAt: Timestamp? = nil) {
        self.key = key
        self.monthlyCredits = monthlyCredits
        self.createdAt = createdAt
    }

    /// As the admin API shows it, but for what only the rings know.
    public func json(_ source: RegistrySource) -> JSONValue {
        .object([
            ("id", .string(key.id.rawValue)), ("account", .string(key.account.rawValue)),
            ("weight", .integer(key.weight)), ("state", .string(key.operatorState.rawValue)),
            ("not_before", .orNull(key.notBefore) { .time($0) }), ("not_after", .orNull(key.notAfter) { .time($0) }),
            ("monthly_credits", .orNull(monthlyCredits) { .credits($0) }), ("source", .string(source.rawValue)),
            ("created_at", .orNull(createdAt) { .time($0) }),
        ])
    }
}
