internal import CLibevent
import Glibc
import Synchronization

/// A thread of the system, `pthread_create(3)`. Immutable but for `join`, which is called once; without it the thread
/// goes on by itself and gives its memory back when it ends.
@safe
public final class SystemThread: Sendable {
    private let handle: pthread_t
    private let isJoined = Atomic<Bool>(false)

    private init(handle: pthread_t) { self.handle = handle }

    deinit { if !isJoined.load(ordering: .relaxed) { pthread_detach(handle) } }

    /// Starts a thread that runs `body` and ends. Signals are left to the main thread: all are blocked here.
    ///
    /// - Parameter name: as `ps -L` shows it, cut to 15 bytes.
    /// - Throws: the system gives no thread or no memory for its stack.
    public static func start(
        name: String,
        _ body: @escaping @Sendable () -> Void
    ) throws(EventLoop.Fault) -> SystemThread {
        var handle = pthread_t()
        // Retained for the new thread, which takes the reference back before it runs the body.
        let retained = unsafe Unmanaged.passRetained(Body(name: name, run: body))
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

    /// Waits until the thread has ended. Once, and not from the thread itself.
    public func join() {
        isJoined.store(true, ordering: .relaxed)
        _ = pthread_join(handle, nil)
    }

    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
