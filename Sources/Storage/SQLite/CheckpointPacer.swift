/// Decides when the log is written back into the file.
///
/// SQLite would do it by itself every 1000 frames, but inside a commit and without reporting an error of the fsync that
/// belongs to it (`sqlite3WalDefaultHook` ignores the result). So it is switched off, and the writer does it between
/// two groups. How many frames an operation makes is learned from the last checkpoint.
struct CheckpointPacer {
    /// As SQLite's default: 4 MiB of log.
    static let framesGoal = 1_000
    private static let operationsRange = 16...4_096

    private(set) var operationsMax = 128
    private var operations = 0

    var isDue: Bool { operations >= operationsMax }

    /// Whether there may be anything to write back.
    var isPending: Bool { operations > 0 }

    mutating func noteCommit(operations count: Int) { operations += count }

    /// - Parameter frames: how many the log had.
    mutating func noteCheckpoint(frames: Int) {
        if frames > 0, operations > 0 {
            let wanted = operations * Self.framesGoal / frames
            operationsMax = min(max(wanted, Self.operationsRange.lowerBound), Self.operationsRange.upperBound)
        }
        operations = 0
    }
}
