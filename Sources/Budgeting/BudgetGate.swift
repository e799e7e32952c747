public import Vocabulary

/// The gate where a request asks for credits before it is forwarded, and where its cost is booked afterwards.
///
/// Any thread. One lock guards the book and the dials that show parts of it: each decision is one step (L1), and each
/// dial agrees with the book. `BudgetBook` states the invariants. A call takes microseconds and waits only for this
/// lock; it takes no other lock while it holds it.
public final class BudgetGate: Sendable {
    /// The answer to an ask.
    public enum Admission: Sendable {
        /// The credits are held. The caller must make the reservation durable or withdraw it.
        case admitted(Reservation)
        case denied(Denial)
    }

    /// The answer to a move to another upstream key.
    public enum Moving: Sendable {
        /// Held for both keys. The caller must make the move durable and confirm it with `moved`, or end the
        /// reservation.
        case moved(Reservation)
        /// The other key's month has no room for it; nothing changed.
        case denied(Denial)
    }

    let state: Guarded<MeteredBook>

    /// Rebuilds the balances from the store (L7).
    ///
    /// - Parameter node: 0 to 1,023, unique among the nodes that share a store, so that identifiers are unique.
    public init(plan: BudgetPlan, opening: LedgerOpening, node: Int, at now: Timestamp) {
        state = Guarded(MeteredBook(book: BudgetBook(plan: plan, opening: opening, node: node, at: now)))
    }

    /// Replaces the limits and the time zone. Spent and reserved amounts stay (L8), and days keep their numbers: a new
    /// time zone applies only to reservations admitted from now on.
    public func replace(plan: BudgetPlan, at now: Timestamp) {
        state.withLock { state in
            state.book.replace(plan: plan, at: now)
            for position in state.dials.indices { state.show(position) }
        }
    }

    /// Replaces the limits of one scope and leaves all others as they are. Spent and reserved amounts stay (L8). The
    /// time it takes does not depend on the number of scopes.
    ///
    /// - Parameter budgets: all budgets of the scope from now on. An upstream key has either none or one for the month,
    ///   enforced and without alerts.
    public func set(_ budgets: [Budget], of scope: BudgetScope, at now: Timestamp) {
        state.withLock { $0.set(budgets, of: scope, at: now) }
    }

    /// Holds the ask's estimate, if every budget that it counts in has room.
    ///
    /// - Parameter id: for the reservation, of `makeID`; nil to make one.
    public func admit(_ ask: ReservationAsk, id: ReservationID? = nil, at now: Timestamp) -> Admission {
        state.withLock { state in
            let admission = state.book.admit(ask, id: id, at: now)
            if case .admitted(let reservation) = admission {
                let positions = state.book.positions(of: reservation.id)
                state.show(positions)
            }
            return admission
        }
    }

    /// The denial of a request that reserves nothing, because a budget that it would count in has nothing left.
    public func exhaustion(
        team: TeamID,
        key: TeamKeyID,
        upstreamKey: UpstreamKeyID,
        at now: Timestamp
    ) -> Denial? {
        state.withLock { $0.book.exhaustion(team: team, key: key, upstreamKey: upstreamKey, at: now) }
    }

    /// Holds credits that the vendor has charged already, whether they fit or not (L14). The caller must make the
    /// reservation and its settlement durable.
    ///
    /// - Parameter credits: above zero.
    public func charge(_ ask: ReservationAsk, _ credits: MicroCredits, at now: Timestamp) -> Reservation {
        state.withLock { state in
            let reservation = state.book.charge(ask, credits, at: now)
            let positions = state.book.positions(of: reservation.id)
            state.show(positions)
            return reservation
        }
    }

    /// Undoes a reservation that could not be made durable.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing changed.
    @discardableResult
    public func withdraw(_ reservation: Reservation) -> Bool {
        state.withLock { state in
            let positions = state.book.withdraw(reservation.id)
            return state.show(positions)
        }
    }

    /// Holds an open reservation for another upstream key too, if that key's month has room (L11).
    public func move(_ reservation: Reservation, to key: UpstreamKeyID) -> Moving {
        switch state.withLock({ $0.book.move(reservation.id, to: key) }) {
        case .moved:
            var moved = reservation
            moved.ask = moved.ask.moved(to: key)
            return .moved(moved)
        case .denied(let denial): return .denied(denial)
        case .notOpen: preconditionFailure("the reservation \(reservation.id) is not open and cannot move")
        }
    }

    /// Undoes a move that could not be made durable.
    public func withdrawMove(_ reservation: Reservation) { state.withLock { $0.book.withdrawMove(reservation.id) } }

    /// Releases the hold on the upstream key that a reservation has left, now that the move is durable.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing changed.
    @discardableResult
    public func moved(_ reservation: Reservation) -> Bool { state.withLock { $0.book.moved(reservation.id) } }

    /// Raises the hold of a reservation to a known cost that is not durable yet. Never lowers it.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing changed.
    @discardableResult
    public func raise(_ reservation: Reservation, to credits: MicroCredits) -> Bool {
        state.withLock { state in
            let positions = state.book.raise(reservation.id, to: credits)
            return state.show(positions)
        }
    }

    /// Books a durable ending, and learns from it.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing changed.
    @discardableResult
    public func end(_ ending: ReservationEnding) -> Bool {
        state.withLock { state in
            let positions = state.book.end(ending)
            return state.show(positions)
        }
    }

    /// Makes the meter of a team's key. It stays valid for the life of the gate, across every `replace`. Keep it:
    /// making one takes the lock.
    public func meter(team: TeamID, key: TeamKeyID) -> BudgetMeter {
        state.withLock { state in
            let dials = [BudgetScope.organization, .team(team), .key(key)].map { state.dial(of: $0) }
            return BudgetMeter(gate: self, organization: dials[0], team: dials[1], key: dials[2])
        }
    }

    /// The least amount left in any enforced budget of one scope, at least zero; nil when it has none. Takes the lock.
    public func remaining(of scope: BudgetScope, at now: Timestamp) -> MicroCredits? {
        state.withLock { state in
            state.book.advance(to: now)
            return state.book.position(of: scope).flatMap { state.book.remaining(of: $0) }
        }
    }

    /// The day that an admission at this time is booked to. Takes the lock.
    public func today(at now: Timestamp) -> BudgetDay {
        state.withLock { state in
            state.book.advance(to: now)
            return state.book.today.day
        }
    }

    /// The number of open reservations.
    public var openCount: Int { state.withLock { $0.book.openCount } }

    /// The reading of a meter whose dials do not cover this time; sets the dials.
    @usableFromInline
    func remaining(on dials: [MeterDial], at now: Timestamp) -> MicroCredits? {
        state.withLock { state in
            state.book.advance(to: now)
            for dial in dials { state.show(dial.position) }
            return dials.compactMap { state.book.remaining(of: $0.position) }.min()
        }
    }
}
