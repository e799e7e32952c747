internal import CLibevent
import Glibc
import Vocabulary

/// A counting semaphore, `sem_init(3)`: how one thread waits for another. Atomic: any thread.
///
/// Sendable because the semaphore's memory does not move and its functions are made for several threads.
@safe
public final class SystemSemaphore: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>  // owned: destroyed in deinit

    public init() {
        unsafe semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        let result = unsafe sem_init(semaphore, 0, 0)
        precondition(result == 0, "sem_init(3)")
    }

    deinit {
        _ = unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    public func signal() { _ = unsafe sem_post(semaphore) }

    public func wait() { while unsafe sem_wait(semaphore) != 0 && errno == EINTR {} }

    /// Waits for a signal until `duration` is over; false when none came.
    public func wait(atMost duration: Duration) -> Bool {
        let deadline = SystemClock.monotonic() + duration
        var time = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000),
            tv_nsec: Int(deadline.nanoseconds % 1_000_000_000)
        )
        while unsafe tollgate_sem_wait_until(semaphore, &time) != 0 {
            if errno != EINTR { return false }
        }
        return true
    }
}

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
