public import Vocabulary

/// How one vendor account stands at a moment, for operators.
public struct UpstreamAccountStatus: Sendable, Equatable {
    public let account: AccountID
    public let breaker: CircuitBreaker.Phase
    /// Requests that wait at the gate.
    public let waiting: Int
    /// Empty for an account that has lost its keys and still has requests out.
    public let keys: [UpstreamKeyStatus]
}
