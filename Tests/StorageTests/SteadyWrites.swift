import Foundation
import Synchronization
import TestSupport
import Vocabulary

@testable import Storage

/// Reserves on several threads until it is told to end, and keeps what was answered.
final class SteadyWrites: Sendable {
    struct Answers: Sendable {
        var done: [Int64] = []
        var refused: [Int64] = []
    }

    private let condition = NSCondition()
    // Touched only while `condition` is locked.
    nonisolated(unsafe) private var answers = Answers()
    nonisolated(unsafe) private var isEnding = false
    private let threads = DispatchGroup()

    init(_ store: Store, threads count: Int = 3) {
        for _ in 0..<count {
            threads.enter()
            Thread { [self] in
                while goesOn { reserve(in: store) }
                threads.leave()
            }.start()
        }
    }

    private var goesOn: Bool { condition.withLock { !isEnding } }

    private func reserve(in store: Store) {
        let reservation = reservation()
        let outcome = store.reserveAndWait(reservation)
        condition.withLock {
            if case .success = outcome {
                answers.done.append(reservation.id.rawValue)
            } else {
                answers.refused.append(reservation.id.rawValue)
            }
            condition.broadcast()
        }
        // A store that cannot write refuses at once: it is not asked ten thousand times a second.
        if case .failure = outcome { Thread.sleep(forTimeInterval: 0.005) }
    }

    /// Waits until the answers are such; throws when they are not in time.
    func wait(until isSo: (Answers) -> Bool) throws {
        try condition.withLock {
            let deadline = Deadline.generous
            while !isSo(answers) {
                guard condition.wait(until: deadline.date) else {
                    throw TestFailure("\(answers.done.count) done, \(answers.refused.count) refused")
                }
            }
        }
    }

    /// Waits until so many more were done.
    func waitForMore(_ count: Int) throws {
        let before = condition.withLock { answers.done.count }
        try wait { $0.done.count >= before + count }
    }

    /// Ends the threads; all that they asked for is answered then.
    func end() -> Answers {
        condition.withLock { isEnding = true }
        threads.wait()
        return condition.withLock { answers }
    }
}
