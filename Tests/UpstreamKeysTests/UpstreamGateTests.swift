import TestSupport
import Testing
import Vocabulary

@testable import UpstreamKeys

@Suite("UpstreamGate")
struct UpstreamGateTests {
    private let full = "overloaded 503 charged no after 1"

    @Test("a key that another node has found out about is out here as well, and in again when it is good there")
    func otherNodes() {
        let key = upstreamKey("key")
        let bench = GateBench(limits(concurrencyMax: 9), keys: [key])
        func note(_ state: UpstreamKeyRecord.State?, _ digest: Digest? = nil, at time: Int64 = 0) -> Bool {
            let record = state.map { state in
                UpstreamKeyRecord(id: key.id, secretDigest: digest ?? key.secretDigest, state: state)
            }
            return bench.gate.note(record, of: key.id, at: moment(time))
        }
        bench.run(
            {
                #expect(!note(nil), "it is active already")
                #expect(!note(.quarantined(.unauthorized), Digest(1, 2, 3, 4)), "of another secret")
                #expect(bench.enter(1) == "go")
                #expect(note(.quarantined(.unauthorized)))
                #expect(!note(.quarantined(.forbidden)), "it is out already")
                #expect(bench.enter(2).contains(" 503 charged no"))
                #expect(note(nil))
                #expect(bench.enter(3) == "go")
                let end = moment(0).wall + .seconds(5)
                #expect(note(.cooling(until: end)))
                #expect(!note(.cooling(until: end)), "it cools as long already")
                #expect(!note(.cooling(until: moment(0).wall)), "that is over")
                #expect(bench.enter(4).hasPrefix("wait until 5000"))
                #expect(note(nil, at: 1_000))
            },
            { #expect(bench.takeAnswers() == ["4 go"], "what waits for the key goes out with it") }
        )
        #expect(!bench.gate.note(nil, of: UpstreamKeyID(rawValue: "other"), at: moment(0)))
    }

    @Test("so many are out at once; who waits is let out in order, one for each that comes back")
    func concurrency() throws {
        let bench = GateBench(limits(concurrencyMax: 2))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "go")
            #expect(bench.enter(3) == "wait")
            #expect(bench.enter(4) == "wait")
            #expect(bench.enter(5) == "wait")
            try bench.leave(2)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            // Waiting requests go before new ones.
            #expect(bench.enter(6) == "wait")
            try bench.leave(1)
            try bench.leave(3)
        } _: {
            #expect(bench.takeAnswers() == ["4 go", "5 go"])
            try bench.leave(4)
        } _: {
            #expect(bench.takeAnswers() == ["6 go"])
            try bench.leave(5)
            #expect(bench.enter(7) == "go")
        } _: {
            #expect(bench.takeAnswers() == [])
        }
    }

    @Test("the shares of all nodes come to all places, and the first ones have what does not go up", arguments: 1...9)
    func shares(_ count: Int) {
        let bench = GateBench(limits(concurrencyMax: 7))
        var places: [Int] = []
        for rank in 0..<count {
            bench.gate.share(among: count, as: rank, at: moment(0))
            places.append(bench.gate.load.placesMax)
        }
        #expect(places.reduce(0, +) == max(7, count) && places == places.sorted(by: >) && places.last! >= 1)
    }

    @Test("each of several nodes has its share of the places, and one at least")
    func share() throws {
        let bench = GateBench(limits(concurrencyMax: 3))
        func share(among count: Int) { bench.gate.share(among: count, as: 0, at: moment(0)) }
        bench.run {
            share(among: 2)
            #expect(bench.gate.load.placesMax == 2)
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "go")
            #expect(bench.enter(3) == "wait")
            share(among: 1)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"], "the other node has left")
            share(among: 1_000)
            #expect(bench.gate.load.placesMax == 1)
            try bench.leave(1)
            #expect(bench.enter(4) == "wait")
            try bench.leave(2)
            try bench.leave(3)
        } _: {
            #expect(bench.takeAnswers() == ["4 go"])
            share(among: 0)
            #expect(bench.gate.load.placesMax == 3)
        }
    }

    @Test("the queue is bounded, but not for a request that was out already")
    func queueBound() throws {
        let bench = GateBench(limits(concurrencyMax: 1, queueMax: 2))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "wait")
            #expect(bench.enter(3) == "wait")
            #expect(bench.enter(4) == self.full)
            #expect(bench.enter(5, isRepeated: true) == "wait")
            try bench.leave(1)
        } _: {
            #expect(bench.takeAnswers() == ["2 go"])
            #expect(bench.enter(6) == self.full)
            try bench.leave(2)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            #expect(bench.enter(7) == "wait")
        }
    }

    @Test("with max_queue 0 nobody waits")
    func noQueue() throws {
        let bench = GateBench(limits(concurrencyMax: 1, queueMax: 0))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == self.full)
            try bench.leave(1)
            #expect(bench.enter(3) == "go")
        }
    }

    @Test("who gives up leaves the queue and is told nothing more; who was let out just before cannot")
    func givingUp() throws {
        let bench = GateBench(limits(concurrencyMax: 1))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "wait")
            #expect(bench.enter(3) == "wait")
            // Each worker numbers its own calls.
            #expect(bench.enter(2, other: true) == "wait")
            #expect(bench.giveUp(2).map(GateBench.words) == self.full)
            #expect(bench.giveUp(2) == nil)
            #expect(bench.giveUp(1) == nil)
            try bench.leave(1)
            #expect(bench.giveUp(3) == nil)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            try bench.leave(3)
            #expect(bench.giveUp(2, other: true) == nil)
        } _: {
            #expect(bench.takeAnswers() == ["2 go"])
        }
    }

    @Test("while the key cools everybody waits, and a poll at its end lets out as many as may be")
    func cooling() throws {
        let bench = GateBench(limits(concurrencyMax: 2))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "go")
            try bench.leave(1, limitedFor: .seconds(3), at: 1_000)
            #expect(bench.enter(1, at: 1_000, isRepeated: true) == "wait until 4000")
            #expect(bench.enter(3, at: 2_000) == "wait until 4000")
            #expect(bench.enter(4, at: 2_000) == "wait until 4000")
            // No request can use the place that becomes free.
            try bench.leave(2, at: 2_500)
            #expect(bench.gate.poll(at: moment(3_999)).pollAt == instant(4_000))
        } _: {
            #expect(bench.takeAnswers() == [])
            #expect(bench.gate.poll(at: moment(4_000)).pollAt == nil)
        } _: {
            #expect(bench.takeAnswers() == ["1 go", "3 go"])
            try bench.leave(3, at: 4_100)
        } _: {
            #expect(bench.takeAnswers() == ["4 go"])
            #expect(bench.gate.poll(at: moment(4_200)).pollAt == nil)
        }
    }

    @Test("a cooling that gets longer is polled for again, and who gives up meanwhile is told its end")
    func longerCooling() throws {
        let bench = GateBench(limits(concurrencyMax: 2))
        bench.run {
            bench.enter(1)
            bench.enter(2)
            try bench.leave(1, limitedFor: .seconds(1))
            #expect(bench.enter(1, isRepeated: true) == "wait until 1000")
            try bench.leave(2, limitedFor: .milliseconds(2_001), at: 500)
            #expect(bench.enter(3, at: 500) == "wait until 2501")
            #expect(bench.gate.poll(at: moment(1_000)).pollAt == instant(2_501))
            #expect(bench.giveUp(1, at: 1_000).map(GateBench.words) == "upstream_rate_limited 503 charged no after 2")
            #expect(bench.giveUp(3, at: 2_500).map(GateBench.words) == "upstream_rate_limited 503 charged no after 1")
            #expect(bench.gate.poll(at: moment(2_500)).pollAt == nil)
            #expect(bench.enter(4, at: 2_501) == "go")
        } _: {
            #expect(bench.takeAnswers() == [])
        }
    }

    @Test("who gives up as the key's pause ends has waited for the key, not for a place")
    func givingUpAtTheEnd() throws {
        let bench = GateBench(limits(concurrencyMax: 1))
        bench.run {
            bench.enter(1)
            try bench.leave(1, limitedFor: .seconds(1))
            #expect(bench.enter(1, isRepeated: true) == "wait until 1000")
            #expect(bench.enter(2) == "wait until 1000")
            #expect(bench.giveUp(1, at: 1_000).map(GateBench.words) == "upstream_rate_limited 503 charged no after 1")
            #expect(bench.enter(3, at: 1_000) == "wait")
        } _: {
            #expect(bench.takeAnswers() == ["2 go"])
            #expect(bench.giveUp(3, at: 1_000).map(GateBench.words) == self.full)
        }
    }

    @Test("without Retry-After a key cools for a second, and a success makes the next time a second again")
    func coolingByItself() throws {
        let bench = GateBench(limits(concurrencyMax: 1))
        bench.run {
            bench.enter(1)
            try bench.leave(1, limitedFor: nil)
            #expect(bench.enter(2) == "wait until 1000")
            #expect(bench.giveUp(2) != nil)
            #expect(bench.enter(3, at: 1_000) == "go")
            try bench.leave(3, limitedFor: nil, at: 1_000)
            #expect(bench.enter(4, at: 1_000) == "wait until 3000")
            #expect(bench.giveUp(4) != nil)
            #expect(bench.enter(5, at: 3_000) == "go")
            try bench.leave(5, at: 3_000)
            #expect(bench.enter(6, at: 3_000) == "go")
            try bench.leave(6, limitedFor: nil, at: 3_000)
            #expect(bench.enter(7, at: 3_000) == "wait until 4000")
        }
    }

    @Test("when the vendor fails too often, those who come and those who wait are refused; then one probe goes")
    func breaker() throws {
        let bench = GateBench(limits(concurrencyMax: 2, breakerFailures: 2))
        let open = "circuit_open 503 charged no after 5"
        bench.run {
            for call in 1...4 { bench.enter(UInt64(call)) }
            try bench.leave(1, .failure)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            try bench.leave(2, .failure)
        } _: {
            #expect(bench.takeAnswers() == ["4 \(open)"])
            #expect(bench.enter(5) == open)
            #expect(bench.enter(6, at: 4_500) == "circuit_open 503 charged no after 1")
            #expect(bench.enter(7, at: 5_000) == "go")
            // Both places are taken: by the probe and by an earlier request, whose end says nothing about the probe.
            #expect(bench.enter(8, at: 5_000) == "wait")
            try bench.leave(3, .neutral, at: 5_100)
        } _: {
            #expect(bench.takeAnswers() == ["8 \(open)"])
            try bench.leave(7, .success, at: 5_200)
            #expect(bench.enter(9, at: 5_200) == "go")
            #expect(bench.enter(10, at: 5_200) == "go")
        }
    }

    @Test("new limits hold at once: who has room goes out, and nobody who is out or waits is turned away")
    func replaced() throws {
        let bench = GateBench(limits(concurrencyMax: 2, queueMax: 2))
        bench.run {
            for call in 1...4 { bench.enter(UInt64(call)) }
            bench.replace(limits(concurrencyMax: 1, queueMax: 0))
            #expect(bench.enter(5) == self.full)
            try bench.leave(1)
        } _: {
            #expect(bench.takeAnswers() == [])
            try bench.leave(2)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            bench.replace(limits(concurrencyMax: 3, queueMax: 1))
        } _: {
            #expect(bench.takeAnswers() == ["4 go"])
            try bench.leave(3)
            #expect(bench.enter(6) == "go")
            #expect(bench.enter(7) == "go")
            #expect(bench.enter(8) == "wait")
        }
    }

    @Test("the key that a request is booked to takes it if it can, else another one by its turn")
    func booked() throws {
        let bench = GateBench(limits(), keys: [upstreamKey("a"), upstreamKey("b")])
        bench.run {
            for call in 1...4 { bench.enter(UInt64(call), booked: "b") }
            #expect((1...4).map { bench.key(of: $0) } == ["b", "b", "b", "b"])
            try bench.leave(1, limitedFor: .seconds(9))
            bench.enter(5, booked: "b")
            bench.enter(6, booked: "gone")
            #expect((5...6).map { bench.key(of: $0) } == ["a", "a"])
            #expect(bench.enter(7, booked: "a", without: [upstreamKey("a")]) == "wait until 9000")
            #expect(bench.enter(8, booked: "a", without: [upstreamKey("a")]) == "wait until 9000")
        } _: {
            // A request that waits for a cooling key does not delay requests that do not need it.
            #expect(bench.enter(9, booked: "a") == "go")
            #expect(bench.gate.poll(at: moment(9_000)).pollAt == nil)
        } _: {
            #expect(bench.takeAnswers() == ["7 go", "8 go"])
            #expect((7...8).map { bench.key(of: $0) } == ["b", "b"])
        }
    }

    @Test("an account without a key that is accepted refuses with no_upstream_key, those who wait too")
    func closed() throws {
        let bench = GateBench(limits(concurrencyMax: 1), keys: [upstreamKey("key")])
        let noKey = "no_upstream_key 503 charged no after 60"
        bench.run {
            for (call, document) in [(1, "a"), (2, "a"), (3, "b"), (4, "c")] {
                #expect(bench.enter(UInt64(call)) == "go")
                if call == 4 { #expect(bench.enter(5) == "wait") }
                let ruling = try bench.leave(UInt64(call), .unauthorized, document: document)
                #expect(ruling == .keyRejected)
                #expect(bench.records.isEmpty == (call < 4))
            }
            #expect(bench.enter(6, account: "unknown") == noKey)
        } _: {
            #expect(bench.takeAnswers() == ["5 \(noKey)"])
            #expect(bench.enter(7) == noKey)
            #expect(bench.records.map(\.state) == [.quarantined(.unauthorized)])
            // A new secret makes a new key.
            bench.replace(limits(concurrencyMax: 1), keys: [upstreamKey("key", secret: "new")])
            #expect(bench.records.last?.state == .active)
            #expect(bench.enter(8) == "go")
            bench.replace(limits(concurrencyMax: 1), keys: [upstreamKey("key", secret: "new", notBefore: 7_000)])
            #expect(bench.enter(9) == "no_upstream_key 503 charged no after 7")
        }
    }

    @Test("once a minute one request goes out on the only key, though it is quarantined; a success lets all out again")
    func trial() throws {
        let bench = GateBench(limits(), keys: [upstreamKey("key")])
        bench.run {
            for document in ["a", "b", "c"] {
                bench.enter(1)
                _ = try bench.leave(1, .forbidden, document: document, at: 0)
            }
            #expect(bench.enter(2, at: 30_000) == "no_upstream_key 503 charged no after 30")
            #expect(bench.enter(3, at: 60_000) == "go")
            #expect(bench.enter(4, at: 60_000) == "no_upstream_key 503 charged no after 60")
            let ruling = try bench.leave(3, .refused, document: "d", at: 61_000)
            #expect(ruling == .keyRejected)
            #expect(bench.enter(5, at: 119_999) == "no_upstream_key 503 charged no after 1")
            #expect(bench.enter(6, at: 120_000) == "go")
            #expect(bench.records.count == 1)
            try bench.leave(6, at: 121_000)
            #expect(bench.records.map(\.state) == [.quarantined(.forbidden), .active])
            #expect(bench.enter(7, at: 121_000) == "go")
            #expect(bench.enter(8, at: 121_000) == "go")
        }
    }

    @Test("a second try that gives no opinion leaves the first refusal counted, a success shows whose fault it was")
    func secondTry() throws {
        let bench = GateBench(limits(), keys: [upstreamKey("a"), upstreamKey("b")])
        func first(_ document: String) -> FirstRejection {
            FirstRejection(key: upstreamKey("a"), rejection: .unauthorized, document: document)
        }
        bench.run {
            for (document, report) in [("1", UpstreamGate.Report.failed), ("2", .answered(.neutral))] {
                bench.enter(1, booked: "b")
                try bench.leave(1, report, after: first(document), at: 0)
                #expect(bench.records.isEmpty)
            }
            bench.enter(2, booked: "b")
            try bench.leave(2, .answered(.failure), after: first("3"), at: 0)
            #expect(bench.records.map(\.state) == [.quarantined(.unauthorized)])
            bench.replace(limits(), keys: [upstreamKey("a", secret: "new"), upstreamKey("b")])
            bench.enter(3, booked: "b")
            let again = FirstRejection(key: upstreamKey("a", secret: "new"), rejection: .forbidden, document: "4")
            try bench.leave(3, .succeeded, after: again, at: 0)
            #expect(bench.records.last?.state == .quarantined(.forbidden))
        }
    }

    @Test("a probe that a 4xx answers leaves the breaker half-open: the next request is a probe again")
    func neutralProbe() throws {
        let bench = GateBench(limits(breakerFailures: 2))
        bench.run {
            for sign in [CircuitBreaker.Sign.failure, .neutral, .failure] {
                bench.enter(1)
                try bench.leave(1, .answered(sign), at: 0)
            }
            #expect(bench.enter(3) == "circuit_open 503 charged no after 5")
            #expect(bench.enter(4, at: 5_000) == "go")
            try bench.leave(4, .answered(.neutral), at: 5_000)
            #expect(bench.enter(5, at: 5_000) == "go")
            #expect(bench.enter(6, at: 5_000) == "circuit_open 503 charged no after 5")
            let ruling = try bench.leave(5, .refused, at: 5_000)
            #expect(ruling == .passOn)
            #expect(bench.enter(7, at: 5_000) == "go")
            try bench.leave(7, .failed, at: 5_000)
            #expect(bench.enter(8, at: 5_000) == "circuit_open 503 charged no after 5")
        }
    }

    @Test("a reply to a key that has gone, or has another secret now, says nothing of the present ones")
    func goneKey() throws {
        let bench = GateBench(limits(), keys: [upstreamKey("key")])
        bench.run {
            for call in 1...3 { bench.enter(UInt64(call)) }
            bench.replace(limits(), keys: [upstreamKey("key", secret: "new")])
            // The request is retried with the new secret, which makes a new key.
            let ruling = try bench.leave(1, .unauthorized)
            #expect(ruling == .tryAnother)
            #expect(bench.enter(1, isRepeated: true, without: [upstreamKey("key")]) == "go")
            try bench.leave(2, limitedFor: .seconds(60))
            bench.replace(limits(), keys: [])
            let last = try bench.leave(3, .unauthorized)
            #expect(last == .keyRejected)
            #expect(bench.records.isEmpty)
        }
    }

    @Test("accounts do not wait for one another: keys, breakers and queues are each one's own")
    func accounts() throws {
        let keys = [upstreamKey("a", account: "first"), upstreamKey("b", account: "second")]
        let bench = GateBench(limits(concurrencyMax: 2, breakerFailures: 1), keys: keys)
        bench.run {
            #expect(bench.enter(1, account: "first", booked: "a") == "go")
            try bench.leave(1, limitedFor: .seconds(5))
            #expect(bench.enter(2, account: "first", booked: "a") == "wait until 5000")
            #expect(bench.enter(3, account: "second", booked: "b") == "go")
            try bench.leave(3, .failure)
            #expect(bench.enter(4, account: "second", booked: "b") == "circuit_open 503 charged no after 5")
            #expect(bench.gate.poll(at: moment(5_000)).pollAt == nil)
        } _: {
            #expect(bench.takeAnswers() == ["2 go"])
            #expect(bench.key(of: 2) == "a")
        }
    }

    @Test("places that get free go to the accounts in turns, and in each to the teams in turns")
    func turns() throws {
        let keys = [upstreamKey("a", account: "first"), upstreamKey("b", account: "second")]
        let bench = GateBench(limits(concurrencyMax: 1), keys: keys)
        bench.run {
            bench.enter(0, account: "first", booked: "a")
            for call in 1...4 { bench.enter(UInt64(call), account: "first", team: "many", booked: "a") }
            bench.enter(5, account: "first", team: "one", booked: "a")
            bench.enter(6, account: "second", team: "many", booked: "b")
            try bench.leave(0)
        } _: {
            try bench.leave(6)
        } _: {
            try bench.leave(1)
        } _: {
            try bench.leave(5)
        } _: {
            #expect(bench.takeAnswers().map { $0.prefix(1) } == ["6", "1", "5", "2"])
        }
    }

    @Test("accounts have their turns in the order of their keys")
    func order() throws {
        let accounts = ["c", "f", "a", "e", "b", "d"]
        let bench = GateBench(limits(concurrencyMax: 1), keys: accounts.map { upstreamKey("key-\($0)", account: $0) })
        bench.run {
            for (call, account) in accounts.enumerated() {
                bench.enter(UInt64(call), account: account, booked: "key-\(account)")
            }
            try bench.leave(0)
        } _: {
            try bench.leave(1)
        } _: {
            try bench.leave(2)
        } _: {
            try bench.leave(3)
        } _: {
            try bench.leave(4)
        } _: {
            #expect(bench.takeAnswers() == (1...5).map { "\($0) go" })
        }
    }

    @Test("what was remembered holds again, for the same secret only")
    func restored() throws {
        let bench = GateBench(limits(), keys: ["a", "b", "c", "d"].map { upstreamKey($0) })
        func record(_ key: UpstreamKey, _ state: UpstreamKeyRecord.State) -> UpstreamKeyRecord {
            UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: state)
        }
        let states = [
            record(upstreamKey("a"), .quarantined(.forbidden)),
            record(upstreamKey("b"), .cooling(until: Timestamp(seconds: 30))),
            record(upstreamKey("c", secret: "old"), .quarantined(.forbidden)),
            record(upstreamKey("d"), .cooling(until: Timestamp(seconds: 9))),
            record(upstreamKey("gone"), .quarantined(.forbidden)),
        ]
        let now = bench.gate.restore(states, at: moment(10_000))
        #expect(now.map(\.state) == [states[0].state, states[1].state, .active, .active, .active])
        bench.run {
            #expect(bench.enter(1, at: 10_000, booked: "c") == "go")
            #expect(bench.enter(2, at: 10_000, booked: "d") == "go")
            let without = ["c", "d"].map { upstreamKey($0) }
            #expect(bench.enter(3, at: 10_000, booked: "a", without: without) == "wait until 30000")
        }
    }

    @Test("a request that is set aside makes room, and takes a place again without a wait")
    func aside() throws {
        let bench = GateBench(limits(concurrencyMax: 1))
        bench.run {
            #expect(bench.enter(1, mayTry: false) == "go")
            #expect(bench.enter(2) == "wait")
            try bench.setAside(1)
        } _: {
            #expect(bench.takeAnswers() == ["2 go"])
            try bench.takeUp(1)
            #expect(bench.enter(3) == "wait")
            try bench.leave(2)
        } _: {
            #expect(bench.takeAnswers() == [])
            try bench.setAside(1)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            try bench.leave(1)
            try bench.leave(3)
            #expect(bench.enter(4) == "go")
            #expect(bench.enter(5) == "wait")
        }
    }

    @Test("as many as may be are set aside; then those that could be too are refused, others are not")
    func asideBound() throws {
        let bench = GateBench(limits(concurrencyMax: 9), asideMax: 2)
        bench.run {
            for call in 1...3 { #expect(bench.enter(UInt64(call), mayTry: false) == "go") }
            try bench.setAside(1)
            #expect(bench.enter(4, mayTry: false) == "go")
            try bench.setAside(2)
            #expect(bench.enter(5, mayTry: false) == self.full)
            #expect(bench.enter(6) == "go")
            // Those under way are not stopped.
            try bench.setAside(3)
            try bench.leave(1)
            #expect(bench.enter(7, mayTry: false) == self.full)
            try bench.takeUp(2)
            #expect(bench.enter(8, mayTry: false) == "go")
        }
    }

    @Test("a probe that is set aside leaves the breaker half-open for the next one, and counts when it ends")
    func asideProbe() throws {
        let bench = GateBench(limits(concurrencyMax: 9, breakerFailures: 1))
        bench.run {
            #expect(bench.enter(1) == "go")
            try bench.leave(1, .failure)
            #expect(bench.enter(2, at: 100).hasPrefix("circuit_open"))
            #expect(bench.enter(3, at: 60_000, mayTry: false) == "go")
            #expect(bench.enter(4, at: 60_000).hasPrefix("circuit_open"))
            try bench.setAside(3, at: 60_000)
            #expect(bench.enter(5, at: 60_000) == "go")
            #expect(bench.enter(6, at: 60_000).hasPrefix("circuit_open"))
            try bench.leave(3, .success, at: 60_000)
            #expect(bench.enter(7, at: 60_000) == "go")
        }
    }

    @Test("at random: never too many are out, nobody waits for nothing, and everybody is told exactly once")
    func random() throws {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let model = GateModel(
                concurrencyMax: Int.random(in: 1...4, using: &generator),
                queueMax: Int.random(in: 0...6, using: &generator),
                breakerFailures: Int.random(in: 2...6, using: &generator),
                generator: SeededGenerator(seed: generator.next())
            )
            model.run()
            #expect(model.fault == nil, "seed \(seed)")
        }
    }
}

