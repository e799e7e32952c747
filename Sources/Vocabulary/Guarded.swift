import Glibc

/// One lock around one value, which is reached only while the lock is held: what rooms call *guarded*.
///
/// Any thread. Decide inside and act after unlocking: the body must neither wait nor take this lock again, which would
/// wait for ever. A lock of pthread_mutex_lock(3) rather than the standard library's `Mutex`: on Linux that one waits
/// in code which the thread sanitizer does not see into, so that it takes every access in order for a race.
///
/// Sendable because the value never leaves the lock, and the memory of both stays where it was allocated.
public struct Guarded<Value>: ~Copyable, @unchecked Sendable {
    @usableFromInline
    let lock: UnsafeMutablePointer<pthread_mutex_t>  // owned: destroyed in deinit
    @usableFromInline
    let value: UnsafeMutablePointer<Value>  // owned: destroyed in deinit

    @inlinable
    public init(_ value: Value) {
        lock = .allocate(capacity: 1)
        let result = pthread_mutex_init(lock, nil)
        precondition(result == 0, "pthread_mutex_init(3)")
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    @inlinable
    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }

    /// Runs `body` with the value while no other thread has it, and gives what it returns or throws.
    @inlinable
    public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value.pointee)
    }
}
