import Foundation

/// The seed of one random test: new each time, or the one that a failing test printed and `TOLLGATE_TEST_SEED` repeats.
struct SeededRun: Sendable, CustomStringConvertible {
    let seed: UInt64

    init() {
        let asked = ProcessInfo.processInfo.environment["TOLLGATE_TEST_SEED"].flatMap(UInt64.init)
        seed = asked ?? UInt64.random(in: 0 ... .max)
    }

    var generator: SeededGenerator { SeededGenerator(seed: seed) }

    var description: String { "TOLLGATE_TEST_SEED=\(seed)" }
}