/// A worker that does anything at any time, and keeps its own record of the answers it is owed.
private final class GateModel {
    private let gate: UpstreamGate
    private let concurrencyMax: Int
    private var generator: SeededGenerator
    private let inbox = KeptAnswers()
    private var time: Int64 = 0
    private var coolsUntil: Int64 = 0
    private var next: UInt64 = 1
    private var out: [(call: UInt64, pass: UpstreamGate.Pass)] = []
    private var waiting: [UInt64] = []
    private(set) var fault: String?

    init(concurrencyMax: Int, queueMax: Int, breakerFailures: Int, generator: SeededGenerator) {
        gate = UpstreamGate(
            limits: limits(
                concurrencyMax: concurrencyMax,
                queueMax: queueMax,
                breakerFailures: breakerFailures
            ),
            keys: [upstreamKey("key")]
        )
        self.concurrencyMax = concurrencyMax
        self.generator = generator
    }

    func run() {
        for _ in 0..<400 {
            act()
            receive()
        }
        // In the end every request comes back, and none is left.
        for _ in 0..<60 {
            time += 100_000
            while !out.isEmpty { leave(.succeeded) }
            _ = gate.poll(at: moment(time))
            receive()
        }
        if !waiting.isEmpty { blame("\(waiting) were never told anything") }
        if !out.isEmpty { blame("\(out.count) are still out") }
    }

