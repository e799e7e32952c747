import EventLoops
import Glibc
import Vocabulary

/// Waits for a socket, poll(2).
enum SocketWait {
    /// Whether the socket can be read, or written if that is asked for, has failed, or `slice` is over; false once the
    /// deadline has passed, whatever there is to read: a peer that sends without end gains no time by it.
    static func wait(
        for descriptor: Int32,
        toWrite: Bool,
        until deadline: MonotonicInstant,
        slice: Duration? = nil
    ) -> Bool {
        wait(for: descriptor, events: toWrite ? POLLIN | POLLOUT : POLLIN, until: deadline, slice: slice)
    }

    static func wait(
        for descriptor: Int32,
        events: Int32,
        until deadline: MonotonicInstant,
        slice: Duration? = nil
    ) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let left = deadline - SystemClock.monotonic()
            guard left > .zero else { return false }
            let length = slice.map { min($0, left) } ?? left
            // Rounded up, so that it does not spin through the last millisecond.
            let milliseconds = length.wholeNanoseconds / 1_000_000 + 1
            let count = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
            if count > 0 || (count == 0 && slice != nil) { return true }
            guard count == 0 || errno == EINTR else { preconditionFailure("poll(2): \(errno)") }
        }
    }
}
