internal import CLibevent
import Glibc

/// An `eventfd(2)` that wakes a loop: what other threads reach it by. Rung any number of times before the loop has
/// looked, it calls once. Confined to the loop, but for `ring`.
///
/// Sendable because only `ring` is callable from other threads, and it touches nothing but the descriptor; the event
/// and the closure stay with the loop. The last reference must go on the loop's thread or after the loop has ended,
/// since `deinit` takes the event out of it.
@safe
@usableFromInline
final class LoopBell: @unchecked Sendable {
    private let descriptor: Int32  // owned: closed in deinit
    private let loop: EventLoop
    private var event: OpaquePointer?  // struct event *, owned: event_free in deinit
    private var onRing: () -> Void = {}

    /// - Throws: there is no descriptor for it.
    @usableFromInline
    init(loop: EventLoop) throws(EventLoop.Fault) {
        loop.preconditionInLoop()
        let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else { throw EventLoop.Fault(call: "a mailbox: eventfd(2)", error: errno) }
        self.loop = loop
        self.descriptor = descriptor
    }

    /// Calls `onRing` in the loop from now on. Once.
    ///
    /// - Throws: the system watches no more descriptors.
    @usableFromInline
    func begin(_ onRing: @escaping () -> Void) throws(EventLoop.Fault) {
        self.onRing = onRing
        // Unretained is enough: deinit frees the event in the loop, so libevent never holds it past `self`.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe event = loop.withBase { base in
            unsafe event_new(
                base,
                descriptor,
                Int16(EV_READ | EV_PERSIST),
                { _, _, context in
                    unsafe Unmanaged<LoopBell>.fromOpaque(context!).takeUnretainedValue().heard()
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

    /// Any thread.
    @usableFromInline
    func ring() {
        var one: UInt64 = 1
        // The counter cannot overflow with one write per emptying, so only EINTR could come between.
        while unsafe write(descriptor, &one, 8) < 0 && errno == EINTR {}
    }

    private func heard() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
        onRing()
    }
}
