import Glibc

/// A value that can be reached only while its lock is held: called *guarded* in other modules.
///
/// Any thread. Decide inside and act after unlocking: the body must not wait, nor take this lock again, which would
/// deadlock. Uses pthread_mutex_lock(3) rather than the standard library's `Mutex`: on Linux that one waits in code
/// that the thread sanitizer cannot see, so it reports correct accesses as races.
///
/// Sendable because the value never leaves the lock, and the memory of both stays where it was allocated.
///
/// Safe because both allocations live exactly as long as this value, which cannot be copied.
@safe
public struct Guarded<Value>: ~Copyable, @unchecked Sendable {
    @usableFromInline
    let lock: UnsafeMutablePointer<pthread_mutex_t>  // owned: destroyed in deinit
    @usableFromInline
    let value: UnsafeMutablePointer<Value>  // owned: destroyed in deinit

    @inlinable
    public init(_ value: Value) {
        unsafe lock = .allocate(capacity: 1)
        let result = unsafe pthread_mutex_init(lock, nil)
        precondition(result == 0, "pthread_mutex_init(3)")
        unsafe self.value = .allocate(capacity: 1)
        unsafe self.value.initialize(to: value)
    }

    @inlinable
    deinit {
        unsafe pthread_mutex_destroy(lock)
        unsafe lock.deallocate()
        unsafe value.deinitialize(count: 1)
        unsafe value.deallocate()
    }

    /// Runs `body` with exclusive access to the value; returns or throws what it does.
    @inlinable
    public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return try unsafe body(&value.pointee)
    }
}
