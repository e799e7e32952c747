import Dispatch
import TestSupport

/// Keeps the threads of an origin waiting until a test opens it; it stays open. Guarded.
final class TestGate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    func wait() {
        _ = semaphore.wait(timeout: .now() + .milliseconds(Int(Deadline.generous.millisecondsLeft)))
        semaphore.signal()
    }
}
