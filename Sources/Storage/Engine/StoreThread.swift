import Dispatch
import EventLoops
import Vocabulary

/// A thread of the store's own, and a way to wait for its end.
///
/// Guarded.
final class StoreThread: Sendable {
    private let ended = DispatchGroup()

    /// - Throws: `unavailable` when the system gives no thread; `body` is not run then.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(StoreFault) {
        ended.enter()
        let ended = ended
        do throws(EventLoop.Fault) {
            _ = try SystemThread.start(name: name) {
                body()
                ended.leave()
            }
        } catch {
            ended.leave()
            throw StoreFault(code: .unavailable, detail: error.description)
        }
    }

    /// Waits until the body has returned; from any other thread, any number of times.
    func join() { ended.wait() }
}
