public import Vocabulary

/// The store of key states that survives a restart.
///
/// Callable from any thread; never blocks. `then` is called exactly once, and success means that the state is durable.
public protocol KeyStates: Sendable {
    /// Stores the state of an upstream key, replacing the previous one.
    func save(_ record: UpstreamKeyRecord, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void)
}
