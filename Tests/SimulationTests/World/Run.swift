import TestSupport

/// One run: a seed, the decisions drawn from it, and what they lead to.
struct Run {
    let seed: UInt64
    let rules: Rules
    let decisions: [Decision]

    init(seed: UInt64, rules: Rules = Rules(), length: Int) {
        var random = SeededGenerator(seed: seed)
        decisions = Decision.draw(length, seed % 2 == 0 ? .quick : .slow, &random)
        self.seed = seed
        self.rules = rules
    }

    /// Carries decisions out to the first violation, or to the end and then until all is quiet.
    func world(_ decisions: [Decision], isTraced: Bool = false) -> World {
        let world = World(rules: rules, isTraced: isTraced)
        for decision in decisions {
            world.carryOut(decision)
            if world.violation != nil { return world }
        }
        world.calmDown()
        return world
    }

    /// The decisions that were carried out before the violation.
    private func upToViolation() -> [Decision] {
        let world = World(rules: rules)
        var carriedOut: [Decision] = []
        for decision in decisions {
            if world.carryOut(decision) { carriedOut.append(decision) }
            if world.violation != nil { break }
        }
        return carriedOut
    }

    /// A shorter list of decisions that breaks the same invariant, by leaving out ever smaller parts; no single
    /// decision of it can be left out, unless `attemptsMax` came first.
    func shortened(_ invariant: Invariant, attemptsMax: Int = 20_000) -> [Decision] {
        var decisions = upToViolation()
        if world(decisions).violation?.invariant != invariant { decisions = self.decisions }
        var size = max(decisions.count / 2, 1)
        var attempts = 0
        while attempts < attemptsMax {
            var hasShortened = false
            var start = 0
            while start < decisions.count, attempts < attemptsMax {
                var rest = decisions
                rest.removeSubrange(start..<min(start + size, rest.count))
                attempts += 1
                if world(rest).violation?.invariant == invariant {
                    decisions = rest
                    hasShortened = true
                } else {
                    start += size
                }
            }
            if size == 1, !hasShortened { break }
            size = max(size / 2, 1)
        }
        return decisions
    }

    private static let linesMax = 120

    /// What a failed test prints: the invariant, the seed, and the shortened run as a story.
    func report(_ violation: World.Violation) -> String {
        let decisions = shortened(violation.invariant)
        let world = world(decisions, isTraced: true)
        let lines = world.lines.suffix(Self.linesMax).joined(separator: "\n  ")
        return """
            \(violation.invariant.rawValue) with seed \(seed), at step \(violation.step): \(violation.detail)
              \(violation.invariant.text)
              shortened to \(decisions.count) steps:
              \(lines)
            """
    }
}
