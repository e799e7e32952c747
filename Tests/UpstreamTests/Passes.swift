import EventLoops
import TestSupport
import Testing

/// Runs steps on a loop on the test's own thread, one per pass.
///
/// A step either is done or waits for an effect of other callbacks; no step waits for time to pass. The deadline only
/// bounds a failing test.
final class Passes {
    enum Step {
        case act(() throws -> Void)
        case until(String, () -> Bool)
    }

    let loop: EventLoop
    private var steps: ArraySlice<Step> = []
    private let deadline = Deadline.generous

    init() throws { loop = try EventLoop() }

    /// Runs all steps; called once per loop.
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
