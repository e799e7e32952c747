import Foundation
import TestSupport
import Testing

/// Everything that decides, moved together by one seed: see `docs/simulation.md`.
///
/// `TOLLGATE_SIMULATION_STEPS` asks for a longer run, `TOLLGATE_TEST_SEED` for the runs from one seed on.
@Suite("Clients, vendor, clock, disk and the product's rules, by one seed")
struct SimulationTests {
    static let length = 2_500
    private static let stepsMin = 100_000
    /// From here on a run must have met everything that is counted.
    private static let longSteps = 1_000_000

    private static var steps: Int {
        guard let text = ProcessInfo.processInfo.environment["TOLLGATE_SIMULATION_STEPS"] else { return stepsMin }
        guard let number = Int(text) else { preconditionFailure("TOLLGATE_SIMULATION_STEPS must be a decimal number") }
        return number
    }

    @Test("no invariant breaks, whatever happens in whatever order")
    func holds() {
        // Below 2^62, so that the seeds of all runs are numbers.
        let first = SeededGenerator().seed >> 2
        let asked = ProcessInfo.processInfo.environment["TOLLGATE_TEST_SEED"].flatMap(UInt64.init)
        var seed = asked ?? first
        let start = seed
        let clock = ContinuousClock()
        let startedAt = clock.now
        var counts = Counts()
        while counts.steps < Self.steps {
            let run = Run(seed: seed, length: Self.length)
            let world = run.world(run.decisions)
            if let violation = world.violation {
                Issue.record("\(run.report(violation))")
                return
            }
            counts.add(world.counts)
            seed += 1
        }
        let words = counts.all.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
        print("\(seed - start) runs from seed \(start) in \(clock.now - startedAt): \(words)")
        let missing = counts.all.filter { $0.count == 0 }.map(\.name)
        #expect(counts.steps < Self.longSteps || missing.isEmpty, "never seen: \(missing)")
        let often = [
            counts.hits, counts.collapsed, counts.denied, counts.unconfirmed, counts.crashesWithOpen, counts.daysPassed,
        ]
        #expect(counts.steps < Self.stepsMin || often.allSatisfy { $0 > 0 }, "\(words)")
    }
}
