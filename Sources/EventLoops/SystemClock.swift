import Glibc
internal import Synchronization
public import Vocabulary

/// The clocks of the machine, and the time of day that several machines go by. Any thread. On a loop, `EventLoop.now`
/// and `wallClock` are cheaper.
public enum SystemClock {
    /// By how many microseconds the clock that is followed is ahead of `CLOCK_BOOTTIME`; `.min` while none is.
    private static let followed = Atomic<Int64>(.min)

    /// `CLOCK_MONOTONIC`: what time-outs are measured on.
    public static func monotonic() -> MonotonicInstant {
        let (seconds, nanoseconds) = read(CLOCK_MONOTONIC)
        return MonotonicInstant(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }

    /// The time of day: that of the clock which `follow` was told of, else of this machine.
    public static func wall() -> Timestamp {
        let offset = followed.load(ordering: .relaxed)
        guard offset != .min else { return machineWall() }
        return Timestamp(microseconds: (sinceBoot().nanoseconds / 1_000).saturatingAdd(offset))
    }

    /// `CLOCK_REALTIME`: what this machine takes for the time of day.
    public static func machineWall() -> Timestamp {
        let (seconds, nanoseconds) = read(CLOCK_REALTIME)
        return Timestamp(microseconds: seconds * 1_000_000 + nanoseconds / 1_000)
    }

    /// From now on, `wall` goes by the clock that was looked at, and no longer by this machine's: nodes that share a
    /// store have one time of day. Between two looks it goes on with `CLOCK_BOOTTIME`. One thread.
    public static func follow(_ sight: ClockSight) {
        let previous = followed.load(ordering: .relaxed)
        // `.min` is no offset that a clock can have.
        followed.store(max(.min + 1, sight.offset(previous: previous == .min ? nil : previous)), ordering: .relaxed)
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
