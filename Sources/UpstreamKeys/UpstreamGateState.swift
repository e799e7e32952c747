import Vocabulary

/// The state under the gate's lock: the accounts, and how many requests are out. Pure; only the gate posts to the
/// inboxes that it holds.
struct UpstreamGateState {
    /// One vendor account: its keys, its breaker, and its requests that wait or are out.
    struct Account {
        let id: AccountID
        var ring: UpstreamKeyRing
        var breaker: CircuitBreaker
        var queue = FairQueue<UpstreamGate.Waiting>()
        /// The number of requests out with each key, whether the key is still in the ring or not; at least 1.
        private(set) var out: [(key: UpstreamKeyID, count: Int)] = []

        init(_ id: AccountID, breaker settings: CircuitBreaker.Settings) {
            self.id = id
            ring = UpstreamKeyRing([])
            breaker = CircuitBreaker(settings)
        }

        /// Whether it has no key and no request left.
        var isOver: Bool { ring.slots.isEmpty && queue.isEmpty && out.isEmpty }

        func underWay(with key: UpstreamKeyID) -> Int { out.first { $0.key == key }?.count ?? 0 }

        mutating func goOut(with key: UpstreamKeyID) {
            guard let index = out.firstIndex(where: { $0.key == key }) else { return out.append((key, 1)) }
            out[index].count += 1
        }

        mutating func comeBack(with key: UpstreamKeyID) {
            guard let index = out.firstIndex(where: { $0.key == key }) else {
                preconditionFailure("a request with \(key) came back twice")
            }
            out[index].count -= 1
            if out[index].count == 0 { out.remove(at: index) }
        }
    }

    /// A waiting request and its answer.
    typealias Decision = (UpstreamGate.Waiting, UpstreamGate.Entry)

    private(set) var limits: UpstreamGate.Limits
    /// How many nodes share `concurrencyMax`; at least 1.
    var nodeCount = 1
    /// How many of them come before this one: the first ones have one place more, where places do not go up evenly.
    var rank = 0
    /// The number of requests that hold a place.
    private(set) var underWay = 0
    /// The number of requests that are out and hold none.
    private(set) var aside = 0
    private let asideMax: Int
    /// Each once, and few: they are looked through. Changed in place, since a request does so several times.
    private(set) var accounts: [Account] = []
    private(set) var uses = KeyUses()
    /// The index of the account whose turn is next when a place becomes free.
    private var turn = 0

    init(limits: UpstreamGate.Limits, keys: [UpstreamKey], asideMax: Int) {
        self.limits = limits
        self.asideMax = asideMax
        _ = replace(limits: limits, keys: keys)
    }

    /// This node's share of `concurrencyMax`, rounded up.
    var placesMax: Int {
        let (share, rest) = limits.concurrencyMax.quotientAndRemainder(dividingBy: nodeCount)
        return max(1, rank < rest ? share + 1 : share)
    }

    private var waitingCount: Int {
        var count = 0
        for index in accounts.indices { count += accounts[index].queue.count }
        return count
    }

    private func index(of id: AccountID) -> Int? { accounts.firstIndex { $0.id == id } }

    // MARK: Settings

    mutating func replace(limits: UpstreamGate.Limits, keys: [UpstreamKey]) -> [UpstreamKeyRecord] {
        self.limits = limits
        uses.keep(Set(keys.map(\.id)))
        let byAccount = Dictionary(grouping: keys, by: \.account)
        // In the order of their keys, so that equal settings give equal turns.
        for id in keys.map(\.account) where index(of: id) == nil {
            accounts.append(Account(id, breaker: limits.breaker))
        }
        var records: [UpstreamKeyRecord] = []
        // An account that has lost its keys stays while it has requests waiting or out; then `letOut` removes it.
        for index in accounts.indices {
            accounts[index].breaker.replace(limits.breaker)
            records += accounts[index].ring.replace(byAccount[accounts[index].id] ?? [])
        }
        return records
    }

    /// Restores the stored state of a key; returns its current state.
    mutating func restore(_ record: UpstreamKeyRecord, at now: Moment) -> UpstreamKeyRecord {
        for index in accounts.indices where accounts[index].ring.restore(record, at: now) { return record }
        return UpstreamKeyRecord(id: record.id, secretDigest: record.secretDigest, state: .active)
    }

    /// Takes from the store when keys were last used; those that are not here are left out.
    mutating func restore(_ stored: [UpstreamKeyID: Timestamp]) {
        uses.restore(stored)
        uses.keep(Set(accounts.flatMap { $0.ring.slots.map(\.key.id) }))
    }

    mutating func takeUnsavedUses() -> [UpstreamKeyID: Timestamp] { uses.takeUnsaved() }

    /// Enables a key; returns its state to be stored, nil when there is no such key.
    mutating func enable(_ key: UpstreamKeyID) -> UpstreamKeyRecord? {
        for index in accounts.indices {
            if let record = accounts[index].ring.enable(key) { return record }
        }
        return nil
    }

