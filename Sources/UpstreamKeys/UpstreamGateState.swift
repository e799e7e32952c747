import Vocabulary

/// The state under the gate's lock: the accounts, and how many requests are out. Pure; only the gate posts to the
/// inboxes that it holds.
struct UpstreamGateState {
    /// One vendor account: its keys, its breaker, and its requests that wait or are out.
    struct Account {
        var ring: UpstreamKeyRing
        var breaker: CircuitBreaker
        var queue = FairQueue<UpstreamGate.Waiting>()
        /// The number of requests out with each key, whether the key is still in the ring or not; at least 1.
        var out: [UpstreamKeyID: Int] = [:]

        /// Whether it has no key and no request left.
        var isOver: Bool { ring.slots.isEmpty && queue.isEmpty && out.isEmpty }
    }

    /// A waiting request and its answer.
    typealias Decision = (UpstreamGate.Waiting, UpstreamGate.Entry)

    private var limits: UpstreamGate.Limits
    private var underWay = 0
    private(set) var accounts: [AccountID: Account] = [:]
    /// The accounts, each once; the first one's turn is next when a place becomes free.
    private var order: [AccountID] = []

    init(limits: UpstreamGate.Limits, keys: [UpstreamKey]) {
        self.limits = limits
        _ = replace(limits: limits, keys: keys)
    }

    private var waitingCount: Int { accounts.values.reduce(0) { $0 + $1.queue.count } }

    // MARK: Settings

    mutating func replace(limits: UpstreamGate.Limits, keys: [UpstreamKey]) -> [UpstreamKeyRecord] {
        self.limits = limits
        let byAccount = Dictionary(grouping: keys, by: \.account)
        for id in byAccount.keys where accounts[id] == nil {
            accounts[id] = Account(ring: UpstreamKeyRing([]), breaker: CircuitBreaker(limits.breaker))
            order.append(id)
        }
        var records: [UpstreamKeyRecord] = []
        // An account that has lost its keys stays while it has requests waiting or out; then `letOut` removes it.
        for id in order {
            accounts[id]?.breaker.replace(limits.breaker)
            records += accounts[id]?.ring.replace(byAccount[id] ?? []) ?? []
        }
        return records
    }

    /// Restores the stored state of a key; returns its current state.
    mutating func restore(_ record: UpstreamKeyRecord, at now: Moment) -> UpstreamKeyRecord {
        for id in order where accounts[id]?.ring.restore(record, at: now) == true { return record }
        return UpstreamKeyRecord(id: record.id, secretDigest: record.secretDigest, state: .active)
    }

    /// Enables a key; returns its state to be stored, nil when there is no such key.
    mutating func enable(_ key: UpstreamKeyID) -> UpstreamKeyRecord? {
        for id in order {
            if let record = accounts[id]?.ring.enable(key) { return record }
        }
        return nil
    }

    // MARK: Going out

    mutating func choose(
        for id: AccountID,
        without: [UpstreamKey],
        at now: Moment
    ) -> Result<UpstreamKey, UpstreamFailure> {
        if let key = accounts[id]?.ring.choose(without: without, at: now) { return .success(key) }
        return .failure(noKey(of: id, at: now))
    }

    /// The answer to a new request, and the waiting requests that are let out or turned away besides.
    mutating func enter(
        _ waiting: UpstreamGate.Waiting,
        isRepeated: Bool,
        at now: Moment
    ) -> (UpstreamGate.Entry, [Decision]) {
        guard accounts[waiting.account] != nil else { return (.refused(noKey(of: waiting.account, at: now)), []) }
        // A new request takes its turn among the waiting ones; that is at once when there are none.
        accounts[waiting.account]?.queue.append(waiting, of: waiting.team)
        var decisions = letOut(at: now)
        if let index = decisions.firstIndex(where: { $0.0.isSame(as: waiting) }) {
            return (decisions.remove(at: index).1, decisions)
        }
        if !isRepeated, waitingCount > limits.queueMax {
            _ = accounts[waiting.account]?.queue.remove(of: waiting.team) { $0.isSame(as: waiting) }
            return (.refused(.overloaded("max_queue requests wait already")), decisions)
        }
        return (.wait, decisions)
    }

