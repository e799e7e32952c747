public import Vocabulary

/// Where a worker's waiting requests are told. Any thread.
public protocol GateInbox: AnyObject, Sendable { func post(_ answer: UpstreamGate.Answer) }

/// Lets requests out to the vendor, each with a key of its account: so many at once over all workers and accounts, none
/// of an account whose keys all cool, none of an account at which the vendor fails. Who has to wait stands in a queue
/// that is fair between teams, bounded in length over all accounts and in time.
///
/// Guarded: `state` has the accounts' keys, breakers and queues and counts who is out. It decides under the lock, for
/// microseconds; waiting requests are told through their worker's inbox after it is released. Every request that was
/// let out is told back by `leave`, once.
public final class UpstreamGate: Sendable {
    /// How much may be out and wait, over all workers and accounts, and when an account is left alone.
    public struct Limits: Sendable, Equatable {
        /// Requests under way.
        public var concurrencyMax: Int
        /// Requests that wait for a place.
        public var queueMax: Int
        public var breaker: CircuitBreaker.Settings

        public init(concurrencyMax: Int, queueMax: Int, breaker: CircuitBreaker.Settings) {
            self.concurrencyMax = concurrencyMax
            self.queueMax = queueMax
            self.breaker = breaker
        }
    }

    /// One request at the gate.
    public struct Waiting: Sendable {
        let call: UInt64
        let account: AccountID
        let team: TeamID
        /// The key that the request is booked to, which it gets if it can.
        let booked: UpstreamKeyID
        /// Keys that it has tried, or that have no room for it.
        let without: [UpstreamKey]
        let inbox: any GateInbox

        /// - Parameter call: its number, unique among those with the same inbox.
        public init(
            call: UInt64,
            account: AccountID,
            team: TeamID,
            booked: UpstreamKeyID,
            without: [UpstreamKey],
            inbox: any GateInbox
        ) {
            self.call = call
            self.account = account
            self.team = team
            self.booked = booked
            self.without = without
            self.inbox = inbox
        }
    }

    /// What a waiting request is told.
    public struct Answer: Sendable {
        public let call: UInt64
        public let entry: Entry
    }

    public enum Entry: Sendable {
        case go(Pass)
        case wait
        case refused(UpstreamFailure)
    }

    /// What a request goes out with, and comes back with.
    public struct Pass: Sendable {
        public let key: UpstreamKey
        let permit: CircuitBreaker.Permit
        /// The key is in quarantine, and the request finds out whether the vendor accepts it again.
        let isTrial: Bool
    }

    /// What a request comes back with.
    public enum Report: Sendable {
        /// Nothing was sent.
        case unused
        /// The vendor did not answer as it should.
        case failed
        /// The vendor did what was asked.
        case succeeded
        /// The vendor answered that it did not do what was asked, and what that says of its health.
        case answered(CircuitBreaker.Sign)
        case limited(Duration?)
    }

    /// What a decision has to be followed by.
    public struct Consequences: Sendable {
        /// When to call `poll`, if there is a moment that changes who can go.
        public internal(set) var pollAt: MonotonicInstant?
        /// What changed about keys: to be reported and remembered.
        public internal(set) var records: [UpstreamKeyRecord] = []
    }

    private let state: Guarded<UpstreamGateState>

    public init(limits: Limits, keys: [UpstreamKey]) {
        state = Guarded(UpstreamGateState(limits: limits, keys: keys))
    }

    /// Goes on with what was remembered of keys; to be called before the first request.
    ///
    /// - Returns: what holds now of the keys that were remembered, to be reported and remembered.
    public func restore(_ records: [UpstreamKeyRecord], at now: Moment) -> [UpstreamKeyRecord] {
        state.withLock { state in records.map { state.restore($0, at: now) } }
    }