    /// Takes over what another node knows of a key; returns whether its state is another one now.
    mutating func note(_ record: UpstreamKeyRecord?, of key: UpstreamKeyID, at now: Moment) -> Bool {
        for index in accounts.indices {
            if let isNew = accounts[index].ring.note(record, of: key, at: now) { return isNew }
        }
        return false
    }

    // MARK: Going out

    mutating func choose(
        for id: AccountID,
        without: [UpstreamKey],
        at now: Moment
    ) -> Result<UpstreamKey, UpstreamFailure> {
        if let index = index(of: id), let key = accounts[index].ring.choose(without: without, at: now) {
            return .success(key)
        }
        return .failure(noKey(of: id, at: now))
    }

    /// The answer to a new request, and the waiting requests that are let out or turned away besides.
    mutating func enter(
        _ waiting: UpstreamGate.Waiting,
        isRepeated: Bool,
        at now: Moment
    ) -> (UpstreamGate.Entry, [Decision]) {
        guard let index = index(of: waiting.account) else {
            return (.refused(noKey(of: waiting.account, at: now)), [])
        }
        guard waiting.mayTry || aside < asideMax else {
            return (.refused(.overloaded("too many requests that are passed through are under way already")), [])
        }
        // A new request takes its turn among the waiting ones; that is at once when there are none.
        if underWay < placesMax, waitingCount == 0 {
            switch accounts[index].ring.outlook(without: waiting.without, at: now) {
            case .open, .closed:
                turn = (index + 1) % accounts.count
                return (admit(waiting, of: index, at: now), [])
            case .waits: break
            }
        }
        accounts[index].queue.append(waiting, of: waiting.team)
        var decisions = letOut(at: now)
        if let index = decisions.firstIndex(where: { $0.0.isSame(as: waiting) }) {
            return (decisions.remove(at: index).1, decisions)
        }
        if !isRepeated, waitingCount > limits.queueMax {
            withdraw(waiting)
            return (.refused(.overloaded("max_queue requests wait already")), decisions)
        }
        return (.wait, decisions)
    }

    /// The requests that can go, or must be turned away, now. Accounts take turns, and within an account its teams.
    /// Also removes accounts that are over: it runs after every change that can end one.
    mutating func letOut(at now: Moment) -> [Decision] {
        defer { forgetAccounts() }
        guard waitingCount > 0 else { return [] }
        var decisions: [Decision] = []
        for index in accounts.indices { decisions += turnAway(of: index, at: now) }
        var idle = 0
        while underWay < placesMax, idle < accounts.count {
            let index = turn
            turn = (turn + 1) % accounts.count
            if let decision = letOne(of: index, at: now) {
                decisions.append(decision)
                idle = 0
            } else {
                idle += 1
            }
        }
        return decisions
    }

    /// Accounts come and go with their keys; one that is over would otherwise be visited at every step forever.
    private mutating func forgetAccounts() {
        for index in accounts.indices.reversed() where accounts[index].isOver {
            accounts.remove(at: index)
            if index < turn { turn -= 1 }
        }
        if turn >= accounts.count { turn = 0 }
    }

    /// All waiting requests of an account that has no key left to wait for.
    private mutating func turnAway(of index: Int, at now: Moment) -> [Decision] {
        guard !accounts[index].queue.isEmpty, accounts[index].ring.outlook(without: [], at: now) == .closed else {
            return []
        }
        let failure = noKey(of: accounts[index].id, at: now)
        return accounts[index].queue.removeAll().map { ($0, .refused(failure)) }
    }

    private mutating func letOne(of index: Int, at now: Moment) -> Decision? {
        guard !accounts[index].queue.isEmpty else { return nil }
        // Only the ring is copied; the queue is mutated in place.
        let ring = accounts[index].ring
        let outlook = ring.outlook(without: [], at: now)
        func mayWait(_ waiting: UpstreamGate.Waiting) -> Bool {
            switch waiting.without.isEmpty ? outlook : ring.outlook(without: waiting.without, at: now) {
            case .waits: true
            case .open, .closed: false
            }
        }
        guard let waiting = accounts[index].queue.take(where: { !mayWait($0) }) else { return nil }
        return (waiting, admit(waiting, of: index, at: now))
    }

    /// Takes a request out of its queue; false when it is in none.
    @discardableResult
    private mutating func withdraw(_ waiting: UpstreamGate.Waiting) -> Bool {
        guard let index = index(of: waiting.account) else { return false }
        return accounts[index].queue.remove(of: waiting.team) { $0.isSame(as: waiting) } != nil
    }

