import EventLoops
import Vocabulary

/// Lets requests out to the vendor: so many at once over all workers, none while the key cools, none while the vendor
/// fails. Who has to wait stands in a queue that is bounded in length and in time.
///
/// Guarded: `state` counts who is out and holds who waits, in the order they came. It decides under the lock; waiting
/// requests are told through their worker's mailbox after it is released. Every request that was let out is told back
/// by `leave`, once.
public final class UpstreamGate: Sendable {
    /// One request at the gate.
    struct Waiting: Sendable {
        let call: UInt64
        let team: TeamID
        let deadline: MonotonicInstant
        let mailbox: Mailbox<Answer>
    }

    /// What a waiting request is told.
    struct Answer: Sendable {
        let call: UInt64
        let entry: Entry
    }

    enum Entry: Sendable {
        case go(CircuitBreaker.Permit)
        /// In the queue; with the moment to `poll` at, if it is a moment that is waited for and not a place.
        case wait(pollAt: MonotonicInstant?)
        case refused(UpstreamFailure)
    }

    struct State {
        var concurrencyMax: Int
        var queueMax: Int
        var breaker: CircuitBreaker
        var cooling = KeyCooling()
        var underWay = 0
        var queue: [Waiting] = []
    }

    private let state: Guarded<State>

    public init(settings: UpstreamSettings) {
        state = Guarded(
            State(
                concurrencyMax: settings.concurrencyMax,
                queueMax: settings.queueMax,
                breaker: CircuitBreaker(settings.breaker)
            )
        )
    }

    /// Takes new limits into use; who is out or waits keeps its place, and who has room now goes out.
    public func replace(settings: UpstreamSettings, at now: MonotonicInstant) {
        let answers = state.withLock { state in
            state.concurrencyMax = settings.concurrencyMax
            state.queueMax = settings.queueMax
            state.breaker.replace(settings.breaker)
            return state.takeNext(at: now)
        }
        deliver(answers)
    }

    /// Asks to send a request.
    ///
    /// - Parameter isRepeated: it was out and came back with a 429; then a full queue does not turn it away.
    func enter(_ waiting: Waiting, isRepeated: Bool, at now: MonotonicInstant) -> Entry {
        state.withLock { state in
            let coolsUntil = state.cooling.remaining(at: now)
            if coolsUntil == nil, state.queue.isEmpty, state.underWay < state.concurrencyMax {
                return state.admit(at: now)
            }
            guard isRepeated || state.queue.count < state.queueMax else {
                return .refused(.overloaded("max_queue requests wait already"))
            }
            state.queue.append(waiting)
            return .wait(pollAt: coolsUntil)
        }
    }

    /// A request that was let out has come back.
    func leave(_ sign: CircuitBreaker.Sign, _ permit: CircuitBreaker.Permit, at now: MonotonicInstant) {
        let answers = state.withLock { state in
            state.underWay -= 1
            state.breaker.record(sign, of: permit, at: now)
            if sign == .success { state.cooling.succeeded() }
            return state.takeNext(at: now)
        }
        deliver(answers)
    }

    /// A request that was let out came back with a 429: the key cools.
    func leave(limitedFor retryAfter: Duration?, _ permit: CircuitBreaker.Permit, at now: MonotonicInstant) {
        let answers = state.withLock { state in
            state.underWay -= 1
            state.cooling.limited(retryAfter: retryAfter, at: now)
            state.breaker.record(.neutral, of: permit, at: now)
            return state.takeNext(at: now)
        }
        deliver(answers)
    }

    /// Lets out whoever can go now: to be called when a cooling has ended. Says when to call again, if so.
    func poll(at now: MonotonicInstant) -> MonotonicInstant? {
        let (answers, next) = state.withLock { state in
            (state.takeNext(at: now), state.queue.isEmpty ? nil : state.cooling.remaining(at: now))
        }
        deliver(answers)
        return next
    }

    /// A waiting request gives up because its time is over. Nil when it was let out just before.
    func giveUp(_ call: UInt64, mailbox: Mailbox<Answer>, at now: MonotonicInstant) -> UpstreamFailure? {
        state.withLock { state in
            guard let index = state.queue.firstIndex(where: { $0.call == call && $0.mailbox === mailbox }) else {
                return nil
            }
            state.queue.remove(at: index)
            guard let coolsUntil = state.cooling.remaining(at: now) else {
                return .overloaded("no place was free within queue_timeout")
            }
            return UpstreamFailure(
                .rateLimited,
                charged: .no,
                source: .vendor,
                "the key cooled for longer than queue_timeout",
                retryAfterSeconds: secondsUntil(coolsUntil, from: now)
            )
        }
    }

    private func deliver(_ answers: [(Waiting, Entry)]) {
        for (waiting, entry) in answers { waiting.mailbox.post(Answer(call: waiting.call, entry: entry)) }
    }
}

extension UpstreamGate.State {
    /// Takes a place, unless the vendor fails.
    fileprivate mutating func admit(at now: MonotonicInstant) -> UpstreamGate.Entry {
        switch breaker.admit(at: now) {
        case .go(let permit):
            underWay += 1
            return .go(permit)
        case .refused(let until):
            return .refused(
                UpstreamFailure(
                    .circuitOpen,
                    charged: .no,
                    source: .vendor,
                    "the vendor failed too often",
                    retryAfterSeconds: secondsUntil(until, from: now)
                )
            )
        }
    }

    /// Those at the front of the queue who can go, or have to be turned away, now.
    fileprivate mutating func takeNext(at now: MonotonicInstant) -> [(UpstreamGate.Waiting, UpstreamGate.Entry)] {
        var answers: [(UpstreamGate.Waiting, UpstreamGate.Entry)] = []
        guard !queue.isEmpty, cooling.remaining(at: now) == nil else { return answers }
        while answers.count < queue.count, underWay < concurrencyMax {
            answers.append((queue[answers.count], admit(at: now)))
        }
        queue.removeFirst(answers.count)
        return answers
    }
}

extension UpstreamFailure {
    fileprivate static func overloaded(_ detail: String) -> UpstreamFailure {
        UpstreamFailure(.overloaded, charged: .no, source: .gateway, detail, retryAfterSeconds: 1)
    }
}

/// Whole seconds, rounded up, at least 1.
private func secondsUntil(_ instant: MonotonicInstant, from now: MonotonicInstant) -> Int {
    max(1, Int(((instant - now).wholeNanoseconds + 999_999_999) / 1_000_000_000))
}
