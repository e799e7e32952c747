import Vocabulary

// Budgets are kept exactly by holding credits before a request goes out and booking what it cost afterwards. All of it is
// decided here, in one struct without lock, clock or store: `BudgetGate` puts the lock around it, the store makes durable
// what was decided, and the gateway says what happened. What must hold, always, with the invariant of
// `docs/faults.md` §5 that it comes from:
//
// L1. A reservation is admitted only if spent + unconfirmed + reserved + estimate is at most the limit, for every enforced
//     budget of the organisation, the team and the team's key and for the upstream key's limit, in the windows of the day
//     of its admission. All are looked at and all are reserved in one step (I1).
// L2. What is held for an open reservation is never less than its estimate and never becomes less. A cost known to be
//     greater is held from the moment it is known and is booked in full, above the limit if need be: then the next
//     admission is refused. So the excess is at most that of the reservations open at that moment (below I9).
// L3. A reservation ends once. A second ending of any kind, and all that comes after it, changes nothing and is reported
//     to whoever asked for it (I3).
// L4. A reservation is booked to the day of its admission, in all four scopes alike, whenever it ends: over midnight, with
//     a clock that is set forward or back, and with another time zone (I8).
// L5. What is reserved is what is held for the open reservations, and nothing else: when none is open, nothing is
//     reserved in any scope on any day (I9).
// L6. Only an admission reserves, and only an ending spends. A refusal, a reading, and whatever a hit or a follower does
//     leave every balance as it was (I6).
// L7. Memory never counts less than the store has: a hold is there before its reservation is durable, and goes only when
//     the ending is. Rebuilt from the store, the balances are the same, except that reservations which were open count
//     as unconfirmed, at their estimates.
// L8. A new plan, or new budgets of one scope, change limits, never what was spent, unconfirmed or reserved. A balance
//     exists in every scope and window, with or without a budget: one that is added within a month counts what the
//     month has spent already.
// L9. No estimate is nothing, so that a budget that is spent admits nobody.
// L10. Each reservation has an identifier greater than all before it, also those of an earlier start.
// L11. A reservation that moves to another upstream key fits into that key's limit as L1 says, in the windows of its own
//     day. It is held for both keys from then until the move is durable, so that a crash between finds room for it
//     wherever the store has it (L7); what it comes to is booked to the key that it moved to.
//
// The states of a reservation, and who moves it:
//
//     (asked) --admit--> reserved            the gateway, before it asks the store to make the reservation durable
//     reserved --withdraw--> (never was)     the gateway, when the store could not make it durable
//     reserved --move--> reserved            the gateway, when another upstream key takes the request: before the store
//                                            writes it and before a byte is sent with that key; `moved` when it is durable
//     reserved --raise--> reserved           the gateway, when the reply is read and before its ending is durable
//     reserved --end--> settled              the gateway, when the store has made the ending durable: the vendor said what
//                                            it charged
//                  \--> released             the same: the vendor charged nothing
//                  \--> unconfirmed          the same: nobody can know
//     reserved --crash--> unconfirmed        the store, when it is opened: here it comes in as part of `LedgerOpening`
//     unconfirmed --> resolved               an operator, in the store; until then it counts at its estimate
//
// Windows are ranges of days, and balances are kept by day: there is no window to open, to close or to reset, only
// another range to sum over when the clock says another day.

/// The balances of all scopes and the reservations that are open. Pure; `BudgetGate` guards it.
///
/// Scopes are never forgotten, since their spend counts when they come back: there are as many as teams and keys that
/// there ever were. Open reservations are as many as requests under way.
struct BudgetBook {
    /// One scope: what is allowed and what is gone.
    struct ScopeBalance {
        let scope: BudgetScope
        /// As the plan of the moment has them; none for a scope that it does not know.
        var budgets: [Budget] = []
        var days = DayBook()
    }

    /// Where the balances of the scopes that one request counts in stand in `balances`.
    struct Positions: Equatable {
        let organization = 0
        let team: Int
        let key: Int
        var upstreamKey: Int
    }

    /// What became of a move to another upstream key.
    enum Moving {
        case moved
        case denied(Denial)
        case notOpen
    }

    /// A reservation that is open.
    private struct Hold {
        var positions: Positions
        let day: BudgetDay
        let estimate: MicroCredits
        /// At least the estimate (L2).
        var amount: Int128
        /// Where the balance of the upstream key stands that it moves away from, until the move is durable (L11).
        var leaving: Int?
    }

    /// How many days before the newest one are kept by themselves when the book is opened: this and a window less are how
    /// far a clock may be set back without anything being booked to another day than its own.
    private static let daysKept: Int32 = 400
    private static let windowDaysMax: Int32 = 31

