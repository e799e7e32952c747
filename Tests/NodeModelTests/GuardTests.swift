import Testing

/// Each guard of the protocol is needed: without it an invariant breaks, and the run shows which.
///
/// A run is the same for the same seed, so each case begins at a seed that is known to show it soon. Where the model
/// has changed, more seeds are tried; a case that fails with all of them needs another seed, or the guard is not
/// needed.
@Suite("What each guard of the protocol is for")
struct GuardTests {
    struct Case: CustomTestStringConvertible {
        let without: Rules.Guard
        let seed: UInt64
        let breaks: Set<Invariant>
        var losesCommits = false

        var testDescription: String { "without \(without.rawValue)" }
    }

    private static let seedsMax: UInt64 = 12

    static let cases = [
        Case(without: .fence, seed: 0, breaks: [.deadWritesNothing, .sendUnderLease]),
        Case(without: .sendRule, seed: 57, breaks: [.sendUnderLease]),
        Case(
            without: .commitApart,
            seed: 0,
            breaks: [.purgedIsNotStored, .changedIsNotStored, .i3, .deadWritesNothing]
        ),
        Case(without: .balancesAfterLock, seed: 7, breaks: [.i1]),
        Case(without: .scopeLock, seed: 15, breaks: [.i1]),
        Case(without: .endingsFirst, seed: 54, breaks: [.i1]),
        Case(without: .recheck, seed: 2, breaks: [.storedIsNotAsked]),
        Case(without: .purgeFlightsFirst, seed: 20, breaks: [.purgedIsNotStored]),
        Case(without: .purgeMarksFlights, seed: 1, breaks: [.purgedIsNotStored]),
        Case(without: .purgeUnclaims, seed: 17, breaks: [.purgedIsNotServed]),
        Case(without: .feedHead, seed: 193, breaks: [.feedHasNoGap]),
        Case(without: .feedLast, seed: 0, breaks: [.noDeadlock]),
        Case(without: .pollBeats, seed: 25, breaks: [.feedHasNoGap], losesCommits: true),
        Case(without: .endFromState, seed: 8, breaks: [.i3]),
        Case(without: .sweepLease, seed: 0, breaks: [.liveIsNotSwept]),
        Case(without: .sweepRecheck, seed: 2, breaks: [.liveIsNotSwept]),
        Case(without: .sweepAlone, seed: 8, breaks: [.noDeadlock]),
        Case(without: .stamps, seed: 1, breaks: [.revokedIsRefused, .purgedIsNotServed]),
        Case(without: .recovery, seed: 1, breaks: [.noDeadlock, .quiescence]),
        Case(without: .answerAfterCommit, seed: 0, breaks: [.i2, .i5]),
        Case(without: .landings, seed: 0, breaks: [.followersGetOutcome]),
        Case(without: .changeMarkers, seed: 8, breaks: [.changedIsNotStored]),
        Case(without: .lateUnstored, seed: 14, breaks: [.purgedIsNotStored]),
        Case(without: .idleTimeout, seed: 1, breaks: [.locksEnd]),
        Case(without: .emptyMemory, seed: 1, breaks: [.purgedIsNotServed, .revokedIsRefused]),
        Case(without: .staleFor, seed: 43, breaks: [.revokedIsRefused]),
        Case(without: .claimAgain, seed: 9, breaks: [.quiescence]),
    ]

    @Test("without one guard an invariant breaks", arguments: cases)
    func breaks(_ guarded: Case) {
        var rules = Rules.without(guarded.without)
        rules.losesCommits = guarded.losesCommits
        for seed in guarded.seed..<guarded.seed + Self.seedsMax {
            let run = Run(seed: seed, rules: rules, length: NodeModelTests.length)
            if let violation = run.world(run.decisions).violation, guarded.breaks.contains(violation.invariant) {
                return
            }
        }
        Issue.record("nothing notices that \(guarded.without.rawValue) is missing")
    }

    /// Those whose absence shows too rarely for random runs; `ScenarioTests` has the steps that show it.
    private static let withScenario: Set<Rules.Guard> = [.markerFirst]

    @Test("every guard has its case")
    func all() {
        #expect(Set(Self.cases.map(\.without)).union(Self.withScenario) == Set(Rules.Guard.allCases))
    }

    @Test("a run that fails is shortened, and fails in the same way again")
    func shortening() throws {
        let run = Run(seed: 0, rules: .without(.answerAfterCommit), length: NodeModelTests.length)
        let violation = try #require(run.world(run.decisions).violation)
        let decisions = run.shortened(violation.invariant)
        #expect(decisions.count < 100)
        #expect(run.world(decisions).violation?.invariant == violation.invariant)
    }
}
