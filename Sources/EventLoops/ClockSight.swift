public import Vocabulary

/// What was read of another machine's clock. Pure.
public struct ClockSight {
    private let time: Timestamp
    /// On `CLOCK_BOOTTIME`, half-way between question and answer.
    private let middle: MonotonicInstant
    /// By how much the other clock may have been read earlier or later than that.
    private let uncertainty: Duration

    /// - Parameters:
    ///   - time: what the other machine answered.
    ///   - sentAt: when it was asked, on `CLOCK_BOOTTIME`.
    ///   - took: how long the answer took.
    public init(time: Timestamp, sentAt: MonotonicInstant, took: Duration) {
        self.time = time
        uncertainty = took / 2
        middle = sentAt + uncertainty
    }

    /// By how many microseconds the other clock is ahead of `CLOCK_BOOTTIME`.
    ///
    /// A previous value that this look does not speak against is kept: looks differ by the way that the answers take.
    func offset(previous: Int64?) -> Int64 {
        let offset = time.microseconds.saturatingSubtract(middle.nanoseconds / 1_000)
        guard let previous else { return offset }
        let difference = Duration.microseconds(offset.saturatingSubtract(previous))
        let slack = uncertainty + Self.slack
        return difference <= slack && difference >= .zero - slack ? previous : offset
    }

    /// Clocks drift by less than this between two looks.
    private static let slack = Duration.milliseconds(1)

    /// By how many microseconds this machine's time of day is ahead of the other's, or behind it when negative.
    ///
    /// - Parameters:
    ///   - wall: this machine's time of day.
    ///   - now: when that was read, on `CLOCK_BOOTTIME`.
    public func lead(of wall: Timestamp, at now: MonotonicInstant) -> Int64 {
        (wall + (middle - now)).microseconds.saturatingSubtract(time.microseconds)
    }
}