    private(set) var balances = [ScopeBalance(scope: .organization)]
    private(set) var today: BudgetToday
    private(set) var plan: BudgetPlan
    var prices: PagePrices
    var shadows = ShadowCounts()
    private var positions: [BudgetScope: Int] = [.organization: 0]
    private var holds: [ReservationID: Hold] = [:]
    private var ids: ReservationIDSequence
    private var calendar: BudgetCalendar
    /// A clock before this day counts as it. Its windows lie within the days that are kept by themselves.
    private let earliest: BudgetDay

    /// How many reservations are open.
    var openCount: Int { holds.count }

    init(plan: BudgetPlan, opening: LedgerOpening, node: Int, at now: Timestamp) {
        calendar = Self.calendar(of: plan)
        // The clock may stand too far ahead now, or have stood there when the newest row was made.
        let newest = opening.rows.lazy.map(\.day).max() ?? calendar.day(of: now)
        let kept = BudgetDay(number: min(newest, calendar.day(of: now)).number - Self.daysKept)
        earliest = BudgetDay(number: kept.number + Self.windowDaysMax)
        today = BudgetToday(at: now, in: calendar, notBefore: earliest)
        ids = ReservationIDSequence(node: node, after: opening.lastReservation)
        prices = PagePrices(opening.rates)
        self.plan = plan
        spreadBudgets()
        for row in opening.rows { add(row, keptFrom: kept) }
    }

    private mutating func add(_ row: LedgerOpening.Row, keptFrom kept: BudgetDay) {
        let change = Balance(spent: row.spent.booked, unconfirmed: row.unconfirmed.booked)
        for position in takePositions(team: row.team, key: row.key, upstreamKey: row.upstreamKey).all {
            if row.day < kept {
                balances[position].days.addEarlier(change)
            } else {
                balances[position].days.add(change, on: row.day)
            }
        }
    }

    private static func calendar(of plan: BudgetPlan) -> BudgetCalendar {
        guard let calendar = BudgetCalendar(timeZone: plan.timeZone) else {
            preconditionFailure("a plan with the time zone \(plan.timeZone), which does not exist")
        }
        return calendar
    }

    /// Takes other limits (L8).
    mutating func replace(plan: BudgetPlan, at now: Timestamp) {
        self.plan = plan
        calendar = Self.calendar(of: plan)
        today = BudgetToday(at: now, in: calendar, notBefore: earliest)
        spreadBudgets()
    }

    private mutating func spreadBudgets() {
        for position in balances.indices { balances[position].budgets = [] }
        balances[0].budgets = plan.organization
        for (team, budgets) in plan.teams { balances[takePosition(.team(team))].budgets = budgets }
        for (key, budgets) in plan.keys { balances[takePosition(.key(key))].budgets = budgets }
        for (key, limit) in plan.upstreamKeys {
            balances[takePosition(.upstreamKey(key))].budgets = [Self.monthly(limit)]
        }
    }

    private static func monthly(_ limit: MicroCredits) -> Budget {
        Budget(window: .month, limit: limit, isEnforced: true)
    }

    /// Takes other limits of one scope, whatever the number of scopes (L8); gives where it stands. Nil when it has no
    /// balance and is not to have budgets: then there is nothing to change.
    mutating func set(_ budgets: [Budget], of scope: BudgetScope, at now: Timestamp) -> Int? {
        advance(to: now)
        note(budgets, of: scope)
        guard let position = budgets.isEmpty ? positions[scope] : takePosition(scope) else { return nil }
        balances[position].budgets = budgets
        return position
    }

    /// Keeps the plan in agreement. A scope without budgets does not stand in it. Tables that whoever gave the plan still
    /// holds are copied, once after each new plan.
    private mutating func note(_ budgets: [Budget], of scope: BudgetScope) {
        let entry = budgets.isEmpty ? nil : budgets
        switch scope {
        case .organization: plan.organization = budgets
        case .team(let team): plan.teams[team] = entry
        case .key(let key): plan.keys[key] = entry
        case .upstreamKey(let key):
            precondition(budgets.isEmpty || budgets == [Self.monthly(budgets[0].limit)], "\(budgets) of \(scope)")
            plan.upstreamKeys[key] = budgets.first?.limit
        }
    }

    /// Where the scope's balance stands; nil if there is none.
    func position(of scope: BudgetScope) -> Int? { positions[scope] }

    /// Where the scope's balance stands; makes it if there is none.
    mutating func takePosition(_ scope: BudgetScope) -> Int {
        if let position = positions[scope] { return position }
        let position = balances.endIndex
        balances.append(ScopeBalance(scope: scope))
        positions[scope] = position
        return position
    }

