import TestSupport
import Testing
import Vocabulary

@testable import Upstream

@Suite("UpstreamKeyRing")
struct UpstreamKeyRingTests {
    private func choices(_ ring: inout UpstreamKeyRing, _ count: Int, at time: Int64 = 0) -> [String] {
        (0..<count).compactMap { _ in ring.choose(without: [], at: moment(time))?.id.rawValue }
    }

    @Test("in as many choices as the weights' sum each key has exactly its share, spread evenly")
    func weights() {
        var ring = UpstreamKeyRing([upstreamKey("a", weight: 5), upstreamKey("b"), upstreamKey("c")])
        #expect(choices(&ring, 7).joined() == "aabacaa")
        #expect(choices(&ring, 7).joined() == "aabacaa")
    }

    @Test("at random: every cycle has the shares, and no key waits longer than for its part of a cycle")
    func randomWeights() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let weights = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                Int.random(in: 1...20, using: &generator)
            }
            let sum = weights.reduce(0, +)
            var ring = UpstreamKeyRing(weights.enumerated().map { upstreamKey("\($0)", weight: $1) })
            for _ in 0..<3 {
                let cycle = choices(&ring, sum)
                for (index, weight) in weights.enumerated() {
                    #expect(cycle.count { $0 == "\(index)" } == weight, "seed \(seed)")
                }
            }
        }
    }

    @Test("a key that cools is left out until its time is over; the others share by their weights")
    func cooling() {
        var ring = UpstreamKeyRing([upstreamKey("a", weight: 2), upstreamKey("b"), upstreamKey("c")])
        let record = ring.limited(upstreamKey("a"), retryAfter: .seconds(3), at: moment(1_000))
        #expect(record?.state == .cooling(until: Timestamp(seconds: 4)))
        #expect(Set(choices(&ring, 10, at: 3_999)) == ["b", "c"])
        #expect(choices(&ring, 40, at: 4_000).count { $0 == "a" } == 20)
    }

    @Test("a burst of 429 is one thing to remember, a longer pause another")
    func burst() {
        var ring = UpstreamKeyRing([upstreamKey("a")])
        let key = upstreamKey("a")
        #expect(ring.limited(key, retryAfter: nil, at: moment(0)) != nil)
        #expect(ring.limited(key, retryAfter: nil, at: moment(10)) == nil)
        #expect(ring.limited(key, retryAfter: .seconds(9), at: moment(20)) != nil)
        #expect(ring.limited(key, retryAfter: .seconds(1), at: moment(30)) == nil)
    }

    @Test("when all cool, a request is booked to the one that is ready first, and waits for it")
    func allCool() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b"), upstreamKey("c", notBefore: 1_500)])
        _ = ring.limited(upstreamKey("a"), retryAfter: .seconds(3), at: moment(0))
        _ = ring.limited(upstreamKey("b"), retryAfter: .seconds(2), at: moment(0))
        #expect(ring.choose(without: [], at: moment(0))?.id.rawValue == "b")
        #expect(ring.choose(without: [upstreamKey("b")], at: moment(0))?.id.rawValue == "a")
        #expect(ring.outlook(without: [], at: moment(0)) == .waits(until: instant(1_500)))
        #expect(ring.outlook(without: [upstreamKey("c")], at: moment(0)) == .waits(until: instant(2_000)))
        #expect(ring.nextChange(at: moment(0)) == instant(1_500))
        #expect(ring.take(preferring: KeyID(rawValue: "b"), without: [], at: moment(0)) == nil)
        #expect(ring.take(preferring: KeyID(rawValue: "b"), without: [], at: moment(1_500))?.id.rawValue == "c")
    }

    @Test("a key is used within not_before and not_after only, and a start to come is not waited for in the queue")
    func validity() {
        var ring = UpstreamKeyRing([upstreamKey("a", notBefore: 1_000, notAfter: 2_000)])
        #expect(ring.choose(without: [], at: moment(999)) == nil)
        #expect(ring.outlook(without: [], at: moment(999)) == .closed)
        #expect(ring.nextChange(at: moment(999)) == instant(1_000))
        #expect(ring.choose(without: [], at: moment(1_000)) != nil)
        #expect(ring.choose(without: [], at: moment(1_999)) != nil)
        #expect(ring.choose(without: [], at: moment(2_000)) == nil)
        #expect(ring.nextChange(at: moment(2_000)) == nil)
    }

    // MARK: Rulings

    private func rule(
        _ ring: inout UpstreamKeyRing,
        _ rejection: Rejection,
        by key: String,
        after first: FirstRejection? = nil,
        document: String = "d"
    ) -> (Ruling, [String]) {
        let (ruling, records) = ring.rejected(
            rejection,
            by: upstreamKey(key),
            after: first,
            document: document,
            at: moment(0)
        )
        return (ruling, records.map { "\($0.id) \($0.state)" })
    }

    private func first(_ rejection: Rejection, by key: String) -> FirstRejection {
        FirstRejection(key: upstreamKey(key), rejection: rejection)
    }

    @Test("a 401, or a 403 in other words than the vendor's, is the key's; the request goes to another one first")
    func aboutTheKey() {
        for (rejection, reason) in [(Rejection.unauthorized, "unauthorized"), (.forbidden, "forbidden")] {
            var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
            #expect(
                rule(&ring, rejection, by: "a") == (
                    .tryAnother, ["a quarantined(Vocabulary.QuarantineReason.\(reason))"]
                )
            )
            #expect(choices(&ring, 3) == ["b", "b", "b"])
            let second = rule(&ring, rejection, by: "b", after: first(rejection, by: "a"))
            #expect(second == (.keyRejected, ["b quarantined(Vocabulary.QuarantineReason.\(reason))"]))
            #expect(ring.outlook(without: [], at: moment(0)) == .closed)
            // What comes back late says nothing new.
            #expect(rule(&ring, rejection, by: "a") == (.keyRejected, []))
        }
    }

    @Test("a 401 waits for another key that cools; a 403 of the vendor does not")
    func otherCools() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        _ = ring.limited(upstreamKey("b"), retryAfter: .seconds(9), at: moment(0))
        #expect(rule(&ring, .refused, by: "a").0 == .passOn)
        #expect(rule(&ring, .unauthorized, by: "a").0 == .tryAnother)
    }

    @Test("a 403 of the vendor is put to another key: its success quarantines the first one, its 403 nobody")
    func refused() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        for document in 0..<20 {
            #expect(rule(&ring, .refused, by: "a", document: "\(document)") == (.tryAnother, []))
            let second = rule(&ring, .refused, by: "b", after: first(.refused, by: "a"), document: "\(document)")
            #expect(second == (.passOn, []))
        }
        #expect(ring.answered(upstreamKey("b"), isSuccess: false, after: first(.refused, by: "a")) == nil)
        let record = ring.answered(upstreamKey("b"), isSuccess: true, after: first(.refused, by: "a"))
        #expect(record?.id.rawValue == "a")
        #expect(record?.state == .quarantined(.otherKeyAccepted))
        #expect(choices(&ring, 2) == ["b", "b"])
    }

    @Test("when the second key is at fault itself, the first refusal is judged as if there had been no second key")
    func secondAtFault() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        let second = rule(&ring, .unauthorized, by: "b", after: first(.refused, by: "a"))
        #expect(second == (.passOn, ["b quarantined(Vocabulary.QuarantineReason.unauthorized)"]))
    }

    @Test("the fifth 403 in a row about different documents is the only key's; the same document counts once")
    func fifth() {
        var ring = UpstreamKeyRing([upstreamKey("a")])
        for _ in 0..<9 { #expect(rule(&ring, .refused, by: "a", document: "1") == (.passOn, [])) }
        for document in 2...4 { #expect(rule(&ring, .refused, by: "a", document: "\(document)").0 == .passOn) }
        var spared = ring
        #expect(spared.answered(upstreamKey("a"), isSuccess: true, after: nil) == nil)
        #expect(rule(&spared, .refused, by: "a", document: "5").0 == .passOn)
        let fifth = rule(&ring, .refused, by: "a", document: "5")
        #expect(fifth == (.keyRejected, ["a quarantined(Vocabulary.QuarantineReason.refusedRepeatedly)"]))
        #expect(ring.choose(without: [], at: moment(0)) == nil)
    }

    @Test("a quarantine ends when the secret changes or the key goes, and not when anything else about it does")
    func endOfQuarantine() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        for key in ["a", "b"] { _ = rule(&ring, .unauthorized, by: key) }
        #expect(ring.replace([upstreamKey("a", weight: 9), upstreamKey("b")]).isEmpty)
        #expect(ring.choose(without: [], at: moment(0)) == nil)
        let ended = ring.replace([upstreamKey("a", secret: "new")])
        #expect(ended.map(\.id.rawValue) == ["a", "b"] && ended.allSatisfy { $0.state == .active })
        #expect(ring.choose(without: [], at: moment(0))?.id.rawValue == "a")
    }

    // MARK: Operators

    @Test(
        "a key that an operator drains or disables is never given out, booked to or waited for",
        arguments: [UpstreamKey.OperatorState.draining, .disabled]
    )
    func operatorState(_ state: UpstreamKey.OperatorState) {
        var ring = UpstreamKeyRing([upstreamKey("a", weight: 5, operatorState: state), upstreamKey("b")])
        #expect(choices(&ring, 3) == ["b", "b", "b"])
        let a = KeyID(rawValue: "a")
        #expect(ring.take(preferring: a, without: [], at: moment(0))?.id.rawValue == "b")
        #expect(ring.outlook(without: [upstreamKey("b")], at: moment(0)) == .closed)
        // Neither its cooling nor its start is anything to wait for.
        _ = ring.limited(upstreamKey("a"), retryAfter: .seconds(9), at: moment(0))
        #expect(ring.choose(without: [upstreamKey("b")], at: moment(0)) == nil)
        #expect(ring.outlook(without: [upstreamKey("b")], at: moment(0)) == .closed)
        #expect(ring.nextChange(at: moment(0)) == nil)
        _ = ring.replace([upstreamKey("a", notBefore: 5_000, operatorState: state), upstreamKey("b")])
        #expect(ring.nextChange(at: moment(0)) == nil)
    }

    @Test("what replies say of a key that drains is noted, and holds when it is active again")
    func notedWhileDraining() {
        let draining = ["a", "b", "c"].map { upstreamKey($0, operatorState: .draining) }
        var ring = UpstreamKeyRing(draining)
        #expect(rule(&ring, .unauthorized, by: "a").1 == ["a quarantined(Vocabulary.QuarantineReason.unauthorized)"])
        let record = ring.limited(upstreamKey("b"), retryAfter: .seconds(3), at: moment(0))
        #expect(record?.state == .cooling(until: Timestamp(seconds: 3)))
        for document in 1...4 { #expect(rule(&ring, .refused, by: "c", document: "\(document)").0 == .passOn) }
        #expect(ring.replace(["a", "b", "c"].map { upstreamKey($0) }).isEmpty)
        #expect(choices(&ring, 2, at: 2_999) == ["c", "c"])
        #expect(Set(choices(&ring, 4, at: 3_000)) == ["b", "c"])
        _ = ring.replace([upstreamKey("c", weight: 7)])
        let fifth = rule(&ring, .refused, by: "c", document: "5")
        #expect(fifth == (.keyRejected, ["c quarantined(Vocabulary.QuarantineReason.refusedRepeatedly)"]))
    }

    @Test("enabling a key forgets its quarantine, its cooling and its refusals, and nothing of the others")
    func enabling() {
        var ring = UpstreamKeyRing(["a", "b", "c", "d"].map { upstreamKey($0) })
        for key in ["a", "b"] { _ = rule(&ring, .unauthorized, by: key) }
        for key in ["c", "d"] { _ = ring.limited(upstreamKey(key), retryAfter: .seconds(9), at: moment(0)) }
        for id in ["a", "c"] {
            let key = upstreamKey(id)
            let record = UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: .active)
            #expect(ring.enable(key.id) == record)
        }
        #expect(ring.enable(KeyID(rawValue: "gone")) == nil)
        #expect(Set(choices(&ring, 8)) == ["a", "c"])
        #expect(Set(choices(&ring, 8, at: 9_000)) == ["a", "c", "d"])
    }

    @Test("enabling starts the count of refusals again, and the length of pauses")
    func enablingStartsAgain() {
        var ring = UpstreamKeyRing([upstreamKey("a")])
        let key = upstreamKey("a")
        for document in 1...4 { #expect(rule(&ring, .refused, by: "a", document: "\(document)").0 == .passOn) }
        _ = ring.limited(key, retryAfter: nil, at: moment(0))
        #expect(ring.enable(key.id) != nil)
        #expect(rule(&ring, .refused, by: "a", document: "5").0 == .passOn)
        let record = ring.limited(key, retryAfter: nil, at: moment(100))
        #expect(record?.state == .cooling(until: Timestamp(microseconds: 1_100_000)))
    }

    @Test(
        "enabling does not end what an operator set",
        arguments: [UpstreamKey.OperatorState.draining, .disabled]
    )
    func enablingInactive(_ state: UpstreamKey.OperatorState) {
        var ring = UpstreamKeyRing([upstreamKey("a", operatorState: state)])
        _ = rule(&ring, .unauthorized, by: "a")
        #expect(ring.enable(KeyID(rawValue: "a")) != nil)
        #expect(ring.choose(without: [], at: moment(0)) == nil)
        #expect(ring.replace([upstreamKey("a")]).isEmpty)
        #expect(ring.choose(without: [], at: moment(0)) != nil)
    }
}
