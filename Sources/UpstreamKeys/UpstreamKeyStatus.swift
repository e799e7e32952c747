public import Vocabulary

/// How one key at the vendor stands at a moment, for operators.
public struct UpstreamKeyStatus: Sendable, Equatable {
    /// The first of these that holds. The last one is what is left, in the key's time or out of it.
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
    /// The end of the pause that the vendor asked for, in whatever state; nil when there is none.
    public let coolingUntil: Timestamp?
    /// Why the key was taken for one that the vendor does not accept, in whatever state; nil when it was not.
    public let quarantineReason: QuarantineReason?
    /// Whether now lies within its `not_before` and `not_after`.
    public let isInTime: Bool
    /// Requests that are out with the key, be it with this secret or with one that it had before. A draining key that
    /// has none is idle.
    public let underWay: Int
}

/// How one vendor account stands at a moment, for operators.
public struct UpstreamAccountStatus: Sendable, Equatable {
    public let account: AccountID
    public let breaker: CircuitBreaker.Phase
    /// Requests that wait at the gate.
    public let waiting: Int
    /// Empty for an account that has lost its keys and still has requests out.
    public let keys: [UpstreamKeyStatus]
}
