import Glibc
import Vocabulary

/// The clocks by which expired results are found.
enum StoreClock {
    /// Goes on while the machine sleeps, and no one can set it: `CLOCK_BOOTTIME`, clock_gettime(2).
    static func steady() -> MonotonicInstant {
        let time = read(CLOCK_BOOTTIME)
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func wall() -> Timestamp {
        let time = read(CLOCK_REALTIME)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        let result = unsafe clock_gettime(clock, &time)
        precondition(result == 0, "clock_gettime(2)")
        return time
    }
}
