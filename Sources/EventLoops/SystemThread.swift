internal import CLibevent
import Glibc
import Vocabulary

/// A thread of the system, `pthread_create(3)`. Guarded. Without `join` it goes on by itself and gives its memory back
/// when it ends.
@safe
public final class SystemThread: Sendable {
    /// The nice value of background threads, sched(7): a tenth of the processor where another thread wants all of it.
    private static let backgroundNice: Int32 = 10

    /// Nil once the thread was joined.
    private let handle: Guarded<pthread_t?>

    private init(handle: pthread_t) { self.handle = Guarded(handle) }

    deinit { _ = handle.withLock { $0.map(pthread_detach) } }

    /// Starts a thread that runs `body` and ends. Signals are left to the main thread: all are blocked here.
    ///
    /// - Parameters:
    ///   - name: as `ps -L` shows it, cut to 15 bytes.
    ///   - isBackground: whether it gives way to others where processors are scarce. It must hold no lock for long that
    ///     others wait for.
    /// - Throws: the system gives no thread or no memory for its stack.
    public static func start(
        name: String,
        isBackground: Bool = false,
        _ body: @escaping @Sendable () -> Void
    ) throws(EventLoop.Fault) -> SystemThread {
        var handle = pthread_t()
        // Retained for the new thread, which takes the reference back before it runs the body.
        let body = Body(name: name, nice: isBackground ? backgroundNice : 0, run: body)
        let retained = unsafe Unmanaged.passRetained(body)
        let context = unsafe retained.toOpaque()
        var all = sigset_t()
        var before = sigset_t()
        _ = unsafe sigfillset(&all)
        _ = unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        let result = unsafe pthread_create(
            &handle,
            nil,
            { context in
                let body = unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
                _ = unsafe tollgate_prctl_set_name(body.name)
                // Should it fail, the thread has the usual priority.
                if body.nice > 0 { _ = tollgate_lower_priority(body.nice) }
                body.run()
                return nil
            },
            context
        )
        _ = unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard result == 0 else {
            unsafe retained.release()
            throw EventLoop.Fault(call: "a thread: pthread_create(3)", error: result)
        }
        return SystemThread(handle: handle)
    }

    /// Waits until the thread has ended; from any other thread, any number of times. The lock is held meanwhile:
    /// another caller waits for the same.
    public func join() {
        handle.withLock { handle in
            if let thread = handle.take() { _ = pthread_join(thread, nil) }
        }
    }

    private final class Body {
        let name: String
        let nice: Int32
        let run: @Sendable () -> Void

        init(name: String, nice: Int32, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.nice = nice
            self.run = run
        }
    }
}
