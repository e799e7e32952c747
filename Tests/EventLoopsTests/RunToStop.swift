import EventLoops
import TestSupport
import Testing

extension EventLoop {
    /// Runs until somebody stops the loop; what nobody stops fails the test instead of hanging it.
    func runToStop(sourceLocation: SourceLocation = #_sourceLocation) {
        let patience = LoopTimer(loop: self) { [unowned self] in
            Issue.record("nobody stopped the loop", sourceLocation: sourceLocation)
            stop()
        }
        patience.schedule(after: .milliseconds(Int64(Deadline.generous.millisecondsLeft)))
        run()
    }
}
