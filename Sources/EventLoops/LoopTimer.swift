internal import CLibevent
import Glibc
public import Vocabulary

/// A one-shot timer that is cheap to move. Confined to the loop that made it; `deinit` cancels it.
///
/// A connection's deadline moves later with every request. So moving it later only notes the new deadline: the event
/// in libevent's heap stays where it is, and when it fires too early it is put in again. Only a deadline earlier than
/// the armed one touches the heap.
@safe
public final class LoopTimer {
    private let loop: EventLoop
    private var event: OpaquePointer?  // struct event *, owned: event_free in deinit
    private let onFire: () -> Void
    // `distantFuture` for none: an optional instant takes twice the memory, and each connection has a timer.
    private var deadline = MonotonicInstant.distantFuture
    private var armedFor = MonotonicInstant.distantFuture

    public init(loop: EventLoop, onFire: @escaping () -> Void) {
        self.loop = loop
        self.onFire = onFire
        // Unretained is enough: deinit frees the event on this same thread, so libevent never holds it past `self`.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe event = loop.withBase { base in
            unsafe event_new(
                base,
                -1,
                0,
                { _, _, context in
                    unsafe Unmanaged<LoopTimer>.fromOpaque(context!).takeUnretainedValue().fire()
                },
                context
            )
        }
    }

    deinit { unsafe event_free(event) }

    public var isScheduled: Bool { deadline != .distantFuture }

    /// Fires once at `instant`, or in the next pass if that has passed; replaces what was scheduled before. Never at
    /// `distantFuture`.
    public func schedule(at instant: MonotonicInstant) {
        deadline = instant
        if armedFor <= instant { return }
        arm(for: instant)
    }

    public func schedule(after duration: Duration) {
        schedule(at: loop.now + duration)
    }

    /// No longer fires until it is scheduled again. The event in the heap is left to fire without effect.
    public func cancel() { deadline = .distantFuture }

    private func arm(for instant: MonotonicInstant) {
        // A year at most, so that the sum with the clock cannot overflow inside libevent.
        let wait = min(max(0, (instant - loop.now).wholeNanoseconds), 31_536_000_000_000_000)
        let microseconds = (wait + 999) / 1_000
        var interval = timeval(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        armedFor = instant
        let result = unsafe event_add(event, &interval)
        precondition(result == 0, "event_add of a timer")
    }

    private func fire() {
        armedFor = .distantFuture
        let deadline = self.deadline
        guard deadline != .distantFuture else { return }
        // libevent's clock may be cached up to a pass behind; a millisecond early is on time.
        guard deadline - loop.now <= .milliseconds(1) else { return arm(for: deadline) }
        self.deadline = .distantFuture
        withExtendedLifetime(self) { onFire() }
    }
}
