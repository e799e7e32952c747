public import Vocabulary

/// The status of one key at the vendor at a moment, for operators.
public struct UpstreamKeyStatus: Sendable, Equatable {
    /// The first of these that applies; `active` otherwise, whether the key is in its time or not.
    public enum State: String, Sendable, CaseIterable {
        case draining
        case disabled
        case quarantined
        case cooling
        case active
    }

    public let id: UpstreamKeyID
    public let account: AccountID
    public let state: State
    /// The end of the key's cooling, in any state; nil when it is not cooling.
    public let coolingUntil: Timestamp?
    /// Why the key is in quarantine, in any state; nil when it is not.
    public let quarantineReason: QuarantineReason?
    /// Whether now lies within its `not_before` and `not_after`.
    public let isInTime: Bool
    /// The number of requests out with the key, with its current secret or a previous one. A draining key without any
    /// is idle.
    public let underWay: Int
    /// When a request was last let out with the key; nil when none was. The store is up to a second behind.
    public let lastUsedAt: Timestamp?
}

/// The status of one vendor account at a moment, for operators.
public struct UpstreamAccountStatus: Sendable, Equatable {
    public let account: AccountID
    public let breaker: CircuitBreaker.Phase
    /// The number of requests that wait at the gate.
    public let waiting: Int
    /// Empty for an account that has lost its keys and still has requests out.
    public let keys: [UpstreamKeyStatus]
}
