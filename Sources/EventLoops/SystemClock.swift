import Glibc
public import Vocabulary

/// The clocks of the machine. Any thread. On a loop, `EventLoop.now` and `wallClock` are cheaper.
public enum SystemClock {
    /// `CLOCK_MONOTONIC`: what time-outs are measured on.
    public static func monotonic() -> MonotonicInstant {
        let (seconds, nanoseconds) = read(CLOCK_MONOTONIC)
        return MonotonicInstant(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }

    /// `CLOCK_REALTIME`: what people are told.
    public static func wall() -> Timestamp {
        let (seconds, nanoseconds) = read(CLOCK_REALTIME)
        return Timestamp(microseconds: seconds * 1_000_000 + nanoseconds / 1_000)
    }

    /// `CLOCK_BOOTTIME`: goes on while the machine sleeps, and no one can set it.
    public static func sinceBoot() -> MonotonicInstant {
        let (seconds, nanoseconds) = read(CLOCK_BOOTTIME)
        return MonotonicInstant(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }

    private static func read(_ clock: clockid_t) -> (seconds: Int64, nanoseconds: Int64) {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        precondition(result == 0, "clock_gettime(2)")
        return (Int64(time.tv_sec), Int64(time.tv_nsec))
    }
}
