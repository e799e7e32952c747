import Vocabulary

/// Decides how many rows the next batch of a purge removes. Pure.
///
/// What waits for the writer meanwhile waits for the whole batch, its fsync included. How long rows take depends on the
/// disk and on how large the file is, so it is learned from the batches before.
struct RemovalPacer {
    /// How long a batch may take while requests wait, its fsync included.
    static let busyGoal = Duration.milliseconds(3)
    /// How long it may take while nothing else is asked.
    static let idleGoal = Duration.milliseconds(12)
    private static let rowsRange = 8...4_096
    private static let timePerRowFirst = Duration.microseconds(50)

    private var timePerRow = RemovalPacer.timePerRowFirst

    /// - Parameter isIdle: whether nothing waits for the writer.
    func rows(isIdle: Bool) -> Int {
        let goal = (isIdle ? Self.idleGoal : Self.busyGoal).wholeNanoseconds
        let rows = goal / max(1, timePerRow.wholeNanoseconds)
        return Int(min(max(rows, Int64(Self.rowsRange.lowerBound)), Int64(Self.rowsRange.upperBound)))
    }

    /// Learns from a batch; half of what is remembered is the latest one.
    mutating func note(rows: Int, took duration: Duration) {
        guard rows > 0 else { return }
        timePerRow = (timePerRow + duration / rows) / 2
    }
}
