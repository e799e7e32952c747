import EventLoops

/// Brings answers of other threads back to the loop. Confined to it.
///
/// A store or a worker answers on its own thread; the continuation belongs to the loop and crosses threads inside a
/// `LoopBound`. Must outlive the last answer, since the mailbox ends with it.
final class LoopReturn {
    private let loop: EventLoop
    private let mailbox: Mailbox<@Sendable () -> Void>

    init(loop: EventLoop) throws(EventLoop.Fault) {
        self.loop = loop
        mailbox = try Mailbox(loop: loop) { $0() }
    }

    /// Returns a closure that may be called once, on any thread; it makes `then` run in the loop with the value.
    func callback<Value: Sendable>(_ then: @escaping (Value) -> Void) -> @Sendable (Value) -> Void {
        let then = LoopBound(then, loop: loop)
        return { [mailbox] value in mailbox.post { then.value(value) } }
    }
}
