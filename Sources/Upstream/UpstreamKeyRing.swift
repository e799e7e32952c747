import Vocabulary

/// The upstream keys of one account: which of them takes the next request, and what the vendor's replies say of them.
/// Pure: no clock, no lock.
///
/// A key's state follows from what is known of it, in this order: *draining* or *disabled*, as long as an operator
/// wants it so; *quarantined*, since the vendor does not accept it, until its secret changes or an operator enables it;
/// out of its time (`not_before`, `not_after`); *cooling* after a 429; else *active*. Only an active one is given out.
/// What replies say of a key is noted in each of these states. What a key has spent of its month the budgets know, not
/// the ring.
///
/// Among active keys the choice is a smooth weighted round robin, as nginx does it: each gains its weight, the richest
/// is taken and pays the sum of all weights. In as many choices as that sum each key has exactly its share, and its
/// turns are spread evenly over them.
///
/// A reply is told with the key that it came to. When that key is not in the ring any more, or has another secret now,
/// the reply says nothing of the present ones.
struct UpstreamKeyRing: Sendable {
    /// What a key may be used for now.
    enum State: Equatable {
        case active
        case draining
        case disabled
        case cooling(until: MonotonicInstant)
        case quarantined
        case outOfTime
    }

    /// What the ring has for a request.
    enum Outlook: Equatable {
        case open
        /// All keys that could take it cool or begin later; the first one can then.
        case waits(until: MonotonicInstant)
        /// No key will take it by waiting in a queue.
        case closed
    }

    /// One key and what is known of it.
    struct Slot {
        let key: UpstreamKey
        /// Its balance in the round robin.
        var balance = 0
        var cooling = KeyCooling()
        var quarantine: QuarantineReason?
        /// Documents that were refused in a row, each once, without another key to ask.
        var refusedDocuments: [String] = []

        func state(at now: Moment) -> State {
            switch key.operatorState {
            case .draining: return .draining
            case .disabled: return .disabled
            case .active: break
            }
            if quarantine != nil { return .quarantined }
            if !key.isInTime(at: now.wall) { return .outOfTime }
            return cooling.remaining(at: now.steady).map { .cooling(until: $0) } ?? .active
        }

        /// When time alone makes it active; nil when it is, or when time alone does not.
        func becomesActive(at now: Moment) -> MonotonicInstant? {
            switch state(at: now) {
            case .active, .draining, .disabled, .quarantined: return nil
            case .cooling(let until): return until
            case .outOfTime:
                guard let start = key.notBefore, start > now.wall else { return nil }
                return max(now.steady + (start - now.wall), cooling.remaining(at: now.steady) ?? now.steady)
            }
        }
    }

    private(set) var slots: [Slot]

    init(_ keys: [UpstreamKey]) { slots = keys.map { Slot(key: $0) } }

    // MARK: Choosing

    /// - Parameter without: keys that the request has tried already, or that have no room for it.
    func outlook(without: [UpstreamKey], at now: Moment) -> Outlook {
        var first: MonotonicInstant?
        var mayWait = false
        for slot in slots where !without.contains(where: slot.key.isSame) {
            switch slot.state(at: now) {
            case .active: return .open
            case .cooling: mayWait = true
            case .draining, .disabled, .quarantined, .outOfTime: break
            }
            if let instant = slot.becomesActive(at: now) { first = min(first ?? instant, instant) }
        }
        // For a key that has not begun nobody waits, unless there is one that cools.
        if mayWait, let first { return .waits(until: first) }
        return .closed
    }

    /// The key that a request should be booked to: an active one by its turn, else the one that has cooled first.
    mutating func choose(without: [UpstreamKey], at now: Moment) -> UpstreamKey? {
        if let key = take(without: without, at: now) { return key }
        var first: (key: UpstreamKey, end: MonotonicInstant)?
        for slot in slots where !without.contains(where: slot.key.isSame) {
            guard case .cooling(let end) = slot.state(at: now) else { continue }
            if first.map({ end < $0.end }) ?? true { first = (slot.key, end) }
        }
        return first?.key
    }

    /// The key that a request goes out with: the one that it is booked to if it can be, else an active one by its turn.
    mutating func take(preferring id: KeyID, without: [UpstreamKey], at now: Moment) -> UpstreamKey? {
        let preferred = slots.first { slot in
            slot.key.id == id && slot.state(at: now) == .active && !without.contains(where: slot.key.isSame)
        }
        return preferred?.key ?? take(without: without, at: now)
    }