    /// The requests that can go, or must be turned away, now. Accounts take turns, and within an account its teams.
    /// Also removes accounts that are over: it runs after every change that can end one.
    mutating func letOut(at now: Moment) -> [Decision] {
        var decisions: [Decision] = []
        for id in order { decisions += turnAway(of: id, at: now) }
        var idle = 0
        while underWay < limits.concurrencyMax, idle < order.count {
            let id = order.removeFirst()
            order.append(id)
            if let decision = letOne(of: id, at: now) {
                decisions.append(decision)
                idle = 0
            } else {
                idle += 1
            }
        }
        forgetAccounts()
        return decisions
    }

    /// Accounts come and go with their keys; one that is over would otherwise be visited at every step forever.
    private mutating func forgetAccounts() {
        for id in order where accounts[id]?.isOver == true { accounts[id] = nil }
        order.removeAll { accounts[$0] == nil }
    }

    /// All waiting requests of an account that has no key left to wait for.
    private mutating func turnAway(of id: AccountID, at now: Moment) -> [Decision] {
        guard accounts[id]?.queue.isEmpty == false,
            accounts[id]?.ring.outlook(without: [], at: now) == .closed
        else { return [] }
        let failure = noKey(of: id, at: now)
        return (accounts[id]?.queue.removeAll() ?? []).map { ($0, .refused(failure)) }
    }

    private mutating func letOne(of id: AccountID, at now: Moment) -> Decision? {
        // Only the ring is copied; the queue is mutated in place.
        guard accounts[id]?.queue.isEmpty == false, let ring = accounts[id]?.ring else { return nil }
        let outlook = ring.outlook(without: [], at: now)
        func mayWait(_ waiting: UpstreamGate.Waiting) -> Bool {
            switch waiting.without.isEmpty ? outlook : ring.outlook(without: waiting.without, at: now) {
            case .waits: true
            case .open, .closed: false
            }
        }
        guard let waiting = accounts[id]?.queue.take(where: { !mayWait($0) }) else { return nil }
        return (waiting, admit(waiting, at: now))
    }

    /// Takes a place and a key, unless the breaker is open or there is no key.
    private mutating func admit(_ waiting: UpstreamGate.Waiting, at now: Moment) -> UpstreamGate.Entry {
        let id = waiting.account
        guard accounts[id]?.ring.outlook(without: waiting.without, at: now) == .open else {
            return .refused(noKey(of: id, at: now))
        }
        switch accounts[id]?.breaker.admit(at: now.steady) {
        case .go(let permit):
            guard
                let (key, isTrial) = accounts[id]?.ring.take(
                    preferring: waiting.booked,
                    without: waiting.without,
                    at: now
                )
            else { preconditionFailure("an open ring without a key to give out") }
            underWay += 1
            accounts[id]?.out[key.id, default: 0] += 1
            return .go(UpstreamGate.Pass(key: key, permit: permit, isTrial: isTrial))
        case .refused(let until): return .refused(.circuitOpen(until: until, at: now))
        case nil: preconditionFailure("a request of an account that is not there")
        }
    }

    /// When time alone lets a waiting request out; nil when it does not.
    func nextChange(at now: Moment) -> MonotonicInstant? {
        accounts.values.compactMap { $0.queue.isEmpty ? nil : $0.ring.nextChange(at: now) }.min()
    }

    mutating func giveUp(_ waiting: UpstreamGate.Waiting, at now: Moment) -> UpstreamFailure? {
        let removed = accounts[waiting.account]?.queue.remove(of: waiting.team) { $0.isSame(as: waiting) }
        guard removed != nil, let ring = accounts[waiting.account]?.ring else { return nil }
        switch ring.outlook(without: waiting.without, at: now) {
        case .open: return .overloaded("no place was free within queue_timeout")
        case .waits(let until): return .rateLimited(until: until, at: now)
        case .closed: return noKey(of: waiting.account, at: now)
        }
    }

    // MARK: Coming back

    /// Returns the place, and counts one request less for the key.
    private mutating func comeBack(_ pass: UpstreamGate.Pass) {
        underWay -= 1
        let (account, key) = (pass.key.account, pass.key.id)
        guard let count = accounts[account]?.out[key] else { preconditionFailure("\(pass.key) came back twice") }
        accounts[account]?.out[key] = count > 1 ? count - 1 : nil
    }

