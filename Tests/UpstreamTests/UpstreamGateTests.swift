import EventLoops
import TestSupport
import Testing
import Vocabulary

@testable import Upstream

/// A gate with one worker's mailbox, in a test's own time.
private final class GateBench {
    let passes: Passes
    let gate: UpstreamGate
    private(set) var answers: [UpstreamGate.Answer] = []
    private(set) var mailbox: Mailbox<UpstreamGate.Answer>?
    private(set) var otherMailbox: Mailbox<UpstreamGate.Answer>?
    private(set) var permits: [UInt64: CircuitBreaker.Permit] = [:]

    init(_ settings: UpstreamSettings) throws {
        passes = try Passes()
        gate = UpstreamGate(settings: settings)
        mailbox = Mailbox(loop: passes.loop) { [unowned self] answer in take(answer) }
        otherMailbox = Mailbox(loop: passes.loop) { [unowned self] answer in take(answer) }
    }

    private func take(_ answer: UpstreamGate.Answer) {
        answers.append(answer)
        if case .go(let permit) = answer.entry { permits[answer.call] = permit }
    }

    /// Asks for a call to be let out: what became of it, in words.
    @discardableResult
    func enter(_ call: UInt64, at time: Int64 = 0, isRepeated: Bool = false, other: Bool = false) -> String {
        let waiting = UpstreamGate.Waiting(
            call: call,
            team: TeamID(rawValue: "team"),
            deadline: instant(time + 30_000),
            mailbox: (other ? otherMailbox : mailbox)!
        )
        let entry = gate.enter(waiting, isRepeated: isRepeated, at: instant(time))
        if case .go(let permit) = entry { permits[call] = permit }
        return Self.words(entry)
    }

    func leave(_ call: UInt64, _ sign: CircuitBreaker.Sign = .success, at time: Int64 = 0) throws {
        gate.leave(sign, try takePermit(of: call), at: instant(time))
    }

    func leave(_ call: UInt64, limitedFor pause: Duration?, at time: Int64 = 0) throws {
        gate.leave(limitedFor: pause, try takePermit(of: call), at: instant(time))
    }

    private func takePermit(of call: UInt64) throws -> CircuitBreaker.Permit {
        let permit = permits.removeValue(forKey: call)
        return try #require(permit, "\(call) is not out")
    }

    func giveUp(_ call: UInt64, at time: Int64 = 0, other: Bool = false) -> UpstreamFailure? {
        gate.giveUp(call, mailbox: (other ? otherMailbox : mailbox)!, at: instant(time))
    }

    /// What has been told since it was last asked.
    func takeAnswers() -> [String] {
        defer { answers = [] }
        return answers.map { "\($0.call) \(Self.words($0.entry))" }
    }

    static func words(_ entry: UpstreamGate.Entry) -> String {
        switch entry {
        case .go: "go"
        case .wait(nil): "wait"
        case .wait(let pollAt?): "wait until \(pollAt.nanoseconds / 1_000_000)"
        case .refused(let failure): words(failure)
        }
    }

    static func words(_ failure: UpstreamFailure) -> String {
        "\(failure.code.rawValue) \(failure.status) charged \(failure.charged.rawValue) "
            + "after \(failure.retryAfterSeconds.map(String.init) ?? "-")"
    }

    func run(_ steps: (() throws -> Void)...) { passes.run(steps.map { .act($0) }) }
}

@Suite("UpstreamGate")
struct UpstreamGateTests {
    private let full = "overloaded 503 charged no after 1"

    @Test("so many are out at once; who waits is let out in order, one for each that comes back")
    func concurrency() throws {
        let bench = try GateBench(settings(concurrencyMax: 2))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "go")
            #expect(bench.enter(3) == "wait")
            #expect(bench.enter(4) == "wait")
            #expect(bench.enter(5) == "wait")
            try bench.leave(2)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            // Those who wait come before those who come.
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

