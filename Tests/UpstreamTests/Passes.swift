import EventLoops
import TestSupport
import Testing

/// Runs what happens on a loop of the test's own thread, one step a pass.
///
/// A step is done, or waits for something that other callbacks bring about; no step waits for time to go by. The
/// deadline only bounds a test that fails.
final class Passes {
    enum Step {
        case act(() throws -> Void)
        case until(String, () -> Bool)
    }

    let loop: EventLoop
    private var steps: ArraySlice<Step> = []
    private let deadline = Deadline.generous

    init() throws { loop = try EventLoop() }

    /// Runs all steps, once in the life of the loop.
    func run(_ steps: [Step]) {
        self.steps = steps[...]
        loop.later { [self] in takeStep() }
        loop.run()
    }

    private func takeStep() {
        switch steps.first {
        case nil: return loop.stop()
        case .act(let action):
            steps.removeFirst()
            do { try action() } catch {
                Issue.record(error)
                steps.removeAll()
            }
        case .until(let what, let isSo):
            if isSo() {
                steps.removeFirst()
            } else if deadline.hasPassed {
                Issue.record("never came about: \(what)")
                steps.removeAll()
            }
        }
        loop.later { [self] in takeStep() }
    }
}
