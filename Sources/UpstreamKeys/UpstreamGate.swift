public import Vocabulary

/// Receives the answers to a worker's waiting requests. Called on any thread.
public protocol GateInbox: AnyObject, Sendable { func post(_ answer: UpstreamGate.Answer) }

/// The gate to the vendor: lets requests out, each with a key of its account. It bounds how many are out at once over
/// all workers and accounts, and holds back those of an account whose keys are all cooling or whose breaker is open.
/// Waiting requests stand in a queue that is fair between teams; its length is bounded over all accounts, and so is the
/// waiting time.
///
/// A place stands for the vendor's work. A request that is passed through holds none while its client still sends it,
/// nor once its reply has begun, unless it comes whole (`setAside`): else a few slow clients could keep every request
/// from the vendor. Those set aside have a bound of their own, since each has a connection.
///
/// Guarded: `state` has the accounts' keys, breakers and queues and counts the requests that are out. Decisions are
/// made under the lock, within microseconds; answers to waiting requests are posted to their worker's inbox after it is
/// released. `leave` must be called exactly once for every request that was let out.
public final class UpstreamGate: Sendable {
    /// The maximum numbers of requests out and waiting, over all workers and accounts, and the breakers' settings.
    public struct Limits: Sendable, Equatable {
        /// The maximum number of requests under way, over all nodes.
        public var concurrencyMax: Int
        /// The maximum number of requests that wait for a place.
        public var queueMax: Int
        public var breaker: CircuitBreaker.Settings

        public init(concurrencyMax: Int, queueMax: Int, breaker: CircuitBreaker.Settings) {
            self.concurrencyMax = concurrencyMax
            self.queueMax = queueMax
            self.breaker = breaker
        }
    }

    /// How many requests hold a place and how many may, over all accounts.
    public struct Load: Sendable, Equatable {
        public let underWay: Int
        /// Of those that are out beside them and hold no place.
        public let aside: Int
        /// How many of `concurrencyMax` are this node's.
        public let placesMax: Int
        public let limits: Limits
    }

    /// One request at the gate.
    public struct Waiting: Sendable {
        let call: UInt64
        let account: AccountID
        let team: TeamID
        /// The key that the request is booked to; preferred when it is let out.
        let booked: UpstreamKeyID
        /// Keys that it has already tried, or that have no room for it.
        let without: [UpstreamKey]
        /// Whether it may be tried again with another key.
        let mayTry: Bool
        let inbox: any GateInbox

        /// - Parameter call: its number, unique among those with the same inbox.
        public init(
            call: UInt64,
            account: AccountID,
            team: TeamID,
            booked: UpstreamKeyID,
            without: [UpstreamKey],
            mayTry: Bool = true,
            inbox: any GateInbox
        ) {
            self.call = call
            self.account = account
            self.team = team
            self.booked = booked
            self.without = without
            self.mayTry = mayTry
            self.inbox = inbox
        }
    }

    /// The answer to a waiting request.
    public struct Answer: Sendable {
        public let call: UInt64
        public let entry: Entry
    }

    public enum Entry: Sendable {
        case go(Pass)
        case wait
        /// Apart from the others: most requests are let out, and an entry is copied on its way.
        indirect case refused(UpstreamFailure)
    }

    /// What a request is let out with; handed back to `leave`.
    public struct Pass: Sendable {
        public let key: UpstreamKey
        let permit: CircuitBreaker.Permit
        /// Whether the key is in quarantine and the request tests whether the vendor accepts it again.
        let isTrial: Bool
        /// Whether it counts as one of `concurrencyMax`.
        public private(set) var holdsPlace = true

        /// What the request goes on with once it is set aside, or taken up again.
        public func holdingPlace(_ holdsPlace: Bool) -> Pass {
            var pass = self
            pass.holdsPlace = holdsPlace
            return pass
        }
    }

    /// The result that a request comes back with.
    public enum Report: Sendable {
        /// Nothing was sent.
        case unused
        /// The vendor did not answer as it should.
        case failed
        /// The vendor did what was asked.
        case succeeded
        /// The vendor answered that it did not do what was asked, with what that says about its health.
        case answered(CircuitBreaker.Sign)
        case limited(Duration?)
    }

    /// What the caller must do after a decision.
    public struct Consequences: Sendable {
        /// When to call `poll`, if time alone lets a waiting request go.
        public internal(set) var pollAt: MonotonicInstant?
        /// The changed states of keys, to be reported and stored.
        public internal(set) var records: [UpstreamKeyRecord] = []
    }

    private let state: Guarded<UpstreamGateState>

    /// - Parameter asideMax: the maximum number of requests that are set aside; those under way may exceed it.
    public init(limits: Limits, keys: [UpstreamKey], asideMax: Int = .max) {
        state = Guarded(UpstreamGateState(limits: limits, keys: keys, asideMax: asideMax))
    }

    /// Restores the stored states of keys; must be called before the first request.
    ///
    /// - Returns: the current states of these keys, to be reported and stored.
    public func restore(_ records: [UpstreamKeyRecord], at now: Moment) -> [UpstreamKeyRecord] {
        state.withLock { state in records.map { state.restore($0, at: now) } }
    }

