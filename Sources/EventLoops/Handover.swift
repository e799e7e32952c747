import Vocabulary

/// One value given by one thread to another that waits for it. Guarded.
public final class Handover<Value: Sendable>: Sendable {
    private let value = Guarded<Value?>(nil)
    private let semaphore = SystemSemaphore()

    public init() {}

    /// Once.
    public func give(_ given: Value) {
        value.withLock { $0 = given }
        semaphore.signal()
    }

    /// Waits for the value. Once.
    public func take() -> Value {
        semaphore.wait()
        return value.withLock { $0! }
    }
}
