import Glibc

/// A thread with an event loop of its own, which others hand work to.
///
/// Guarded: the mailbox and the thread's handle are set once, before `start` returns. The loop runs until something
/// calls `EventLoop.stop()` in it.
public final class LoopThread: Sendable {
    public typealias Action = @Sendable (EventLoop) -> Void

    private let mailbox: Mailbox<Action>
    private let thread: SystemThread

    private init(mailbox: Mailbox<Action>, thread: SystemThread) {
        self.mailbox = mailbox
        self.thread = thread
    }

    /// Starts a thread, makes its loop, runs `body` on it and then the loop. Returns when `body` has returned.
    ///
    /// - Parameter name: as `ps -L` and debuggers show it, 15 bytes at most.
    /// - Throws: there is no thread, descriptor or memory for it; `body` was not run then.
    public static func start(name: String, _ body: @escaping Action) throws(EventLoop.Fault) -> LoopThread {
        let ready = Handover<Result<Mailbox<Action>, EventLoop.Fault>>()
        let thread = try SystemThread.start(name: name) {
            let loop: EventLoop
            let mailbox: Mailbox<Action>
            do throws(EventLoop.Fault) {
                loop = try EventLoop()
                mailbox = try Mailbox<Action>(loop: loop) { [unowned loop] action in action(loop) }
            } catch {
                return ready.give(.failure(error))
            }
            body(loop)
            ready.give(.success(mailbox))
            loop.run()
        }
        let mailbox = try ready.take().get()
        return LoopThread(mailbox: mailbox, thread: thread)
    }

    /// Runs `action` on the thread, in the order of the posts. Dropped when the loop has stopped.
    public func post(_ action: @escaping Action) { mailbox.post(action) }

    /// Waits for the thread to end. Once, and not from the thread itself.
    public func join() { thread.join() }
}