    @Test("the queue is bounded, but not for a request that was out already")
    func queueBound() throws {
        let bench = try GateBench(settings(concurrencyMax: 1, queueMax: 2))
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
        let bench = try GateBench(settings(concurrencyMax: 1, queueMax: 0))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == self.full)
            try bench.leave(1)
            #expect(bench.enter(3) == "go")
        }
    }

    @Test("who gives up leaves the queue and is told nothing more; who was let out just before cannot")
    func givingUp() throws {
        let bench = try GateBench(settings(concurrencyMax: 1))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "wait")
            #expect(bench.enter(3) == "wait")
            // Calls are numbered by each worker for itself.
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
        let bench = try GateBench(settings(concurrencyMax: 2))
        bench.run {
            #expect(bench.enter(1) == "go")
            #expect(bench.enter(2) == "go")
            try bench.leave(1, limitedFor: .seconds(3), at: 1_000)
            #expect(bench.enter(1, at: 1_000, isRepeated: true) == "wait until 4000")
            #expect(bench.enter(3, at: 2_000) == "wait until 4000")
            #expect(bench.enter(4, at: 2_000) == "wait until 4000")
            // A place that gets free is of no use to anybody.
            try bench.leave(2, at: 2_500)
            #expect(bench.gate.poll(at: instant(3_999)) == instant(4_000))
        } _: {
            #expect(bench.takeAnswers() == [])
            #expect(bench.gate.poll(at: instant(4_000)) == nil)
        } _: {
            #expect(bench.takeAnswers() == ["1 go", "3 go"])
            try bench.leave(3, at: 4_100)
        } _: {
            #expect(bench.takeAnswers() == ["4 go"])
            #expect(bench.gate.poll(at: instant(4_200)) == nil)
        }
    }

    @Test("a cooling that gets longer is polled for again, and who gives up meanwhile is told its end")
    func longerCooling() throws {
        let bench = try GateBench(settings(concurrencyMax: 2))
        bench.run {
            bench.enter(1)
            bench.enter(2)
            try bench.leave(1, limitedFor: .seconds(1))
            #expect(bench.enter(1, isRepeated: true) == "wait until 1000")
            try bench.leave(2, limitedFor: .milliseconds(2_001), at: 500)
            #expect(bench.enter(3, at: 500) == "wait until 2501")
            #expect(bench.gate.poll(at: instant(1_000)) == instant(2_501))
            #expect(bench.giveUp(1, at: 1_000).map(GateBench.words) == "upstream_rate_limited 503 charged no after 2")
            #expect(bench.giveUp(3, at: 2_500).map(GateBench.words) == "upstream_rate_limited 503 charged no after 1")
            #expect(bench.gate.poll(at: instant(2_500)) == nil)
            #expect(bench.enter(4, at: 2_501) == "go")
        } _: {
            #expect(bench.takeAnswers() == [])
        }
    }

    @Test("without Retry-After a key cools for a second, and a success makes the next time a second again")
    func coolingByItself() throws {
        let bench = try GateBench(settings(concurrencyMax: 1))
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
        let bench = try GateBench(settings(concurrencyMax: 2, breakerFailures: 2))
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
            // Both places are taken, by the probe and by one from before, whose end says nothing of the probe.
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
        let bench = try GateBench(settings(concurrencyMax: 2, queueMax: 2))
        bench.run {
            for call in 1...4 { bench.enter(UInt64(call)) }
            bench.gate.replace(settings: settings(concurrencyMax: 1, queueMax: 0), at: MonotonicInstant(nanoseconds: 0))
            #expect(bench.enter(5) == self.full)
            try bench.leave(1)
        } _: {
            #expect(bench.takeAnswers() == [])
            try bench.leave(2)
        } _: {
            #expect(bench.takeAnswers() == ["3 go"])
            bench.gate.replace(settings: settings(concurrencyMax: 3, queueMax: 1), at: MonotonicInstant(nanoseconds: 0))
        } _: {
            #expect(bench.takeAnswers() == ["4 go"])
            try bench.leave(3)
            #expect(bench.enter(6) == "go")
            #expect(bench.enter(7) == "go")
            #expect(bench.enter(8) == "wait")
        }
    }

    @Test("at random: never too many are out, nobody waits for nothing, and everybody is told exactly once")
    func random() throws {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let model = try GateModel(
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

/// A worker that does anything at any time, and keeps its own account of what it is owed.
private final class GateModel {
    private let passes: Passes
    private let gate: UpstreamGate
    private let concurrencyMax: Int
    private var generator: SeededGenerator
    private var mailbox: Mailbox<UpstreamGate.Answer>?
    private var time: Int64 = 0
    private var coolsUntil: Int64 = 0
    private var next: UInt64 = 1
    private var out: [(call: UInt64, permit: CircuitBreaker.Permit)] = []
    private var waiting: [UInt64] = []
    private(set) var fault: String?

    init(concurrencyMax: Int, queueMax: Int, breakerFailures: Int, generator: SeededGenerator) throws {
        passes = try Passes()
        gate = UpstreamGate(
            settings: settings(
                concurrencyMax: concurrencyMax,
                queueMax: queueMax,
                breakerFailures: breakerFailures
            )
        )
        self.concurrencyMax = concurrencyMax
        self.generator = generator
        mailbox = Mailbox(loop: passes.loop) { [unowned self] answer in take(answer) }
    }

    func run() {
        let steps = (0..<400).map { _ in Passes.Step.act { [self] in act() } }
        // In the end everybody comes back, and nobody is left.
        let ends = (0..<60).map { _ in
            Passes.Step.act { [self] in
                time += 100_000
                while !out.isEmpty { leave(.success) }
                _ = gate.poll(at: instant(time))
            }
        }
        passes.run(steps + ends)
        if !waiting.isEmpty { blame("\(waiting) were never told anything") }
        if !out.isEmpty { blame("\(out.count) are still out") }
    }

    private func blame(_ what: String) { fault = fault ?? what }

    private func take(_ answer: UpstreamGate.Answer) {
        guard waiting.first == answer.call else {
            return blame("\(answer.call) was told something, but \(waiting) wait")
        }
        waiting.removeFirst()
        if case .go(let permit) = answer.entry { letOut(answer.call, permit) }
        if case .wait = answer.entry { blame("\(answer.call) was told to wait after a wait") }
    }

    private func letOut(_ call: UInt64, _ permit: CircuitBreaker.Permit) {
        out.append((call, permit))
        if out.count > concurrencyMax { blame("\(out.count) are out") }
        if time < coolsUntil { blame("\(call) was let out while the key cools") }
    }

    private func act() {
        // Everything that was told has arrived: each step is in a pass of its own.
        if !waiting.isEmpty, out.count < concurrencyMax, time >= coolsUntil { blame("\(waiting) wait for nothing") }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4: enter()
        case 4 where !out.isEmpty: leave(.failure)
        case 5 where !out.isEmpty: leave(.neutral)
        case 6 where !out.isEmpty: leaveLimited()
        case 7 where !waiting.isEmpty: giveUp()
        case 8: time += Int64.random(in: 0...3_000, using: &generator)
        default: if !out.isEmpty { leave(.success) }
        }
        _ = gate.poll(at: instant(time))
    }

    private func enter(_ repeated: UInt64? = nil) {
        guard let mailbox else { return }
        let call = repeated ?? next
        if repeated == nil { next += 1 }
        let ticket = UpstreamGate.Waiting(
            call: call,
            team: TeamID(rawValue: "team"),
            deadline: .distantFuture,
            mailbox: mailbox
        )
        switch gate.enter(ticket, isRepeated: repeated != nil, at: instant(time)) {
        case .go(let permit): letOut(call, permit)
        case .wait(let pollAt):
            waiting.append(call)
            if (pollAt != nil) != (time < coolsUntil) { blame("\(call) waits, but not for what it is told") }
        case .refused: break
        }
    }

    private func takeOut() -> (call: UInt64, permit: CircuitBreaker.Permit) {
        out.remove(at: Int.random(in: 0..<out.count, using: &generator))
    }

    private func leave(_ sign: CircuitBreaker.Sign) { gate.leave(sign, takeOut().permit, at: instant(time)) }

    private func leaveLimited() {
        let seconds = Int64.random(in: 1...3, using: &generator)
        let (call, permit) = takeOut()
        coolsUntil = max(coolsUntil, time + seconds * 1_000)
        gate.leave(limitedFor: .seconds(seconds), permit, at: instant(time))
        if Bool.random(using: &generator) { enter(call) }
    }

    private func giveUp() {
        guard let mailbox, let call = waiting.randomElement(using: &generator) else { return }
        // Nil means that its answer is in the mailbox.
        guard gate.giveUp(call, mailbox: mailbox, at: instant(time)) != nil else { return }
        waiting.removeAll { $0 == call }
    }
}
