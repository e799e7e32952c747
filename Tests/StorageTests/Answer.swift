import Dispatch
import Vocabulary

@testable import Storage

/// Waits for one answer that comes on another thread.
final class Answer<Value: Sendable>: Sendable {
    private let value = Guarded<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func give(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    /// Once: the value is not kept, since its last reference may mean something.
    func wait() -> Value {
        semaphore.wait()
        return value.withLock { $0.take()! }
    }
}

/// Keeps the writer busy, so that what is asked meanwhile makes one group.
final class Gate: Sendable {
    private let entered = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    /// The writer waits in an answer, so that no transaction is open meanwhile: servers end those that do nothing.
    init(_ store: Store) {
        let (entered, opened) = (entered, opened)
        store.perform(
            { _ in },
            then: { (_: Result<Void, StoreFault>) in
                entered.signal()
                opened.wait()
            }
        )
        entered.wait()
    }

    func open() { opened.signal() }
}