    /// Takes other limits and keys into use; who is out or waits keeps its place, and who can go now goes out.
    ///
    /// - Returns: what changed about keys: to be reported and remembered.
    public func replace(limits: Limits, keys: [UpstreamKey], at now: Moment) -> [UpstreamKeyRecord] {
        let (records, answers) = state.withLock { state in
            (state.replace(limits: limits, keys: keys), state.letOut(at: now))
        }
        deliver(answers)
        return records
    }

    /// An operator says that a key is good: its quarantine, its cooling and the refusals that were counted against it
    /// are forgotten, and who waits can go out with it. A key that drains or is disabled stays so.
    ///
    /// - Returns: what is to be remembered of it now; nil when there is no such key.
    public func enable(_ id: UpstreamKeyID, at now: Moment) -> UpstreamKeyRecord? {
        let (record, answers) = state.withLock { state in (state.enable(id), state.letOut(at: now)) }
        deliver(answers)
        return record
    }

    /// How all accounts and keys stand, sorted by account.
    public func status(at now: Moment) -> [UpstreamAccountStatus] { state.withLock { $0.status(at: now) } }

    /// The key of an account that a request should be booked to before it comes to the gate.
    ///
    /// Any thread; no other lock is taken inside.
    ///
    /// - Parameter without: keys that have no room for it.
    public func choose(
        for account: AccountID,
        without: [UpstreamKey],
        at now: Moment
    ) -> Result<UpstreamKey, UpstreamFailure> {
        state.withLock { $0.choose(for: account, without: without, at: now) }
    }

    /// Asks to send a request.
    ///
    /// - Parameter isRepeated: it was out and came back to go once more; then a full queue does not turn it away.
    public func enter(_ waiting: Waiting, isRepeated: Bool, at now: Moment) -> (Entry, Consequences) {
        let (entry, answers, consequences) = state.withLock { state in
            let (entry, answers) = state.enter(waiting, isRepeated: isRepeated, at: now)
            return (entry, answers, Consequences(pollAt: state.nextChange(at: now)))
        }
        deliver(answers)
        return (entry, consequences)
    }

    /// A request that was let out has come back.
    ///
    /// - Parameter first: the rejection that it met before it went out with this key.
    public func leave(_ pass: Pass, _ report: Report, after first: FirstRejection?, at now: Moment) -> Consequences {
        decide(at: now) { ((), $0.leave(pass, report, after: first, at: now)) }.1
    }

    /// A request that was let out was rejected.
    public func leave(
        _ pass: Pass,
        _ rejection: FirstRejection,
        after first: FirstRejection?,
        at now: Moment
    ) -> (Ruling, Consequences) {
        decide(at: now) { $0.leave(pass, rejection, after: first, at: now) }
    }

    /// The ruling on a request that found no second key to go out with.
    public func ruleAlone(on first: FirstRejection, at now: Moment) -> (Ruling, Consequences) {
        decide(at: now) { state in
            let (ruling, record) = state.ruleAlone(on: first, at: now)
            return (ruling, record.map { [$0] } ?? [])
        }
    }

    /// Lets out whoever can go now: to be called when a moment has come at which a key can be given out.
    public func poll(at now: Moment) -> Consequences { decide(at: now) { _ in ((), []) }.1 }

    /// A waiting request gives up because its time is over. Nil when it was let out just before.
    public func giveUp(_ waiting: Waiting, at now: Moment) -> UpstreamFailure? {
        state.withLock { $0.giveUp(waiting, at: now) }
    }

    /// Decides, lets out who can go then, and tells them.
    private func decide<Value>(
        at now: Moment,
        _ body: (inout UpstreamGateState) -> (Value, [UpstreamKeyRecord])
    ) -> (Value, Consequences) {
        let (value, answers, consequences) = state.withLock { state in
            let (value, records) = body(&state)
            let answers = state.letOut(at: now)
            return (value, answers, Consequences(pollAt: state.nextChange(at: now), records: records))
        }
        deliver(answers)
        return (value, consequences)
    }

    private func deliver(_ answers: [UpstreamGateState.Decision]) {
        for (waiting, entry) in answers { waiting.inbox.post(Answer(call: waiting.call, entry: entry)) }
    }
}
