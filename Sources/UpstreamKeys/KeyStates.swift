public import Vocabulary

/// Where states of keys are remembered over a restart.
///
/// Callable from any thread and never blocking; answered exactly once, and durable when it says success.
public protocol KeyStates: Sendable {
    /// Remembers the state of an upstream key in place of what was known of it.
    func save(_ record: UpstreamKeyRecord, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}
