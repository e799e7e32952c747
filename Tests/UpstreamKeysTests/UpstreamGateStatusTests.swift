import Testing
import Vocabulary

@testable import UpstreamKeys

/// A key's status in words: state, requests out, and anything else.
private func summary(_ key: UpstreamKeyStatus) -> String {
    let parts = [
        key.coolingUntil.map { "cools until \($0.microseconds / 1_000)" }, key.quarantineReason?.rawValue,
        key.isInTime ? nil : "out of its time",
    ]
    return (["\(key.id) \(key.state.rawValue) \(key.underWay)"] + parts.compactMap { $0 }).joined(separator: ", ")
}

extension GateBench {
    /// The status of the gate's accounts, each in words.
    fileprivate func status(at time: Int64 = 0) -> [String] {
        gate.status(at: moment(time)).map { account in
            let head = "\(account.account) \(account.breaker.rawValue) \(account.waiting)"
            return ([head] + account.keys.map(summary)).joined(separator: "; ")
        }
    }

    /// Enables a key; returns its state to be stored.
    fileprivate func enable(_ id: String, at time: Int64 = 0) -> UpstreamKeyRecord? {
        gate.enable(UpstreamKeyID(rawValue: id), at: moment(time))
    }
}

@Suite("What operators see of the upstream gate, and do to it")
struct UpstreamGateStatusTests {
    @Test("accounts are sorted, and each tells its breaker, who waits and how its keys stand")
    func accounts() throws {
        let keys = [
            upstreamKey("c", account: "second"), upstreamKey("b", account: "first"),
            upstreamKey("a", account: "first", notBefore: 9_000),
        ]
        let bench = GateBench(limits(concurrencyMax: 2), keys: keys)
        bench.run {
            bench.enter(1, account: "first", booked: "b")
            bench.enter(2, account: "second", booked: "c")
            for call in 3...5 { bench.enter(UInt64(call), account: "second", booked: "c") }
            let all = ["first closed 0; b active 1; a active 0, out of its time", "second closed 3; c active 1"]
            #expect(bench.status() == all)
            #expect(bench.gate.status(at: moment(0))[0].keys.map(\.account.rawValue) == ["first", "first"])
            try bench.leave(1)
            #expect(
                bench.status(at: 9_000) == ["first closed 0; b active 0; a active 0", "second closed 2; c active 2"]
            )
        }
    }

    @Test(
        "of all that holds of a key the strongest is its state, and the rest is told too",
        arguments: [
            (UpstreamKey.OperatorState.active, "key cooling", "key quarantined", "key active"),
            (.draining, "key draining", "key draining", "key draining"),
            (.disabled, "key disabled", "key disabled", "key disabled"),
        ]
    )
    func states(_ state: UpstreamKey.OperatorState, _ cooling: String, _ quarantined: String, _ good: String) throws {
        let bench = GateBench(limits())
        bench.run {
            for call in 1...5 { bench.enter(UInt64(call)) }
            bench.replace(limits(), keys: [upstreamKey("key", operatorState: state)])
            #expect(bench.status() == ["default closed 0; \(good) 5"])
            try bench.leave(1, limitedFor: .seconds(7), at: 1_000)
            #expect(bench.status(at: 2_000) == ["default closed 0; \(cooling) 4, cools until 8000"])
            #expect(bench.status(at: 8_000) == ["default closed 0; \(good) 4"])
            // Two refusals counted against the key, and a third one.
            for call in 4...5 { _ = try bench.leave(UInt64(call), .unauthorized, document: "\(call)") }
            _ = try bench.leave(2, .unauthorized)
            #expect(bench.status(at: 2_000) == ["default closed 0; \(quarantined) 1, cools until 8000, unauthorized"])
            #expect(bench.records.count == 2)
            let key = upstreamKey("key")
            let record = UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: .active)
            #expect(bench.enable("key") == record)
            #expect(bench.status(at: 2_000) == ["default closed 0; \(good) 1"])
        }
    }

    @Test("an open breaker is half-open once its time is over, and until its probe has come back")
    func breaker() throws {
        let bench = GateBench(limits(breakerFailures: 1))
        func phase(at time: Int64) -> String { bench.gate.status(at: moment(time))[0].breaker.rawValue }
        bench.run {
            #expect(phase(at: 0) == "closed")
            bench.enter(1)
            try bench.leave(1, .failure)
            #expect(phase(at: 0) == "open")
            #expect(phase(at: 4_999) == "open")
            #expect(phase(at: 5_000) == "half_open")
            #expect(bench.enter(2, at: 5_000) == "go")
            #expect(phase(at: 5_000) == "half_open")
            try bench.leave(2, .success, at: 5_001)
            #expect(phase(at: 5_001) == "closed")
        }
    }

    @Test("a key is counted while requests are out with it, over another secret, an absence and another account")
    func underWay() throws {
        let bench = GateBench(limits(), keys: [upstreamKey("key"), upstreamKey("other")])
        bench.run {
            for call in 1...4 { bench.enter(UInt64(call)) }
            bench.replace(limits(), keys: [upstreamKey("key", secret: "new"), upstreamKey("other")])
            bench.enter(5)
            #expect(bench.status() == ["default closed 0; key active 5; other active 0"])
            bench.replace(limits(), keys: [upstreamKey("other")])
            try bench.leave(1)
            #expect(bench.status() == ["default closed 0; other active 0"])
            bench.replace(limits(), keys: [upstreamKey("other"), upstreamKey("key", account: "moved")])
            #expect(bench.status() == ["default closed 0; other active 0", "moved closed 0; key active 4"])
            for call in 2...5 { try bench.leave(UInt64(call)) }
            #expect(bench.status() == ["default closed 0; other active 0", "moved closed 0; key active 0"])
        }
    }

    @Test("a key was used when a request was let out with it, over another secret and another account, not an absence")
    func lastUse() throws {
        let bench = GateBench(limits(concurrencyMax: 1), keys: [upstreamKey("key"), upstreamKey("other")])
        func uses() -> [String: Int64] {
            let keys = bench.gate.status(at: moment(0)).flatMap(\.keys)
            let moments = keys.compactMap { key in key.lastUsedAt.map { (key.id.rawValue, $0.microseconds / 1_000) } }
            return Dictionary(uniqueKeysWithValues: moments)
        }
        bench.run {
            let stored = [
                UpstreamKeyID(rawValue: "other"): moment(10).wall, UpstreamKeyID(rawValue: "gone"): moment(10).wall,
            ]
            bench.gate.restore(stored)
            #expect(uses() == ["other": 10] && bench.gate.takeUnsavedUses().isEmpty)
            bench.enter(1, at: 1_000)
            bench.enter(2, at: 2_000)
            #expect(uses() == ["key": 1_000, "other": 10])
            // It waited for a place, and is let out now.
            try bench.leave(1, at: 3_000)
            #expect(uses() == ["key": 3_000, "other": 10])
        } _: {
            bench.replace(limits(), keys: [upstreamKey("key", account: "moved", secret: "new")])
            #expect(uses() == ["key": 3_000])
            #expect(bench.gate.takeUnsavedUses() == [UpstreamKeyID(rawValue: "key"): moment(3_000).wall])
            bench.replace(limits(), keys: [])
            bench.replace(limits(), keys: [upstreamKey("key")])
            #expect(uses() == [:])
            try bench.leave(2, at: 4_000)
        }
    }

    @Test("an account whose keys are gone is forgotten when the last of its requests has come back, however it does")
    func forgotten() throws {
        let keys = [upstreamKey("a", account: "first"), upstreamKey("b", account: "second")]
        let bench = GateBench(limits(concurrencyMax: 3), keys: keys)
        bench.run {
            for call in 1...3 { bench.enter(UInt64(call), account: "first", booked: "a") }
            bench.enter(4, account: "first", booked: "a")
            bench.replace(limits(), keys: [keys[1]])
        } _: {
            #expect(bench.takeAnswers() == ["4 no_upstream_key 503 charged no after 60"])
            #expect(bench.status() == ["first closed 0", "second closed 0; b active 0"])
            try bench.leave(1)
            let ruling = try bench.leave(2, .unauthorized)
            #expect(ruling == .keyRejected)
            #expect(bench.status() == ["first closed 0", "second closed 0; b active 0"])
            try bench.leave(3, limitedFor: nil)
            #expect(bench.status() == ["second closed 0; b active 0"])
            // It is answered like any other without keys, and an earlier reply is still passed on.
            let refused = bench.enter(3, isRepeated: true, account: "first", booked: "a", without: [keys[0]])
            #expect(refused == "no_upstream_key 503 charged no after 60")
            for (rejection, ruling) in [(Rejection.refused, Ruling.passOn), (.unauthorized, .keyRejected)] {
                let first = FirstRejection(key: keys[0], rejection: rejection, document: "d")
                let (alone, consequences) = bench.gate.ruleAlone(on: first, at: moment(0))
                #expect(alone == ruling && consequences.records.isEmpty)
            }
            bench.replace(limits(), keys: [])
            #expect(bench.status() == [])
            bench.replace(limits(), keys: keys)
            #expect(bench.enter(5, account: "first", booked: "a") == "go")
            #expect(bench.status() == ["first closed 0; a active 1", "second closed 0; b active 0"])
        }
    }

    @Test("who waits for a key goes out with it as soon as it is enabled")
    func enablingLetsOut() throws {
        let bench = GateBench(limits())
        bench.run {
            bench.enter(1)
            try bench.leave(1, limitedFor: .seconds(60))
            #expect(bench.enter(2) == "wait until 60000")
            #expect(bench.enable("gone") == nil)
        } _: {
            #expect(bench.takeAnswers() == [])
            #expect(bench.enable("key", at: 1_000)?.state == .active)
        } _: {
            #expect(bench.takeAnswers() == ["2 go"])
        }
    }

    @Test(
        "who waits is turned away when an operator takes the last key that it could wait for, and goes with another",
        arguments: [UpstreamKey.OperatorState.draining, .disabled]
    )
    func waiters(_ state: UpstreamKey.OperatorState) throws {
        let bench = GateBench(limits(), keys: [upstreamKey("a"), upstreamKey("b")])
        bench.run {
            for call in 1...2 { bench.enter(UInt64(call), booked: "a") }
            bench.enter(3, booked: "b")
            for call in 1...2 { try bench.leave(UInt64(call), limitedFor: .seconds(60)) }
            try bench.leave(3, limitedFor: .seconds(9))
            bench.enter(4, booked: "a")
            bench.enter(5, booked: "b", without: [upstreamKey("b")])
            bench.replace(limits(), keys: [upstreamKey("a", operatorState: state), upstreamKey("b")])
        } _: {
            // It has already tried the other one.
            #expect(bench.takeAnswers() == ["5 no_upstream_key 503 charged no after 9"])
            bench.replace(limits(), keys: ["a", "b"].map { upstreamKey($0, operatorState: state) })
        } _: {
            #expect(bench.takeAnswers() == ["4 no_upstream_key 503 charged no after 60"])
            #expect(bench.enter(6, booked: "a") == "no_upstream_key 503 charged no after 60")
            bench.replace(limits(), keys: [upstreamKey("a", operatorState: state), upstreamKey("b")])
            #expect(bench.enter(7, booked: "a") == "wait until 9000")
        }
    }
}
