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
    /// How long after the last group the writer counts as idle. Requests that come one after the other leave pauses
    /// between them, which a batch must not fill.
    static let quietTime = Duration.milliseconds(250)
    private static let rowsRange = 8...4_096
    private static let timePerRowFirst = Duration.microseconds(50)

    private var timePerRow = RemovalPacer.timePerRowFirst

    /// - Parameter isIdle: whether nothing waits for the writer, nor did lately.
    func rows(isIdle: Bool) -> Int {
        let goal = (isIdle ? Self.idleGoal : Self.busyGoal).wholeNanoseconds
        let rows = goal / max(1, timePerRow.wholeNanoseconds)
        return Int(min(max(rows, Int64(Self.rowsRange.lowerBound)), Int64(Self.rowsRange.upperBound)))
    }

    /// How long a purge rests after a batch while requests come: it takes a quarter of the writer's time.
    ///
    /// - Parameter duration: of the batch and the checkpoint that followed it.
    static func rest(after duration: Duration) -> Duration { duration * 3 }

    /// Learns from a batch; half of what is remembered is the latest one.
    mutating func note(rows: Int, took duration: Duration) {
        guard rows > 0 else { return }
        timePerRow = (timePerRow + duration / rows) / 2
    }
}