    private mutating func take(without: [UpstreamKey], at now: Moment) -> UpstreamKey? {
        var sum = 0
        var best: Int?
        for index in slots.indices {
            let key = slots[index].key
            guard slots[index].state(at: now) == .active, !without.contains(where: key.isSame) else { continue }
            slots[index].balance += key.weight
            sum += key.weight
            if best.map({ slots[index].balance > slots[$0].balance }) ?? true { best = index }
        }
        guard let best else { return nil }
        slots[best].balance -= sum
        return slots[best].key
    }

    /// When time alone changes which keys are active; nil when it does not.
    func nextChange(at now: Moment) -> MonotonicInstant? { slots.compactMap { $0.becomesActive(at: now) }.min() }

    // MARK: Other keys

    /// Takes other keys into use; what is known of those that stay as they are is kept, and the round robin starts anew.
    ///
    /// - Returns: what is not to be remembered any more, since the key has gone or has another secret.
    mutating func replace(_ keys: [UpstreamKey]) -> [UpstreamKeyRecord] {
        let old = slots
        slots = keys.map { key in
            guard let slot = old.first(where: { $0.key.isSame(as: key) }) else { return Slot(key: key) }
            return Slot(
                key: key,
                cooling: slot.cooling,
                quarantine: slot.quarantine,
                refusedDocuments: slot.refusedDocuments
            )
        }
        return old.filter { slot in slot.quarantine != nil && !keys.contains(where: slot.key.isSame) }
            .map { UpstreamKeyRecord(id: $0.key.id, secretDigest: $0.key.secretDigest, state: .active) }
    }

    /// Goes on with what was remembered of a key; false when it is of no key or of another secret.
    mutating func restore(_ record: UpstreamKeyRecord, at now: Moment) -> Bool {
        guard
            let index = slots.firstIndex(where: { $0.key.id == record.id && $0.key.secretDigest == record.secretDigest }
            )
        else { return false }
        switch record.state {
        case .active: return true
        case .quarantined(let reason): slots[index].quarantine = reason
        case .cooling(let end):
            // A clock that was set in between must not lock the key for years.
            let left = min(end - now.wall, RetryAfter.longest)
            guard left > .zero else { return false }
            slots[index].cooling.resume(until: now.steady + left)
        }
        return true
    }

    /// An operator says that the key is good: what replies have said against it is forgotten. Nil when it is not here.
    ///
    /// - Returns: what is to be remembered from now on.
    mutating func enable(_ id: KeyID) -> UpstreamKeyRecord? {
        guard let index = slots.firstIndex(where: { $0.key.id == id }) else { return nil }
        let key = slots[index].key
        slots[index] = Slot(key: key, balance: slots[index].balance)
        return UpstreamKeyRecord(id: id, secretDigest: key.secretDigest, state: .active)
    }

    // MARK: What replies say

    private func index(of key: UpstreamKey) -> Int? { slots.firstIndex { $0.key.isSame(as: key) } }

    /// The vendor took the request.
    ///
    /// - Parameters:
    ///   - isSuccess: whether it did what was asked.
    ///   - first: of a request that was tried with this key because another one was rejected.
    mutating func answered(_ key: UpstreamKey, isSuccess: Bool, after first: FirstRejection?) -> UpstreamKeyRecord? {
        if let index = index(of: key) {
            slots[index].cooling.succeeded()
            if isSuccess { slots[index].refusedDocuments = [] }
        }
        guard isSuccess, let first, first.rejection == .refused else { return nil }
        return quarantine(first.key, for: .otherKeyAccepted)
    }

    /// A 429: nothing to remember when the key cools for as long already.
    mutating func limited(_ key: UpstreamKey, retryAfter: Duration?, at now: Moment) -> UpstreamKeyRecord? {
        guard let index = index(of: key) else { return nil }
        let before = slots[index].cooling.remaining(at: now.steady)
        slots[index].cooling.limited(retryAfter: retryAfter, at: now.steady)
        guard let end = slots[index].cooling.remaining(at: now.steady), end != before,
            slots[index].quarantine == nil
        else { return nil }
        let state = UpstreamKeyRecord.State.cooling(until: now.wall + (end - now.steady))
        return UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: state)
    }

    mutating func quarantine(_ key: UpstreamKey, for reason: QuarantineReason) -> UpstreamKeyRecord? {
        guard let index = index(of: key), slots[index].quarantine == nil else { return nil }
        slots[index].quarantine = reason
        return UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: .quarantined(reason))
    }

    /// Counts a refusal of a document; gives how many different ones there are in a row.
    mutating func countRefusal(of document: String, by key: UpstreamKey) -> Int {
        guard let index = index(of: key) else { return 0 }
        if !slots[index].refusedDocuments.contains(document) { slots[index].refusedDocuments.append(document) }
        return slots[index].refusedDocuments.count
    }
}
