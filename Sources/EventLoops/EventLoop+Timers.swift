internal import CLibevent
import Glibc
import Vocabulary

/// The timers of a loop have one event of libevent together, which fires at the earliest of their instants.
///
/// An event for each would take 144 bytes of each connection, and moving the earliest is rare.
extension EventLoop {
    /// What a timer may be early by: libevent's clock lags up to a pass behind.
    private static let tolerance = Duration.milliseconds(1)
    /// A year, so that the sum with the clock cannot overflow inside libevent.
    private static let waitMax: Int64 = 31_536_000_000_000_000

    /// Whether a timer for this instant fires in this pass, if it is in the heap.
    func isDue(_ instant: MonotonicInstant) -> Bool { instant <= now + Self.tolerance }

    /// Has `timer` fire at `instant`. From within a timer's callback: in the next pass at the earliest, so that timers
    /// that are due again at once leave the loop its other work.
    func arm(_ timer: LoopTimer, for instant: MonotonicInstant) {
        let earliest = firesTimers ? now + Self.tolerance + .nanoseconds(1) : instant
        timer.armedFor = max(instant, earliest)
        timers.put(timer)
        if !firesTimers { waitForFirst() }
    }

    func disarm(_ timer: LoopTimer) { timers.remove(timer) }

    /// Called by the event.
    func fireTimers() {
        timersAwaited = .distantFuture
        firesTimers = true
        while let timer = timers.first, isDue(timer.armedFor) {
            timers.remove(timer)
            timer.fire()
        }
        firesTimers = false
        waitForFirst()
    }

    /// Moves the event if it would fire too late. One that fires too early finds no timer that is due, and waits again.
    private func waitForFirst() {
        guard let instant = timers.first?.armedFor, instant < timersAwaited else { return }
        timersAwaited = instant
        let wait = min(max(0, (instant - now).wholeNanoseconds), Self.waitMax)
        let microseconds = (wait + 999) / 1_000
        var interval = timeval(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        let result = unsafe event_add(timerEvent, &interval)
        precondition(result == 0, "event_add of the timers")
    }
}
