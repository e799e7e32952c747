/// How long one of several attempts may take, so that those after it have time as well.
enum ShareOfTime {
    /// - Parameters:
    ///   - attempts: how many are left, with this one.
    ///   - atMost: a limit of each attempt.
    static func of(_ left: Duration, attempts: Int, atMost: Duration?) -> Duration {
        let share = left / max(attempts, 1)
        return atMost.map { min($0, share) } ?? share
    }
}
