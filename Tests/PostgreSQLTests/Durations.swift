import TestSupport

extension Duration {
    /// The bound for whatever must happen at once.
    static var generous: Duration { .milliseconds(Int64(Deadline.generous.millisecondsLeft)) }
}
