import TestSupport
import Testing
import Vocabulary

@testable import UpstreamKeys

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
        #expect(take(&ring, "b", at: 0) == nil)
        #expect(take(&ring, "b", at: 1_500) == "c")
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

    private func rejection(_ rejection: Rejection, by key: String, document: String = "d") -> FirstRejection {
        FirstRejection(key: upstreamKey(key), rejection: rejection, document: document)
    }

    private func rule(
        _ ring: inout UpstreamKeyRing,
        _ rejection: Rejection,
        by key: String,
        after first: FirstRejection? = nil,
        document: String = "d",
        at time: Int64 = 0
    ) -> (Ruling, [String]) {
        let rejected = self.rejection(rejection, by: key, document: document)
        let (ruling, records) = ring.rejected(rejected, after: first, at: moment(time))
        return (ruling, words(records))
    }

    private func words(_ records: [UpstreamKeyRecord]) -> [String] {
        records.map { record in
            switch record.state {
            case .active: "\(record.id) active"
            case .cooling: "\(record.id) cooling"
            case .quarantined(let reason): "\(record.id) \(reason.rawValue)"
            }
        }
    }

    private func succeed(_ ring: inout UpstreamKeyRing, _ key: String, after first: FirstRejection? = nil) -> [String] {
        words(ring.succeeded(upstreamKey(key), isTrial: false, after: first, at: moment(0)))
    }

    @Test(
        "a rejected request is put to another key; its success puts the first one out",
        arguments: [
            (Rejection.unauthorized, "unauthorized"), (.unauthorizedInShape, "unauthorized"), (.forbidden, "forbidden"),
            (.refused, "other_key_accepted"),
        ]
    )
    func otherSucceeds(_ rejected: Rejection, _ reason: String) {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        #expect(rule(&ring, rejected, by: "a") == (.tryAnother, []))
        #expect(Set(choices(&ring, 2)) == ["a", "b"])
        #expect(succeed(&ring, "b", after: rejection(rejected, by: "a")) == ["a \(reason)"])
        #expect(choices(&ring, 2) == ["b", "b"])
        // A late reply says nothing new.
        #expect(succeed(&ring, "b", after: rejection(rejected, by: "a")) == [])
        #expect(succeed(&ring, "a") == [])
        #expect(choices(&ring, 2) == ["b", "b"])
    }

    @Test("what two keys are refused is about the request: neither suffers, however many documents there are")
    func bothRefuse() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b"), upstreamKey("c")])
        let pairs: [(Rejection, Rejection, Ruling)] = [
            (.refused, .refused, .passOn), (.forbidden, .forbidden, .keyRejected), (.refused, .forbidden, .passOn),
            (.forbidden, .refused, .passOn),
        ]
        for document in 0..<40 {
            let (first, second, ruling) = pairs[document % 4]
            #expect(rule(&ring, first, by: "a", document: "\(document)") == (.tryAnother, []))
            let before = rejection(first, by: "a", document: "\(document)")
            #expect(rule(&ring, second, by: "b", after: before, document: "\(document)") == (ruling, []))
        }
        #expect(Set(choices(&ring, 3)) == ["a", "b", "c"])
    }

    @Test("a 401 counts against every key that gets one, since nothing in a request brings it about")
    func unauthorizedTwice() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        for document in ["1", "1", "2"] {
            let first = rejection(.unauthorized, by: "a", document: document)
            #expect(rule(&ring, .unauthorized, by: "b", after: first, document: document) == (.keyRejected, []))
        }
        let first = rejection(.unauthorized, by: "a", document: "3")
        let third = rule(&ring, .unauthorized, by: "b", after: first, document: "3")
        #expect(third == (.keyRejected, ["a unauthorized", "b unauthorized"]))
        #expect(ring.outlook(without: [], at: moment(59_999)) == .closed)
    }

    @Test("a 401 in the vendor's error shape counts as a 401, and is passed on")
    func unauthorizedInShape() {
        var two = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        var one = UpstreamKeyRing([upstreamKey("a")])
        for document in ["1", "2", "3"] {
            let (first, records) = rule(&two, .unauthorizedInShape, by: "a", document: document)
            #expect(first == .tryAnother && records == [])
            let before = rejection(.unauthorizedInShape, by: "a", document: document)
            let both = rule(&two, .unauthorized, by: "b", after: before, document: document)
            #expect(both == (.passOn, document == "3" ? ["a unauthorized", "b unauthorized"] : []))
            let alone = rule(&one, .unauthorizedInShape, by: "a", document: document)
            #expect(alone == (.passOn, document == "3" ? ["a unauthorized"] : []))
        }
    }

    @Test("a key that was refused as a key waits for another one that cools; a 403 of the vendor does not")
    func otherCools() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        _ = ring.limited(upstreamKey("b"), retryAfter: .seconds(9), at: moment(0))
        #expect(rule(&ring, .refused, by: "a").0 == .passOn)
        #expect(rule(&ring, .unauthorized, by: "a").0 == .tryAnother)
        #expect(rule(&ring, .forbidden, by: "a").0 == .tryAnother)
    }

    @Test(
        "the third document in a row that the only key is refused for as a key puts it out; the same one counts once",
        arguments: [(Rejection.unauthorized, "unauthorized"), (.forbidden, "forbidden")]
    )
    func third(_ rejected: Rejection, _ reason: String) {
        var ring = UpstreamKeyRing([upstreamKey("a")])
        for _ in 0..<9 { #expect(rule(&ring, rejected, by: "a", document: "1") == (.keyRejected, [])) }
        #expect(rule(&ring, rejected, by: "a", document: "2") == (.keyRejected, []))
        #expect(succeed(&ring, "a") == [])
        for document in ["3", "4"] { #expect(rule(&ring, rejected, by: "a", document: document).1 == []) }
        // Another answer in between is not a success.
        ring.answered(upstreamKey("a"))
        #expect(rule(&ring, rejected, by: "a", document: "5") == (.keyRejected, ["a \(reason)"]))
        #expect(ring.choose(without: [], at: moment(0)) == nil)
        #expect(rule(&ring, rejected, by: "a", document: "6") == (.keyRejected, []))
    }

    @Test("the fifth document in a row, in whatever words it is refused, puts the only key out")
    func fifth() {
        var ring = UpstreamKeyRing([upstreamKey("a")])
        for _ in 0..<9 { #expect(rule(&ring, .refused, by: "a", document: "1") == (.passOn, [])) }
        #expect(rule(&ring, .refused, by: "a", document: "2").0 == .passOn)
        for document in 3...4 { #expect(rule(&ring, .forbidden, by: "a", document: "\(document)").1 == []) }
        var spared = ring
        #expect(succeed(&spared, "a") == [])
        #expect(rule(&spared, .refused, by: "a", document: "5").0 == .passOn)
        let fifth = rule(&ring, .refused, by: "a", document: "5")
        // It is passed on like those before; what a key on trial is told is not.
        #expect(fifth == (.passOn, ["a refused_repeatedly"]))
        #expect(ring.choose(without: [], at: moment(0)) == nil)
        #expect(rule(&ring, .refused, by: "a", document: "6") == (.keyRejected, []))
    }

    // MARK: Quarantine

    /// A key in quarantine since the start.
    private func putOut(_ ring: inout UpstreamKeyRing, _ key: String) {
        for document in ["1", "2", "3"] {
            _ = ring.ruleAlone(on: rejection(.unauthorized, by: key, document: document), at: moment(0))
        }
    }

    private func take(_ ring: inout UpstreamKeyRing, _ id: String, mayTry: Bool = true, at time: Int64) -> String? {
        ring.take(preferring: UpstreamKeyID(rawValue: id), without: [], mayTry: mayTry, at: moment(time)).map {
            key,
            isTrial in
            isTrial ? "\(key.id) on trial" : key.id.rawValue
        }
    }

    @Test("a request that cannot be tried again goes out on a key in quarantine only when there is no other")
    func trialOfOneTry() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        putOut(&ring, "a")
        #expect(take(&ring, "a", mayTry: false, at: 60_000) == "b")
        #expect(take(&ring, "a", mayTry: true, at: 60_000) == "a on trial")
        putOut(&ring, "b")
        #expect(take(&ring, "a", mayTry: false, at: 120_000) == "a on trial")
    }

    @Test("once a minute one request goes out on a key in quarantine, whatever key it is booked to; a success heals it")
    func trial() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        putOut(&ring, "a")
        #expect(take(&ring, "b", at: 59_999) == "b")
        #expect(choices(&ring, 2, at: 60_000) == ["b", "b"])
        #expect(take(&ring, "b", at: 60_000) == "a on trial")
        #expect(take(&ring, "b", at: 60_000) == "b")
        // It is retried with another key, whose success says nothing new.
        #expect(rule(&ring, .unauthorized, by: "a", document: "4", at: 60_100) == (.tryAnother, []))
        #expect(succeed(&ring, "b", after: rejection(.unauthorized, by: "a")) == [])
        #expect(take(&ring, "b", at: 119_999) == "b")
        #expect(take(&ring, "b", at: 120_000) == "a on trial")
        let healed = ring.succeeded(upstreamKey("a"), isTrial: true, after: nil, at: moment(121_000))
        #expect(words(healed) == ["a active"])
        #expect(Set(choices(&ring, 2, at: 121_000)) == ["a", "b"])
        // The count restarts.
        for document in ["1", "2"] {
            _ = ring.ruleAlone(on: rejection(.unauthorized, by: "a", document: document), at: moment(121_000))
        }
        #expect(Set(choices(&ring, 2, at: 121_000)) == ["a", "b"])
    }

    @Test("a refusal by a key in quarantine is no second opinion: the other key's refusal counts as if alone")
    func opinionInQuarantine() {
        for isTrialFirst in [true, false] {
            var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
            putOut(&ring, "b")
            for document in ["1", "2", "3"] {
                let (first, second) = isTrialFirst ? ("b", "a") : ("a", "b")
                let before = rejection(.forbidden, by: first, document: document)
                let (ruling, records) = rule(&ring, .forbidden, by: second, after: before, document: document)
                #expect(ruling == .keyRejected)
                #expect(records == (document == "3" ? ["a forbidden"] : []))
            }
        }
    }

    @Test("a trial waits for the key's time and for its cooling, and an operator's state stands before it")
    func trialLater() {
        var ring = UpstreamKeyRing([upstreamKey("a", notAfter: 200_000)])
        putOut(&ring, "a")
        #expect(ring.nextChange(at: moment(0)) == instant(60_000))
        _ = ring.limited(upstreamKey("a"), retryAfter: .seconds(90), at: moment(0))
        #expect(ring.nextChange(at: moment(0)) == instant(90_000))
        #expect(ring.outlook(without: [], at: moment(89_999)) == .closed)
        #expect(ring.outlook(without: [], at: moment(90_000)) == .open)
        #expect(ring.outlook(without: [upstreamKey("a")], at: moment(90_000)) == .closed)
        #expect(ring.choose(without: [], at: moment(90_000))?.id.rawValue == "a")
        #expect(ring.outlook(without: [], at: moment(200_000)) == .closed)
        #expect(ring.nextChange(at: moment(200_000)) == nil)
        _ = ring.replace([upstreamKey("a", notAfter: 200_000, operatorState: .draining)])
        #expect(ring.outlook(without: [], at: moment(90_000)) == .closed)
        #expect(take(&ring, "a", at: 90_000) == nil)
    }

    @Test("while another key cools, a trial lets one request out and the others wait")
    func trialWhileCooling() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        putOut(&ring, "a")
        _ = ring.limited(upstreamKey("b"), retryAfter: .seconds(300), at: moment(0))
        #expect(ring.outlook(without: [], at: moment(0)) == .waits(until: instant(60_000)))
        #expect(ring.choose(without: [], at: moment(60_000))?.id.rawValue == "b")
        #expect(take(&ring, "b", at: 60_000) == "a on trial")
        #expect(take(&ring, "b", at: 60_000) == nil)
        #expect(ring.outlook(without: [], at: moment(60_000)) == .waits(until: instant(120_000)))
    }

    @Test("a quarantine ends when the secret changes or the key goes, and not when anything else about it does")
    func endOfQuarantine() {
        var ring = UpstreamKeyRing([upstreamKey("a"), upstreamKey("b")])
        for key in ["a", "b"] { putOut(&ring, key) }
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
        #expect(take(&ring, "a", at: 0) == "b")
        #expect(ring.outlook(without: [upstreamKey("b")], at: moment(0)) == .closed)
        // Neither the end of its cooling nor its start is waited for.
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
        for document in ["1", "2"] { #expect(rule(&ring, .unauthorized, by: "a", document: document).1 == []) }
        #expect(rule(&ring, .unauthorized, by: "a", document: "3").1 == ["a unauthorized"])
        let record = ring.limited(upstreamKey("b"), retryAfter: .seconds(3), at: moment(0))
        #expect(record?.state == .cooling(until: Timestamp(seconds: 3)))
        for document in 1...4 { #expect(rule(&ring, .refused, by: "c", document: "\(document)").0 == .passOn) }
        #expect(ring.replace(["a", "b", "c"].map { upstreamKey($0) }).isEmpty)
        #expect(choices(&ring, 2, at: 2_999) == ["c", "c"])
        #expect(Set(choices(&ring, 4, at: 3_000)) == ["b", "c"])
        _ = ring.replace([upstreamKey("c", weight: 7)])
        let fifth = rule(&ring, .refused, by: "c", document: "5")
        #expect(fifth == (.passOn, ["c refused_repeatedly"]))
    }

    @Test("enabling a key forgets its quarantine, its cooling and its refusals, and nothing of the others")
    func enabling() {
        var ring = UpstreamKeyRing(["a", "b", "c", "d"].map { upstreamKey($0) })
        for key in ["a", "b"] { putOut(&ring, key) }
        for key in ["c", "d"] { _ = ring.limited(upstreamKey(key), retryAfter: .seconds(9), at: moment(0)) }
        for id in ["a", "c"] {
            let key = upstreamKey(id)
            let record = UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: .active)
            #expect(ring.enable(key.id) == record)
        }
        #expect(ring.enable(UpstreamKeyID(rawValue: "gone")) == nil)
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
        putOut(&ring, "a")
        #expect(ring.enable(UpstreamKeyID(rawValue: "a")) != nil)
        #expect(ring.choose(without: [], at: moment(0)) == nil)
        #expect(ring.replace([upstreamKey("a")]).isEmpty)
        #expect(ring.choose(without: [], at: moment(0)) != nil)
    }

    @Test("weights that no form takes, as a damaged store may have them, are chosen by without a trap")
    func absurdWeights() {
        var ring = UpstreamKeyRing([upstreamKey("a", weight: .max), upstreamKey("b", weight: .max), upstreamKey("c")])
        let chosen = choices(&ring, 1_000)
        #expect(chosen.count == 1_000)
        #expect(chosen.count { $0 == "a" } == 500)
    }

    @Test(
        "a cooling that ends later than any can is forgotten at a start: the clock was set back",
        arguments: [-1, 0, 1]
    )
    func coolingOfAnotherClock(beyond: Int64) {
        var ring = UpstreamKeyRing([upstreamKey("a")])
        let now = Moment(steady: instant(1), wall: Timestamp(seconds: 1_000))
        let state = UpstreamKeyRecord.State.cooling(until: Timestamp(seconds: 1_000 + 86_400 + beyond))
        let record = UpstreamKeyRecord(
            id: upstreamKey("a").id,
            secretDigest: upstreamKey("a").secretDigest,
            state: state
        )
        #expect(ring.restore(record, at: now) == (beyond <= 0))
        #expect((ring.outlook(without: [], at: now) == .open) == (beyond > 0))
    }

    @Test("absurd moments of a store or a file are before or behind every clock", arguments: [Int64.min, 0, .max])
    func absurdMoments(_ clock: Int64) {
        let now = Moment(steady: instant(1), wall: Timestamp(microseconds: clock))
        for number in [Int64.min, -1, 0, 1, .max] {
            var key = upstreamKey("a")
            key.notBefore = Timestamp(microseconds: number)
            var ring = UpstreamKeyRing([key])
            #expect((ring.choose(without: [], at: now) == nil) == (number > clock))
            _ = ring.outlook(without: [], at: now)
            _ = ring.nextChange(at: now)
            ring = UpstreamKeyRing([upstreamKey("a")])
            let state = UpstreamKeyRecord.State.cooling(until: Timestamp(microseconds: number))
            let record = UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: state)
            _ = ring.restore(record, at: now)
            // A key pauses for at most a day, whatever was stored.
            let later = Moment(steady: instant(86_400_001), wall: now.wall)
            #expect(ring.choose(without: [], at: later) != nil)
        }
    }
}