    mutating func leave(
        _ pass: UpstreamGate.Pass,
        _ report: UpstreamGate.Report,
        after first: FirstRejection?,
        at now: Moment
    ) -> [UpstreamKeyRecord] {
        let id = pass.key.account
        comeBack(pass)
        accounts[id]?.breaker.record(report.sign, of: pass.permit, at: now.steady)
        switch report {
        case .unused: return []
        case .limited(let retryAfter):
            let record = accounts[id]?.ring.limited(pass.key, retryAfter: retryAfter, at: now)
            return record.map { [$0] } ?? []
        case .succeeded:
            return accounts[id]?.ring.succeeded(pass.key, isTrial: pass.isTrial, after: first, at: now) ?? []
        case .answered, .failed:
            if report.sign == .neutral { accounts[id]?.ring.answered(pass.key) }
            // This second try has said nothing about the previous rejection.
            return first.flatMap { ruleAlone(on: $0, at: now).1 }.map { [$0] } ?? []
        }
    }

    mutating func leave(
        _ pass: UpstreamGate.Pass,
        _ rejection: FirstRejection,
        after first: FirstRejection?,
        at now: Moment
    ) -> (Ruling, [UpstreamKeyRecord]) {
        let id = pass.key.account
        comeBack(pass)
        // A rejection says nothing about the vendor's health (`docs/faults.md` §3): another request may probe a
        // half-open breaker.
        accounts[id]?.breaker.record(.neutral, of: pass.permit, at: now.steady)
        guard let ruled = accounts[id]?.ring.rejected(rejection, after: first, at: now) else {
            preconditionFailure("a request of an account that is not there")
        }
        return ruled
    }

    mutating func ruleAlone(on first: FirstRejection, at now: Moment) -> (Ruling, UpstreamKeyRecord?) {
        if let ruled = accounts[first.key.account]?.ring.ruleAlone(on: first, at: now) { return ruled }
        // For an account that is over there is nothing to record; the reply alone decides the ruling.
        var noKeys = UpstreamKeyRing([])
        return noKeys.ruleAlone(on: first, at: now)
    }

    // MARK: Failures

    /// The failure of an account without a usable key; `Retry-After` is when the next key can be used, if one can.
    private func noKey(of id: AccountID, at now: Moment) -> UpstreamFailure {
        .noKey(
            "account \(id) has no key that is enabled, accepted and in its time",
            until: accounts[id]?.ring.nextChange(at: now),
            at: now
        )
    }
}

extension UpstreamGate.Report {
    /// What it says about the vendor's health.
    fileprivate var sign: CircuitBreaker.Sign {
        switch self {
        case .unused, .limited: .neutral
        case .failed: .failure
        case .succeeded: .success
        case .answered(let sign): sign
        }
    }
}

extension UpstreamGate.Waiting {
    /// Each worker numbers its own calls.
    fileprivate func isSame(as other: UpstreamGate.Waiting) -> Bool { call == other.call && inbox === other.inbox }
}

extension UpstreamFailure {
    /// The `Retry-After` where only an operator can help.
    private static let pauseSeconds = 60

    fileprivate static func overloaded(_ detail: String) -> UpstreamFailure {
        UpstreamFailure(.overloaded, charged: .no, source: .gateway, detail, retryAfterSeconds: 1)
    }

    fileprivate static func circuitOpen(until: MonotonicInstant, at now: Moment) -> UpstreamFailure {
        let seconds = secondsUntil(until, from: now.steady)
        return UpstreamFailure(
            .circuitOpen,
            charged: .no,
            source: .vendor,
            "the vendor failed too often",
            retryAfterSeconds: seconds
        )
    }

    fileprivate static func rateLimited(until: MonotonicInstant, at now: Moment) -> UpstreamFailure {
        UpstreamFailure(
            .rateLimited,
            charged: .no,
            source: .vendor,
            "all keys of the account cooled for longer than queue_timeout",
            retryAfterSeconds: secondsUntil(until, from: now.steady)
        )
    }

    fileprivate static func noKey(_ detail: String, until: MonotonicInstant?, at now: Moment) -> UpstreamFailure {
        UpstreamFailure(
            .noKey,
            charged: .no,
            source: .gateway,
            detail,
            retryAfterSeconds: until.map { secondsUntil($0, from: now.steady) } ?? pauseSeconds
        )
    }
}

/// Whole seconds, rounded up, at least 1.
private func secondsUntil(_ instant: MonotonicInstant, from now: MonotonicInstant) -> Int {
    let (seconds, rest) = (instant - now).wholeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return max(1, Int(rest > 0 ? seconds + 1 : seconds))
}
