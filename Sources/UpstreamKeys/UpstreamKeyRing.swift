import Vocabulary

/// The upstream keys of one account: chooses the key for the next request, and tracks what the vendor's replies say
/// about each. Pure: no clock, no lock.
///
/// The state of a key is the first of these that applies: *draining* or *disabled*, set by an operator; *quarantined*,
/// since the vendor does not accept it; out of its time (`not_before`, `not_after`); *cooling* after a 429; else
/// *active*. Only active keys are given out, and once a minute a quarantined one on trial, if it is in its time and not
/// cooling. A success on trial ends the quarantine, and so does a new secret or an operator who enables the key.
/// Replies are taken into account in all of these states. What a key has spent of its month is known to the budgets,
/// not to the ring.
///
/// Among active keys the choice is a smooth weighted round robin as in nginx: each key gains its weight, the one with
/// the highest balance is taken and pays the sum of all weights. Over as many choices as that sum, each key gets
/// exactly its share, with its turns spread evenly.
///
/// A reply is reported with the key that the request went out with. If that key is no longer in the ring, or has
/// another secret now, the reply says nothing about the current keys.
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

    /// Whether the ring has a key for a request.
    enum Outlook: Equatable {
        /// A key can take it, if only on trial.
        case open
        /// All keys that could take it are cooling, not yet valid or not yet due for a trial; `until` is when the first
        /// one can.
        case waits(until: MonotonicInstant)
        /// Waiting in the queue will not get it a key.
        case closed
    }

    /// One key and what is known about it.
    struct Slot {
        let key: UpstreamKey
        /// Its balance in the round robin.
        var balance = 0
        var cooling = KeyCooling()
        var quarantine: KeyQuarantine?
        var refusals = RefusalCount()

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

        /// Whether it is in quarantine and its next trial is due.
        func isDueForTrial(at now: Moment) -> Bool {
            guard state(at: now) == .quarantined, let quarantine else { return false }
            return quarantine.nextTrial <= now.steady && key.isInTime(at: now.wall)
                && cooling.remaining(at: now.steady) == nil
        }

        /// When time alone makes it usable; nil when it is usable now, or when time alone does not.
        func nextChange(at now: Moment) -> MonotonicInstant? {
            if key.operatorState != .active { return nil }
            var instant = max(quarantine?.nextTrial ?? now.steady, cooling.remaining(at: now.steady) ?? now.steady)
            if !key.isInTime(at: now.wall) {
                guard let start = key.notBefore, start > now.wall else { return nil }
                instant = max(instant, now.steady + (start - now.wall))
            }
            return instant > now.steady ? instant : nil
        }
    }

    private(set) var slots: [Slot]

    init(_ keys: [UpstreamKey]) { slots = keys.map { Slot(key: $0) } }

    // MARK: Choosing

    /// - Parameter without: keys that the request has tried already, or that have no room for it.
    func outlook(without: [UpstreamKey], at now: Moment) -> Outlook {
        var first: MonotonicInstant?
        var mayWait = false
        // By index: a copy of a slot retains what it counts.
        for index in slots.indices where !without.contains(where: slots[index].key.isSame) {
            switch slots[index].state(at: now) {
            case .active: return .open
            case .quarantined: if slots[index].isDueForTrial(at: now) { return .open }
            case .cooling: mayWait = true
            case .draining, .disabled, .outOfTime: break
            }
            if let instant = slots[index].nextChange(at: now) { first = min(first ?? instant, instant) }
        }
        // A request does not wait for keys that are not yet valid or in quarantine, unless another one is cooling.
        if mayWait, let first { return .waits(until: first) }
        return .closed
    }

    /// The key that a request is booked to: an active one in turn, else the one whose cooling ends first, else one that
    /// is due for a trial, which stays due.
    mutating func choose(without: [UpstreamKey], at now: Moment) -> UpstreamKey? {
        if let key = take(without: without, at: now) { return key }
        var first: (key: UpstreamKey, end: MonotonicInstant)?
        for slot in slots where !without.contains(where: slot.key.isSame) {
            guard case .cooling(let end) = slot.state(at: now) else { continue }
            if first.map({ end < $0.end }) ?? true { first = (slot.key, end) }
        }
        return first?.key ?? trialIndex(without: without, at: now).map { slots[$0].key }
    }

    /// The key that a request goes out with: one that is due for a trial, else the one it is booked to if that is
    /// usable, else an active one in turn.
    ///
    /// - Parameter mayTry: whether the request may be tried again with another key; if not, a key is tried with it only
    ///   when there is no other.
    mutating func take(preferring id: UpstreamKeyID, without: [UpstreamKey], mayTry: Bool, at now: Moment) -> (
        UpstreamKey, isTrial: Bool
    )? {
        if mayTry, let key = takeTrial(without: without, at: now) { return (key, true) }
        for index in slots.indices where slots[index].key.id == id {
            let key = slots[index].key
            if slots[index].state(at: now) == .active, !without.contains(where: key.isSame) { return (key, false) }
        }
        if let key = take(without: without, at: now) { return (key, false) }
        return takeTrial(without: without, at: now).map { ($0, true) }
    }

    private mutating func takeTrial(without: [UpstreamKey], at now: Moment) -> UpstreamKey? {
        guard let index = trialIndex(without: without, at: now) else { return nil }
        slots[index].quarantine?.beginTrial(at: now.steady)
        return slots[index].key
    }

    private func trialIndex(without: [UpstreamKey], at now: Moment) -> Int? {
        slots.firstIndex { $0.isDueForTrial(at: now) && !without.contains(where: $0.key.isSame) }
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

    /// When time alone changes which keys can be given out; nil when it does not.
    func nextChange(at now: Moment) -> MonotonicInstant? { slots.compactMap { $0.nextChange(at: now) }.min() }

    // MARK: Other keys

    /// Replaces the keys. The state of unchanged keys is kept, and the round robin starts anew.
    ///
    /// - Returns: resets of stored states whose key is gone or has another secret.
    mutating func replace(_ keys: [UpstreamKey]) -> [UpstreamKeyRecord] {
        let old = slots
        slots = keys.map { key in
            guard let slot = old.first(where: { $0.key.isSame(as: key) }) else { return Slot(key: key) }
            return Slot(
                key: key,
                cooling: slot.cooling,
                quarantine: slot.quarantine,
                refusals: slot.refusals
            )
        }
        return old.filter { slot in slot.quarantine != nil && !keys.contains(where: slot.key.isSame) }
            .map { UpstreamKeyRecord(id: $0.key.id, secretDigest: $0.key.secretDigest, state: .active) }
    }

    /// Restores the stored state of a key; false when the key is absent, has another secret, or its cooling is over.
    mutating func restore(_ record: UpstreamKeyRecord, at now: Moment) -> Bool {
        guard
            let index = slots.firstIndex(where: { $0.key.id == record.id && $0.key.secretDigest == record.secretDigest }
            )
        else { return false }
        switch record.state {
        case .active: return true
        case .quarantined(let reason): slots[index].quarantine = KeyQuarantine(reason: reason, at: now.steady)
        case .cooling(let end):
            // No cooling is that long: the clock was set back in the meantime, and nobody knows how much of it is left.
            // A key that must still rest costs a 429.
            let left = end - now.wall
            guard left > .zero, left <= KeyCooling.longestAsked else { return false }
            slots[index].cooling.resume(until: now.steady + left)
        }
        return true
    }

    /// An operator declares the key good: its quarantine, cooling and refusals are cleared. Nil when it is not in this
    /// ring.
    ///
    /// - Returns: its state to be stored.
    mutating func enable(_ id: UpstreamKeyID) -> UpstreamKeyRecord? {
        guard let index = slots.firstIndex(where: { $0.key.id == id }) else { return nil }
        let key = slots[index].key
        slots[index] = Slot(key: key, balance: slots[index].balance)
        return UpstreamKeyRecord(id: id, secretDigest: key.secretDigest, state: .active)
    }

    /// Takes over what another node has found out about a key, or an operator there has decided. Nil when it is not in
    /// this ring.
    ///
    /// - Parameter record: nil when the key is active.
    /// - Returns: whether its state is another one now.
    mutating func note(_ record: UpstreamKeyRecord?, of id: UpstreamKeyID, at now: Moment) -> Bool? {
        guard let index = slots.firstIndex(where: { $0.key.id == id }) else { return nil }
        if let record, record.secretDigest != slots[index].key.secretDigest { return false }
        let cools = slots[index].cooling.remaining(at: now.steady)
        switch record?.state ?? .active {
        case .active:
            guard slots[index].quarantine != nil || cools != nil else { return false }
            slots[index] = Slot(key: slots[index].key, balance: slots[index].balance)
        case .quarantined(let reason):
            // One that goes on keeps its time for the next trial.
            guard slots[index].quarantine == nil else { return false }
            slots[index].quarantine = KeyQuarantine(reason: reason, at: now.steady)
            slots[index].refusals = RefusalCount()
        case .cooling(let end):
            // Clocks may differ: none locks a key for longer than the vendor may ask.
            let left = min(end - now.wall, KeyCooling.longestAsked)
            guard left > .zero, cools.map({ now.steady + left > $0 }) ?? true else { return false }
            slots[index].cooling.resume(until: now.steady + left)
        }
        return true
    }

    // MARK: What replies say

    private func index(of key: UpstreamKey) -> Int? { slots.firstIndex { $0.key.isSame(as: key) } }

    func isQuarantined(_ key: UpstreamKey) -> Bool { index(of: key).map { slots[$0].quarantine != nil } ?? false }

    /// The vendor did what was asked.
    ///
    /// - Parameters:
    ///   - isTrial: the request went out on the key as a trial.
    ///   - first: the first rejection, if the request was tried with this key because another one was rejected.
    mutating func succeeded(
        _ key: UpstreamKey,
        isTrial: Bool,
        after first: FirstRejection?,
        at now: Moment
    ) -> [UpstreamKeyRecord] {
        let other = first.flatMap { quarantine($0.key, for: $0.rejection.reason, at: now) }
        guard let index = index(of: key) else { return other.map { [$0] } ?? [] }
        slots[index].cooling.succeeded()
        slots[index].refusals = RefusalCount()
        // A request that had gone out before the quarantine says nothing new.
        guard isTrial, slots[index].quarantine != nil else { return other.map { [$0] } ?? [] }
        slots[index].quarantine = nil
        let healed = UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: .active)
        return [other, healed].compactMap { $0 }
    }

    /// The vendor took the request but did not do what was asked.
    mutating func answered(_ key: UpstreamKey) {
        if let index = index(of: key) { slots[index].cooling.succeeded() }
    }

    /// A 429. Nil, nothing to store, when the key already cools that long or is in quarantine.
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

    mutating func quarantine(
        _ key: UpstreamKey,
        for reason: QuarantineReason,
        at now: Moment
    ) -> UpstreamKeyRecord? {
        guard let index = index(of: key), slots[index].quarantine == nil else { return nil }
        slots[index].quarantine = KeyQuarantine(reason: reason, at: now.steady)
        slots[index].refusals = RefusalCount()
        return UpstreamKeyRecord(id: key.id, secretDigest: key.secretDigest, state: .quarantined(reason))
    }

    /// Counts a refusal against its key, unless the key is in quarantine; returns why the key is at fault, if this
    /// refusal reached a limit.
    mutating func addRefusal(_ refusal: FirstRejection) -> QuarantineReason? {
        guard let index = index(of: refusal.key), slots[index].quarantine == nil else { return nil }
        return slots[index].refusals.add(refusal.rejection, of: refusal.document)
    }
}
