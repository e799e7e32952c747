public import Vocabulary

/// Where a request asks for credits before it is forwarded, and where its cost is booked afterwards.
///
/// Any thread. Guarded: one lock around the book and the dials that show parts of it, which keeps each decision one step
/// (L1) and each dial in agreement with the book. `BudgetBook` says what must hold. A call takes microseconds and waits
/// for nothing but this lock; no other lock is taken inside.
public final class BudgetGate: Sendable {
    /// What became of an ask.
    public enum Admission: Sendable {
        /// The credits are held. The reservation must be made durable, or be withdrawn.
        case admitted(Reservation)
        case denied(Denial)
    }

    /// What became of a move to another upstream key.
    public enum Moving: Sendable {
        /// Held for both keys. The move must be made durable and then confirmed by `moved`, or the reservation be ended.
        case moved(Reservation)
        /// The other key's month has no room for it; nothing was changed.
        case denied(Denial)
    }

    let state: Guarded<MeteredBook>

    /// Rebuilds the balances from what the store knows (L7).
    ///
    /// - Parameter node: 0 to 1,023; no two nodes that share a store may have the same, so that identifiers differ.
    public init(plan: BudgetPlan, opening: LedgerOpening, node: Int, at now: Timestamp) {
        state = Guarded(MeteredBook(book: BudgetBook(plan: plan, opening: opening, node: node, at: now)))
    }

    /// Takes other limits and another time zone. What was spent or reserved stays (L8), and days keep their numbers: with
    /// another time zone, only what comes from now on is booked by its calendar.
    public func replace(plan: BudgetPlan, at now: Timestamp) {
        state.withLock { state in
            state.book.replace(plan: plan, at: now)
            for position in state.dials.indices { state.show(position) }
        }
    }

    /// Takes other limits of one scope and leaves all others as they are. What was spent or reserved stays (L8). Takes
    /// as long however many scopes there are.
    ///
    /// - Parameter budgets: all that the scope has from now on. A key at the vendor has one for the month, which is
    ///   enforced and alerts nobody, or none.
    public func set(_ budgets: [Budget], of scope: BudgetScope, at now: Timestamp) {
        state.withLock { $0.set(budgets, of: scope, at: now) }
    }

    /// Holds what the ask is supposed to cost, if every budget that it counts in has room.
    public func admit(_ ask: ReservationAsk, at now: Timestamp) -> Admission {
        state.withLock { state in
            let admission = state.book.admit(ask, at: now)
            if case .admitted(let reservation) = admission {
                let positions = state.book.positions(of: reservation.id)
                state.show(positions)
            }
            return admission
        }
    }

    /// Takes back a reservation that could not be made durable, as if it had never been.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing was changed.
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
            moved.ask.upstreamKey = key
            return .moved(moved)
        case .denied(let denial): return .denied(denial)
        case .notOpen: preconditionFailure("the reservation \(reservation.id) is not open and cannot move")
        }
    }

    /// Frees the upstream key that a reservation has left, now that the move is durable.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing was changed.
    @discardableResult
    public func moved(_ reservation: Reservation) -> Bool { state.withLock { $0.book.moved(reservation.id) } }

    /// Holds more for a reservation whose cost is known to be above what is held, but not durable yet. Never less.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing was changed.
    @discardableResult
    public func raise(_ reservation: Reservation, to credits: MicroCredits) -> Bool {
        state.withLock { state in
            let positions = state.book.raise(reservation.id, to: credits)
            return state.show(positions)
        }
    }

    /// Books an ending that is durable, and learns from it.
    ///
    /// - Returns: false when the reservation is not open (L3): nothing was changed.
    @discardableResult
    public func end(_ ending: ReservationEnding) -> Bool {
        state.withLock { state in
            let positions = state.book.end(ending)
            return state.show(positions)
        }
    }

    /// What shows how much is left to a key of a team. Good for as long as the gate, over every `replace`; to be kept, since
    /// making one takes the lock.
    public func meter(team: TeamID, key: TeamKeyID) -> BudgetMeter {
        state.withLock { state in
            let dials = [BudgetScope.organization, .team(team), .key(key)].map { state.dial(of: $0) }
            return BudgetMeter(gate: self, organization: dials[0], team: dials[1], key: dials[2])
        }
    }

    /// The least that is left in any enforced budget of one scope, at least nothing; nil when it has none. Takes the
    /// lock.
    public func remaining(of scope: BudgetScope, at now: Timestamp) -> MicroCredits? {
        state.withLock { state in
            state.book.advance(to: now)
            return state.book.position(of: scope).flatMap { state.book.remaining(of: $0) }
        }
    }

    /// The day that is booked to at this time. Takes the lock.
    public func today(at now: Timestamp) -> BudgetDay {
        state.withLock { state in
            state.book.advance(to: now)
            return state.book.today.day
        }
    }

    /// How many reservations are open.
    public var openCount: Int { state.withLock { $0.book.openCount } }

    /// How often shadow budgets would have refused since this was last asked.
    public func takeShadowRefusals() -> [ShadowRefusals] { state.withLock { $0.book.shadows.take() } }

    /// What a meter shows whose dials are not set to this time; sets them.
    @usableFromInline
    func remaining(on dials: [MeterDial], at now: Timestamp) -> MicroCredits? {
        state.withLock { state in
            state.book.advance(to: now)
            for dial in dials { state.show(dial.position) }
            return dials.compactMap { state.book.remaining(of: $0.position) }.min()
        }
    }
}
