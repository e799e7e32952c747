public import Vocabulary

/// A one-shot timer that is cheap to move. Confined to the loop that made it; `deinit` cancels it.
///
/// A connection's deadline moves later with every request. So moving it later only notes the new deadline: the timer
/// stays where it is in the loop's heap, and when it fires too early it is put in again. Only a deadline earlier than
/// the armed one touches the heap.
public final class LoopTimer {
    private let loop: EventLoop
    private let onFire: () -> Void
    // `distantFuture` for none: an optional instant takes twice the memory, and each connection has a timer.
    private var deadline = MonotonicInstant.distantFuture
    /// When the loop fires it, by which the heap has its order; changed by the loop alone while it is in the heap.
    var armedFor = MonotonicInstant.distantFuture
    /// Its place in the loop's heap.
    var heapIndex: Int?

    public init(loop: EventLoop, onFire: @escaping () -> Void) {
        loop.preconditionInLoop()
        self.loop = loop
        self.onFire = onFire
    }

    deinit { loop.disarm(self) }

    public var isScheduled: Bool { deadline != .distantFuture }

    /// Fires once at `instant`, or in the next pass if that has passed; replaces what was scheduled before. Never at
    /// `distantFuture`.
    public func schedule(at instant: MonotonicInstant) {
        deadline = instant
        if armedFor <= instant { return }
        loop.arm(self, for: instant)
    }

    public func schedule(after duration: Duration) {
        schedule(at: loop.now + duration)
    }

    /// No longer fires until it is scheduled again. It is left in the heap to fire without effect.
    public func cancel() { deadline = .distantFuture }

    /// Called by the loop, which has taken it out of the heap.
    func fire() {
        armedFor = .distantFuture
        guard deadline != .distantFuture else { return }
        guard loop.isDue(deadline) else { return loop.arm(self, for: deadline) }
        deadline = .distantFuture
        withExtendedLifetime(self) { onFire() }
    }
}