    /// Takes a place and a key, unless the breaker is open or there is no key.
    private mutating func admit(
        _ waiting: UpstreamGate.Waiting,
        of index: Int,
        at now: Moment
    ) -> UpstreamGate.Entry {
        guard accounts[index].ring.outlook(without: waiting.without, at: now) == .open else {
            return .refused(noKey(of: waiting.account, at: now))
        }
        switch accounts[index].breaker.admit(at: now.steady) {
        case .go(let permit):
            let taken = accounts[index].ring.take(
                preferring: waiting.booked,
                without: waiting.without,
                mayTry: waiting.mayTry,
                at: now
            )
            guard let (key, isTrial) = taken else { preconditionFailure("an open ring without a key to give out") }
            underWay += 1
            accounts[index].goOut(with: key.id)
            uses.note(key.id, at: now.wall)
            return .go(UpstreamGate.Pass(key: key, permit: permit, isTrial: isTrial))
        case .refused(let until): return .refused(.circuitOpen(until: until, at: now))
        }
    }

    /// When time alone lets a waiting request out; nil when it does not.
    func nextChange(at now: Moment) -> MonotonicInstant? {
        var first: MonotonicInstant?
        for index in accounts.indices where !accounts[index].queue.isEmpty {
            guard let change = accounts[index].ring.nextChange(at: now) else { continue }
            first = min(first ?? change, change)
        }
        return first
    }

    mutating func giveUp(_ waiting: UpstreamGate.Waiting, at now: Moment) -> UpstreamFailure? {
        guard withdraw(waiting), let index = index(of: waiting.account) else { return nil }
        switch accounts[index].ring.outlook(without: waiting.without, at: now) {
        // With a place free as well it has waited for a key, whose pause ends at this moment.
        case .open where underWay < placesMax: return .rateLimited(until: now.steady, at: now)
        case .open: return .overloaded("no place was free within queue_timeout")
        case .waits(let until): return .rateLimited(until: until, at: now)
        case .closed: return noKey(of: waiting.account, at: now)
        }
    }

    // MARK: Aside

    mutating func setAside(_ pass: UpstreamGate.Pass, at now: Moment) {
        precondition(pass.holdsPlace, "a request set aside twice")
        guard let index = index(of: pass.key.account) else { preconditionFailure("\(pass.key) is not out") }
        accounts[index].breaker.record(.neutral, of: pass.permit, at: now.steady)
        underWay -= 1
        aside += 1
    }

    mutating func takeUp(_ pass: UpstreamGate.Pass) {
        precondition(!pass.holdsPlace, "a second place for one request")
        underWay += 1
        aside -= 1
    }

    // MARK: Coming back

    /// Returns the place, if it holds one, and counts one request less for the key; returns the index of its account,
    /// which is there as long as a request is out.
    private mutating func comeBack(_ pass: UpstreamGate.Pass) -> Int {
        guard let index = index(of: pass.key.account) else { preconditionFailure("\(pass.key) came back twice") }
        if pass.holdsPlace { underWay -= 1 } else { aside -= 1 }
        accounts[index].comeBack(with: pass.key.id)
        return index
    }

    mutating func leave(
        _ pass: UpstreamGate.Pass,
        _ report: UpstreamGate.Report,
        after first: FirstRejection?,
        at now: Moment
    ) -> [UpstreamKeyRecord] {
        let index = comeBack(pass)
        accounts[index].breaker.record(report.sign, of: pass.permit, at: now.steady)
        switch report {
        case .unused: return []
        case .limited(let retryAfter):
            let record = accounts[index].ring.limited(pass.key, retryAfter: retryAfter, at: now)
            return record.map { [$0] } ?? []
        case .succeeded:
            return accounts[index].ring.succeeded(pass.key, isTrial: pass.isTrial, after: first, at: now)
        case .answered, .failed:
            if report.sign == .neutral { accounts[index].ring.answered(pass.key) }
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
        let index = comeBack(pass)
        // A rejection says nothing about the vendor's health (`docs/faults.md` §3): another request may probe a
        // half-open breaker.
        accounts[index].breaker.record(.neutral, of: pass.permit, at: now.steady)
        return accounts[index].ring.rejected(rejection, after: first, at: now)
    }

    mutating func ruleAlone(on first: FirstRejection, at now: Moment) -> (Ruling, UpstreamKeyRecord?) {
        if let index = index(of: first.key.account) { return accounts[index].ring.ruleAlone(on: first, at: now) }
        // For an account that is over there is nothing to record; the reply alone decides the ruling.
        var noKeys = UpstreamKeyRing([])
        return noKeys.ruleAlone(on: first, at: now)
    }

    // MARK: Failures

    /// The failure of an account without a usable key; `Retry-After` is when the next key can be used, if one can.
    private func noKey(of id: AccountID, at now: Moment) -> UpstreamFailure {
        .noKey(
            "account \(id) has no key that is enabled, accepted and in its time",
            until: index(of: id).flatMap { accounts[$0].ring.nextChange(at: now) },
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
