import Testing

/// The invariants notice when something is wrong: each rule on how decisions are performed is taken away in turn.
///
/// A case names the invariants that may notice first. The same seeds lead to the same runs, so that each is found soon;
/// where the simulation has changed, more seeds are tried.
@Suite("What each rule of the simulation is for")
struct GuardTests {
    struct Case: CustomTestStringConvertible {
        let without: Rules.Guard
        let breaks: Set<Invariant>

        var testDescription: String { "without \(without.rawValue)" }
    }

    private static let seedsMax: UInt64 = 24

    static let cases = [
        Case(without: .rowBeforeSend, breaks: [.i2]),
        Case(without: .withdrawal, breaks: [.i8, .i9]),
        Case(without: .moveBeforeSend, breaks: [.i2]),
        Case(without: .raise, breaks: [.i8]),
        Case(without: .retry, breaks: [.i9]),
        Case(without: .bookAfterDurable, breaks: [.i3, .i8]),
        Case(without: .tellAfterDurable, breaks: [.i5]),
        Case(without: .leave, breaks: [.i9]),
        Case(without: .stamp, breaks: [.purged]),
        Case(without: .recovery, breaks: [.i4]),
    ]

    @Test("without one rule an invariant breaks", arguments: cases)
    func breaks(_ guarded: Case) throws {
        for seed in 0..<Self.seedsMax {
            let run = Run(seed: seed, rules: .without(guarded.without), length: SimulationTests.length)
            guard let violation = run.world(run.decisions).violation else { continue }
            #expect(guarded.breaks.contains(violation.invariant), "\(run.report(violation))")
            return
        }
        Issue.record("nothing notices that \(guarded.without.rawValue) is missing")
    }

    @Test("every rule has its case")
    func all() { #expect(Set(Self.cases.map(\.without)) == Set(Rules.Guard.allCases)) }

    @Test("a run that fails is shortened until no step can be left out, and fails in the same way again")
    func shortening() throws {
        let run = Run(seed: 0, rules: .without(.rowBeforeSend), length: SimulationTests.length)
        let violation = try #require(run.world(run.decisions).violation)
        let decisions = run.shortened(violation.invariant)
        #expect(decisions.count < 20)
        #expect(run.world(decisions).violation?.invariant == violation.invariant)
        for index in decisions.indices {
            var rest = decisions
            rest.remove(at: index)
            #expect(run.world(rest).violation?.invariant != violation.invariant)
        }
        #expect(run.report(violation).contains("shortened to \(decisions.count) steps"))
    }

    @Test("the same decisions lead to the same end")
    func repeatable() {
        let run = Run(seed: 7, length: SimulationTests.length)
        let first = run.world(run.decisions, isTraced: true)
        let second = run.world(run.decisions, isTraced: true)
        #expect(first.lines == second.lines)
    }
}
