/// One run: a seed, the decisions drawn from it, and what they led to.
struct Run {
    let seed: UInt64
    let rules: Rules
    let decisions: [Decision]

    init(seed: UInt64, rules: Rules, profile: Decision.Profile = .bursts, length: Int) {
        var random = SplitMix(seed: seed)
        var decisions = Decision.draw(length, profile, &random)
        if rules.losesCommits {
            let word = Int(random.next() >> 1)
            let decision = Decision(kind: .failOver, node: 0, choice: word)
            decisions.insert(decision, at: length / 4 + word / 64 % (length / 2))
        }
        self.seed = seed
        self.rules = rules
        self.decisions = decisions
    }

    /// The clocks of the nodes: one is right, one fast, one slow.
    private static let rates = [1_000, 1_050, 950]

    /// Carries decisions out to the first violation, or to the end and then until all is quiet.
    func world(_ decisions: [Decision], isTraced: Bool = false) -> World {
        var world = World(rules: rules, rates: Self.rates, isTraced: isTraced)
        for decision in decisions {
            world.carryOut(decision)
            if world.violation != nil { return world }
        }
        world.calmDown()
        return world
    }

    /// The decisions that were carried out before the violation.
    private func upToViolation() -> [Decision] {
        var world = World(rules: rules, rates: Self.rates)
        for index in decisions.indices {
            world.carryOut(decisions[index])
            if world.violation != nil { return Array(decisions[...index]) }
        }
        return decisions
    }

    /// A shorter list of decisions that breaks the same invariant, by leaving out ever smaller parts.
    func shortened(_ invariant: Invariant, attemptsMax: Int = 400) -> [Decision] {
        var decisions = upToViolation()
        var size = decisions.count / 2
        var attempts = 0
        while size > 0, attempts < attemptsMax {
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
            size = max(size > 1 ? size / 2 : hasShortened ? 1 : 0, 0)
        }
        return decisions
    }

    private static let linesMax = 90

    /// What a failed test prints.
    func report(_ violation: World.Violation) -> String {
        let decisions = shortened(violation.invariant)
        let world = world(decisions, isTraced: true)
        let lines = (world.trace?.lines ?? []).prefix(Self.linesMax).joined(separator: "\n  ")
        let title = "\(violation.invariant.rawValue) with seed \(seed): \(violation.detail)"
        return "\(title)\n  shortened to \(decisions.count) decisions:\n  \(lines)"
    }
}
