public import Metrics
import Vocabulary

/// Measures how late the timers of a loop are: how long a callback keeps all others of its loop waiting. Confined to
/// the loop.
public final class LoopLag {
    /// Seldom enough to cost nothing, often enough to meet a loop that hangs.
    private static let interval = Duration.milliseconds(500)

    private let histogram: Histogram
    private var timer: LoopTimer?
    private var due = SystemClock.monotonic()

    /// - Parameter histogram: written by this object alone.
    public init(loop: EventLoop, _ histogram: Histogram) {
        self.histogram = histogram
        timer = LoopTimer(loop: loop) { [unowned self] in fired() }
        schedule()
    }

    private func fired() {
        // Not the loop's own clock, which stands still while the callbacks before this one run.
        histogram.observe(SystemClock.monotonic() - due)
        schedule()
    }

    private func schedule() {
        due = SystemClock.monotonic() + Self.interval
        timer?.schedule(at: due)
    }
}
