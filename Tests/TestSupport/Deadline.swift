public import Foundation

/// A point in monotonic time after which a test gives up waiting. It only bounds failures: it makes no test faster or
/// slower, and no test passes because of it.
public struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant

    private init(instant: ContinuousClock.Instant) {
        self.instant = instant
    }

    /// The bound for anything that must happen at once: minutes, because a busy machine may be as slow as that. Only
    /// what hangs takes so long.
    ///
    /// `TOLLGATE_TEST_PATIENCE` sets it in seconds; a small value helps while many tests are expected to fail.
    public static var generous: Deadline { after(.seconds(patience)) }

    private static let patience =
        ProcessInfo.processInfo.environment["TOLLGATE_TEST_PATIENCE"].flatMap { Int($0) }
        ?? (Sanitizer.isOn ? 300 : 120)

    public static func after(_ duration: Duration) -> Deadline {
        Deadline(instant: .now + duration)
    }

    /// Looks again and again until something is so, for what no signal tells; throws when it is not in a generous time.
    ///
    /// - Parameter what: what is waited for.
    public static func wait(for what: String, until isSo: () throws -> Bool) throws {
        let deadline = generous
        while try !isSo() {
            if deadline.hasPassed { throw TestFailure("waited in vain for \(what)") }
            usleep(5_000)
        }
    }

    public var hasPassed: Bool { ContinuousClock.now >= instant }

    /// The remaining time in milliseconds for poll(2), rounded up, never negative.
    public var millisecondsLeft: Int32 {
        let left = ContinuousClock.now.duration(to: instant)
        guard left > .zero else { return 0 }
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
        return Int32(clamping: milliseconds)
    }

    /// The same point for waits that take a `Date`.
    public var date: Date { Date(timeIntervalSinceNow: Double(millisecondsLeft) / 1000) }
}
