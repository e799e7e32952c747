public import Vocabulary

/// Messages from any thread to one loop: a queue behind a lock, and a bell that wakes the loop.
///
/// Guarded: `queue` holds what was posted and not yet taken, and the bell is rung only by the post that finds it empty,
/// so that a burst costs one wake-up. Messages arrive in the order of their posts.
///
/// Sendable because only `post` is callable from other threads, and it touches nothing but the queue and the bell; the
/// closure stays with the loop. The last reference must go on the loop's thread or after the loop has ended, since the
/// bell goes with it. Inlinable, so that it is compiled for the messages that there are.
public final class Mailbox<Message: Sendable>: @unchecked Sendable {
    @usableFromInline
    let queue = Guarded<[Message]>([])
    @usableFromInline
    let bell: LoopBell
    @usableFromInline
    let onMessage: (Message) -> Void
    @usableFromInline
    var taken: [Message] = []

    /// `onMessage` is called in the loop, once for each message.
    ///
    /// - Throws: there is no descriptor for it, or the system watches no more of them.
    @inlinable
    public init(loop: EventLoop, onMessage: @escaping (Message) -> Void) throws(EventLoop.Fault) {
        bell = try LoopBell(loop: loop)
        self.onMessage = onMessage
        try bell.begin { [unowned self] in receive() }
    }

    /// Puts `message` into the queue and wakes the loop. Any thread.
    @inlinable
    public func post(_ message: Message) {
        let wasEmpty = queue.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        if wasEmpty { bell.ring() }
    }

    @inlinable
    func receive() {
        queue.withLock { swap(&$0, &taken) }
        for message in taken { onMessage(message) }
        taken.removeAll(keepingCapacity: taken.capacity <= 4096)
    }
}