    private func blame(_ what: String) { fault = fault ?? what }

    private func receive() { for answer in inbox.take() { take(answer) } }

    private func take(_ answer: UpstreamGate.Answer) {
        guard waiting.first == answer.call else {
            return blame("\(answer.call) was told something, but \(waiting) wait")
        }
        waiting.removeFirst()
        if case .go(let pass) = answer.entry { letOut(answer.call, pass) }
        if case .wait = answer.entry { blame("\(answer.call) was told to wait after a wait") }
    }

    private func letOut(_ call: UInt64, _ pass: UpstreamGate.Pass) {
        out.append((call, pass))
        if out.count > concurrencyMax { blame("\(out.count) are out") }
        if time < coolsUntil { blame("\(call) was let out while the key cools") }
    }

    private func act() {
        // Every answer has arrived.
        let status = gate.status(at: moment(time))
        if status.map(\.waiting) != [waiting.count] || status[0].keys.map(\.underWay) != [out.count] {
            blame("\(status) while \(waiting) wait and \(out.count) are out")
        }
        if !waiting.isEmpty, out.count < concurrencyMax, time >= coolsUntil { blame("\(waiting) wait for nothing") }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4: enter()
        case 4 where !out.isEmpty: leave(.failed)
        case 5 where !out.isEmpty: leave(.unused)
        case 6 where !out.isEmpty: leaveLimited()
        case 7 where !waiting.isEmpty: giveUp()
        case 8: time += Int64.random(in: 0...3_000, using: &generator)
        default: if !out.isEmpty { leave(.succeeded) }
        }
        _ = gate.poll(at: moment(time))
    }

    private func ticket(_ call: UInt64) -> UpstreamGate.Waiting {
        UpstreamGate.Waiting(
            call: call,
            account: AccountID(rawValue: "default"),
            team: TeamID(rawValue: "team"),
            booked: UpstreamKeyID(rawValue: "key"),
            without: [],
            inbox: inbox
        )
    }

    private func enter(_ repeated: UInt64? = nil) {
        let call = repeated ?? next
        if repeated == nil { next += 1 }
        let (entry, consequences) = gate.enter(ticket(call), isRepeated: repeated != nil, at: moment(time))
        switch entry {
        case .go(let pass): letOut(call, pass)
        case .wait:
            waiting.append(call)
            if (consequences.pollAt != nil) != (time < coolsUntil) {
                blame("\(call) waits, but not for what it is told")
            }
        case .refused: break
        }
    }

    private func takeOut() -> (call: UInt64, pass: UpstreamGate.Pass) {
        out.remove(at: Int.random(in: 0..<out.count, using: &generator))
    }

    private func leave(_ report: UpstreamGate.Report) {
        _ = gate.leave(takeOut().pass, report, after: nil, at: moment(time))
    }

    private func leaveLimited() {
        let seconds = Int64.random(in: 1...3, using: &generator)
        let (call, pass) = takeOut()
        coolsUntil = max(coolsUntil, time + seconds * 1_000)
        _ = gate.leave(pass, .limited(.seconds(seconds)), after: nil, at: moment(time))
        if Bool.random(using: &generator) { enter(call) }
    }

    private func giveUp() {
        guard let call = waiting.randomElement(using: &generator) else { return }
        // Nil means that the answer is in the inbox.
        guard gate.giveUp(ticket(call), at: moment(time)) != nil else { return }
        waiting.removeAll { $0 == call }
    }
}
