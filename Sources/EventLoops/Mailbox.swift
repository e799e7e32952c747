internal import CLibevent
import Glibc
import Vocabulary

/// Messages from any thread to one loop: a queue behind a lock and an `eventfd(2)` that wakes the loop.
///
/// Guarded: `queue` holds what was posted and not yet taken, and the descriptor is written only by the post that finds
/// it empty, so that a burst costs one wake-up. Messages arrive in the order of their posts.
///
/// Sendable because only `post` is callable from other threads, and it touches nothing but the queue and the
/// descriptor; the event and the closure stay with the loop. The last reference must go on the loop's thread or after
/// the loop has ended, since `deinit` takes the event out of it.
@safe
public final class Mailbox<Message: Sendable>: @unchecked Sendable {
    private let queue = Guarded<[Message]>([])
    private let descriptor: Int32  // owned: closed in deinit
    private let loop: EventLoop
    private let onMessage: (Message) -> Void
    private var event: OpaquePointer?  // struct event *, owned: event_free in deinit
    private var taken: [Message] = []
    private var wakeUp: WakeUp?

    /// `onMessage` is called in the loop, once for each message.
    ///
    /// - Throws: there is no descriptor for it, or the system watches no more of them.
    public init(loop: EventLoop, onMessage: @escaping (Message) -> Void) throws(EventLoop.Fault) {
        loop.preconditionInLoop()
        let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else { throw EventLoop.Fault(call: "a mailbox: eventfd(2)", error: errno) }
        self.loop = loop
        self.onMessage = onMessage
        self.descriptor = descriptor
        let wakeUp = WakeUp { [unowned self] in receive() }
        self.wakeUp = wakeUp
        // Unretained is enough: `wakeUp` lives as long as this object, whose deinit frees the event in the loop.
        let context = unsafe Unmanaged.passUnretained(wakeUp).toOpaque()
        unsafe event = loop.withBase { base in
            unsafe event_new(
                base,
                descriptor,
                Int16(EV_READ | EV_PERSIST),
                { _, _, context in
                    unsafe Unmanaged<WakeUp>.fromOpaque(context!).takeUnretainedValue().run()
                },
                context
            )
        }
        guard unsafe event != nil, unsafe event_add(event, nil) == 0 else {
            throw EventLoop.Fault(call: "a mailbox: epoll_ctl(2)", error: errno)
        }
    }

    deinit {
        if unsafe event != nil { unsafe event_free(event) }
        close(descriptor)
    }

    /// Puts `message` into the queue and wakes the loop. Any thread.
    public func post(_ message: Message) {
        let wasEmpty = queue.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        if wasEmpty { wake() }
    }

    private func wake() {
        var one: UInt64 = 1
        // The counter cannot overflow with one write per emptying, so only EINTR could come between.
        while unsafe write(descriptor, &one, 8) < 0 && errno == EINTR {}
    }

    private func receive() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
        queue.withLock { swap(&$0, &taken) }
        for message in taken { onMessage(message) }
        taken.removeAll(keepingCapacity: taken.capacity <= 4096)
    }
}

/// What the C callback of every mailbox calls: a C function pointer cannot be made for a generic class.
private final class WakeUp {
    let run: () -> Void

    init(_ run: @escaping () -> Void) { self.run = run }
}