    /// Restores when keys were last used; must be called before the first request.
    public func restore(_ uses: [UpstreamKeyID: Timestamp]) { state.withLock { $0.restore(uses) } }

    /// When keys were last used, of those that were used since the last call; to be stored.
    public func takeUnsavedUses() -> [UpstreamKeyID: Timestamp] { state.withLock { $0.takeUnsavedUses() } }

    /// Replaces limits and keys. Requests that are out or waiting keep their places, and waiting requests that can go
    /// now are let out.
    ///
    /// - Returns: the changed states of keys, to be reported and stored.
    public func replace(limits: Limits, keys: [UpstreamKey], at now: Moment) -> [UpstreamKeyRecord] {
        let (records, answers) = state.withLock { state in
            (state.replace(limits: limits, keys: keys), state.letOut(at: now))
        }
        deliver(answers)
        return records
    }

    /// Divides `concurrencyMax` among the nodes that live; waiting requests that can go now are let out.
    public func share(among nodeCount: Int, as rank: Int, at now: Moment) {
        deliver(
            state.withLock { state in
                guard state.nodeCount != max(1, nodeCount) || state.rank != rank else { return [] }
                (state.nodeCount, state.rank) = (max(1, nodeCount), rank)
                return state.letOut(at: now)
            }
        )
    }

    /// An operator declares a key good: its quarantine, its cooling and its counted refusals are cleared, and waiting
    /// requests can go out with it. A draining or disabled key stays so.
    ///
    /// - Returns: its state to be stored; nil when there is no such key.
    public func enable(_ id: UpstreamKeyID, at now: Moment) -> UpstreamKeyRecord? {
        let (record, answers) = state.withLock { state in (state.enable(id), state.letOut(at: now)) }
        deliver(answers)
        return record
    }

    /// Takes over the state that another node has given a key. Waiting requests can go out with one that is active
    /// again.
    ///
    /// - Parameter record: nil when the key is active. One of another secret is passed over.
    /// - Returns: whether the state is another one now.
    public func note(_ record: UpstreamKeyRecord?, of id: UpstreamKeyID, at now: Moment) -> Bool {
        let (isNew, answers) = state.withLock { state in (state.note(record, of: id, at: now), state.letOut(at: now)) }
        deliver(answers)
        return isNew
    }

    /// The status of all accounts and keys, sorted by account.
    public func status(at now: Moment) -> [UpstreamAccountStatus] { state.withLock { $0.status(at: now) } }

    /// How much of the gate is taken.
    public var load: Load { state.withLock { $0.load } }

    /// Chooses the key of an account that a request is booked to before it enters the gate.
    ///
    /// Callable from any thread; takes no other lock.
    ///
    /// - Parameter without: keys that have no room for it.
    public func choose(
        for account: AccountID,
        without: [UpstreamKey],
        at now: Moment
    ) -> Result<UpstreamKey, UpstreamFailure> {
        state.withLock { $0.choose(for: account, without: without, at: now) }
    }

    /// All keys of an account, whatever their states.
    public func keys(of account: AccountID) -> [UpstreamKeyID] { state.withLock { $0.keys(of: account) } }

    /// Asks to let a request out.
    ///
    /// A request that may not be tried again is refused while `asideMax` requests are set aside.
    ///
    /// - Parameter isRepeated: the request was out before and is retried; a full queue does not turn it away then.
    public func enter(_ waiting: Waiting, isRepeated: Bool, at now: Moment) -> (Entry, Consequences) {
        let (entry, answers, consequences) = state.withLock { state in
            let (entry, answers) = state.enter(waiting, isRepeated: isRepeated, at: now)
            return (entry, answers, Consequences(pollAt: state.nextChange(at: now)))
        }
        deliver(answers)
        return (entry, consequences)
    }

    /// A request that was let out gives its place back and goes on. If it is the probe of a half-open breaker, the next
    /// request is one too: how long this one takes is its client's choice.
    ///
    /// It goes on with `pass.holdingPlace(false)`.
    public func setAside(_ pass: Pass, at now: Moment) -> Consequences {
        decide(at: now) { ($0.setAside(pass, at: now), []) }.1
    }

    /// A request that was set aside takes a place again, without a wait: more than `concurrencyMax` may hold one then,
    /// and the next request waits until fewer do. It goes on with `pass.holdingPlace(true)`.
    public func takeUp(_ pass: Pass) { state.withLock { $0.takeUp(pass) } }

    /// A request that was let out has come back.
    ///
    /// - Parameter first: the rejection it met before it went out with this key.
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

    /// Lets out the requests that can go now; to be called at `Consequences.pollAt`.
    public func poll(at now: Moment) -> Consequences { decide(at: now) { _ in ((), []) }.1 }

    /// A waiting request gives up because its time is over. Nil when it has already been answered.
    public func giveUp(_ waiting: Waiting, at now: Moment) -> UpstreamFailure? {
        state.withLock { $0.giveUp(waiting, at: now) }
    }

    /// Decides, lets out the requests that can then go, and posts the answers.
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
