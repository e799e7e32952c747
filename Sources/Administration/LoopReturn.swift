import EventLoops
import Vocabulary

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

extension LoopReturn {
    /// Returns what a store is to call: the value makes `then` run in the loop, a fault is replied to.
    func answer<Value: Sendable>(
        _ reply: @escaping (AdminReply) -> Void,
        _ then: @escaping (Value) -> Void
    ) -> @Sendable (Result<Value, StoreFault>) -> Void {
        callback { (result: Result<Value, StoreFault>) in
            switch result {
            case .success(let value): then(value)
            case .failure(let fault): reply(AdminReply(.storeUnavailable(fault)))
            }
        }
    }

    /// Does the same with a reply that is made of the value.
    func reply<Value: Sendable>(
        through reply: @escaping (AdminReply) -> Void,
        _ then: @escaping (Value) -> AdminReply
    ) -> @Sendable (Result<Value, StoreFault>) -> Void {
        answer(reply) { reply(then($0)) }
    }
}
