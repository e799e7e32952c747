import Foundation
import Glibc

/// A thread of the store's own, and a way to wait for its end.
///
/// Guarded. Signals are left to the program's main thread: all are blocked here.
final class StoreThread: Sendable {
    private let ended = DispatchGroup()

    init(name: String, _ body: @escaping @Sendable () -> Void) {
        ended.enter()
        let ended = ended
        let thread = Thread {
            var all = sigset_t()
            _ = unsafe sigfillset(&all)
            _ = unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
            body()
            ended.leave()
        }
        thread.name = name
        thread.start()
    }

    /// Waits until the body has returned; from any other thread, any number of times.
    func join() { ended.wait() }
}
