import Foundation

/// A thread that performs closures in order and never ends. Guarded by its condition.
final class SpawnerThread: @unchecked Sendable {
    // Everything below is touched only while `condition` is locked.
    private let condition = NSCondition()
    private var waiting: [() -> Void] = []

    init() {
        let thread = Thread { [self] in
            while true { next()() }
        }
        thread.name = "spawner"
        thread.start()
    }

    private func next() -> () -> Void {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty { condition.wait() }
        return waiting.removeFirst()
    }

    func perform<Outcome>(_ action: @escaping () -> Outcome) -> Outcome {
        condition.lock()
        defer { condition.unlock() }
        var outcome: Outcome?
        waiting.append { [condition] in
            let result = action()
            condition.lock()
            outcome = result
            condition.broadcast()
            condition.unlock()
        }
        condition.broadcast()
        while outcome == nil { condition.wait() }
        return outcome!
    }
}
