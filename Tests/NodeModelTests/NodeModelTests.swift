import Foundation
import Testing

/// The protocol of several nodes on one database as a model: see `docs/nodes.md`.
///
/// `TOLLGATE_MODEL_STEPS` asks for a longer run, `TOLLGATE_TEST_SEED` for the runs of one seed.
@Suite("Nodes that share a database, as a model")
struct NodeModelTests {
    static let length = 3_000
    private static let stepsMin = 60_000

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].map { text in
            guard let number = UInt64(text) else { preconditionFailure("\(name) must be a decimal number") }
            return number
        }
    }

    enum Mode: String, CaseIterable, CustomTestStringConvertible {
        case readCommitted = "read committed"
        case repeatableRead = "repeatable read"
        case losingCommits = "a standby that lost the last commits"

        var testDescription: String { rawValue }

        var rules: Rules {
            var rules = Rules()
            switch self {
            case .readCommitted: break
            case .repeatableRead: rules.isRepeatableRead = true
            case .losingCommits: rules.losesCommits = true
            }
            return rules
        }
    }

    @Test("no invariant breaks, whatever happens in whatever order", arguments: Mode.allCases)
    func holds(_ mode: Mode) {
        let steps = Int(Self.number("TOLLGATE_MODEL_STEPS") ?? UInt64(Self.stepsMin)) / Mode.allCases.count
        let first = Self.number("TOLLGATE_TEST_SEED") ?? UInt64.random(in: 0..<1 << 62)
        var done = 0
        var seed = first
        var counts = World.Counts()
        while done < steps {
            let profile: Decision.Profile = seed % 2 == 0 ? .bursts : .overlaps
            var rules = mode.rules
            rules.endsWithoutSeat = seed / 2 % 2 == 0
            let run = Run(seed: seed, rules: rules, profile: profile, length: Self.length)
            let world = run.world(run.decisions)
            if let violation = world.violation {
                Issue.record("\(mode.rawValue): \(run.report(violation))")
                return
            }
            done += world.steps
            counts.add(world.counts)
            seed += 1
        }
        print("\(mode.rawValue): \(done) steps in \(seed - first) runs from seed \(first); \(counts)")
        #expect(counts.isLively(isLong: steps >= 300_000), "\(counts)")
    }
}

extension World.Counts {
    mutating func add(_ other: World.Counts) {
        commits += other.commits
        calls += other.calls
        hits += other.hits
        follows += other.follows
        swept += other.swept
        late += other.late
        denied += other.denied
        unknown += other.unknown
        timeouts += other.timeouts
        conflicts += other.conflicts
        losses += other.losses
    }

    /// Whether a run saw what it is there for; a long one also what is rare.
    func isLively(isLong: Bool) -> Bool {
        let often = [commits, calls, hits, follows, swept, denied, unknown]
        return (often + (isLong ? [late, timeouts] : [])).allSatisfy { $0 > 0 }
    }
}
