import EventLoops

/// Brings answers of other threads back to the loop. Confined to it.
///
/// A store or a worker answers on a thread of its own; what is to be done with the answer belongs to the loop and goes
/// there inside a `LoopBound`. Must outlive the last answer, since the mailbox ends with it.
final class LoopReturn {
    private let loop: EventLoop
    private let mailbox: Mailbox<@Sendable () -> Void>

    init(loop: EventLoop) throws(EventLoop.Fault) {
        self.loop = loop
        mailbox = try Mailbox(loop: loop) { $0() }
    }

    /// What may be called once on any thread, after which `then` is called with the value in the loop.
    func callback<Value: Sendable>(_ then: @escaping (Value) -> Void) -> @Sendable (Value) -> Void {
        let then = LoopBound(then, loop: loop)
        return { [mailbox] value in mailbox.post { then.value(value) } }
    }
}