    mutating func takePositions(team: TeamID, key: TeamKeyID, upstreamKey: UpstreamKeyID) -> Positions {
        Positions(
            team: takePosition(.team(team)),
            key: takePosition(.key(key)),
            upstreamKey: takePosition(.upstreamKey(upstreamKey))
        )
    }

    /// Brings the calendar to the day of `now`.
    mutating func advance(to now: Timestamp) {
        guard !today.instants.contains(now) else { return }
        today = BudgetToday(at: now, in: calendar, notBefore: earliest)
    }

    /// The first instant of a day.
    func start(of day: BudgetDay) -> Timestamp { calendar.start(of: day) }
}

extension BudgetBook.Positions {
    var all: [Int] { [organization, team, key, upstreamKey] }
}

// The ways of a reservation.
extension BudgetBook {
    /// Opens a reservation that was found to fit (L1).
    mutating func reserve(_ ask: ReservationAsk, _ estimate: MicroCredits, positions: Positions, at now: Timestamp)
        -> Reservation
    {
        let hold = Hold(positions: positions, day: today.day, estimate: estimate, amount: estimate.booked)
        let id = ids.next(at: now)
        holds[id] = hold
        book(Balance(reserved: hold.amount), for: hold)
        return Reservation(id: id, day: hold.day, ask: ask, estimate: estimate, createdAt: now)
    }

    /// The reservation never became durable. Nil when it is not open, else whose balances changed.
    mutating func withdraw(_ id: ReservationID) -> Positions? {
        guard let hold = holds.removeValue(forKey: id) else { return nil }
        book(Balance(reserved: -hold.amount), for: hold)
        return hold.positions
    }

    /// The true cost is known. Nil when the reservation is not open, else whose balances changed.
    mutating func raise(_ id: ReservationID, to credits: MicroCredits) -> Positions? {
        guard let hold = holds[id] else { return nil }
        let amount = max(hold.amount, credits.booked)
        holds[id]?.amount = amount
        book(Balance(reserved: amount - hold.amount), for: hold)
        return hold.positions
    }

    /// The ending is durable. Nil when the reservation is not open, else whose balances changed.
    mutating func end(_ ending: ReservationEnding) -> Positions? {
        guard let hold = holds.removeValue(forKey: ending.reservation.id) else { return nil }
        var change = Balance(reserved: -hold.amount)
        switch ending.outcome {
        case .settled(let charged): change.spent = charged.booked
        case .released: break
        case .unconfirmed: change.unconfirmed = hold.estimate.booked
        }
        book(change, for: hold)
        if let rate = ending.lesson.rate {
            let reply = PaidReply(reservation: ending.reservation.id, rate: rate)
            prices.learn(reply, of: ending.reservation.ask.model)
        }
        return hold.positions
    }

    /// Another upstream key is to take the reservation's request: held for both from now on, if it fits (L11).
    mutating func move(_ id: ReservationID, to key: UpstreamKeyID) -> Moving {
        guard var hold = holds[id] else { return .notOpen }
        precondition(hold.leaving == nil, "move() of a reservation that is moving")
        let position = takePosition(.upstreamKey(key))
        guard position != hold.positions.upstreamKey else { return .moved }
        if let denial = refusal(of: hold.amount, by: position, on: hold.day) { return .denied(denial) }
        hold.leaving = hold.positions.upstreamKey
        hold.positions.upstreamKey = position
        holds[id] = hold
        balances[position].days.add(Balance(reserved: hold.amount), on: hold.day)
        return .moved
    }

    /// The move is durable: the key that it left is free of it. False when the reservation is not open.
    mutating func moved(_ id: ReservationID) -> Bool {
        guard let hold = holds[id] else { return false }
        if let leaving = hold.leaving { balances[leaving].days.add(Balance(reserved: -hold.amount), on: hold.day) }
        holds[id]?.leaving = nil
        return true
    }

    /// Books a change to the reservation's own day, in all of its scopes (L4).
    private mutating func book(_ change: Balance, for hold: Hold) {
        if let leaving = hold.leaving {
            balances[leaving].days.add(Balance(reserved: change.reserved), on: hold.day)
        }
        balances[hold.positions.organization].days.add(change, on: hold.day)
        balances[hold.positions.team].days.add(change, on: hold.day)
        balances[hold.positions.key].days.add(change, on: hold.day)
        balances[hold.positions.upstreamKey].days.add(change, on: hold.day)
    }

    /// Whose balances an open reservation counts in.
    func positions(of id: ReservationID) -> Positions? { holds[id]?.positions }
}
