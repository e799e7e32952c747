import Vocabulary

// Budgets are exact because credits are held before a request is sent and its cost is booked afterwards. All decisions
// are made here, in one struct without lock, clock or store: `BudgetGate` adds the lock, the store makes the decisions
// durable, and the gateway reports what happened. The invariants, each with the one of `docs/faults.md` §5 that it
// comes from:
//
// L1. A reservation is admitted only if spent + unconfirmed + reserved + estimate is at most limit + granted, for every
//     enforced budget of the organization, the team and the team's key and for the upstream key's limit, in the windows
//     of the day of its admission. All are checked and all are reserved in one step (I1).
// L2. The hold of an open reservation is never less than its estimate and never shrinks. A cost known to be greater is
//     held as soon as it is known and is booked in full, above the limit if need be; the next admission is then
//     refused. So the excess is at most that of the reservations open at that moment (below I9).
// L3. A reservation ends once. A second ending of any kind, and any later call for it, changes nothing and is reported
//     to the caller (I3).
// L4. A reservation is booked to the day of its admission, in all four scopes alike, whenever it ends: past midnight,
//     after the clock was set forward or back, and after a change of time zone (I8).
// L5. The reserved amount is the sum of the holds of the open reservations and of the resolutions under way (L13): when
//     there are none, nothing is reserved in any scope on any day (I9).
// L6. Only an admission or a resolution reserves, and only an ending or a resolution spends. Refusals, reads, hits and
//     followers leave every balance unchanged (I6).
// L7. Memory never counts less than the store: a hold exists before its reservation is durable, and is dropped only
//     once the ending is. Balances rebuilt from the store are the same, except that reservations which were open count
//     as unconfirmed, at their estimates.
// L8. A new plan, or new budgets of one scope, change limits, never the spent, unconfirmed, reserved or granted
//     amounts. A balance exists in every scope and window, with or without a budget: a budget added within a month
//     counts what the month has already spent, and a limit below that admits nothing.
// L9. No estimate is zero, so an exhausted budget admits no request.
// L10. Each reservation has an identifier greater than all earlier ones, including those of previous runs.
// L11. A reservation that moves to another upstream key fits into that key's limit as L1 says, in the windows of its
//     own day. It is held for both keys from then until the move is durable, so that after a crash in between there is
//     room for it under either key that the store names (L7). Its cost is booked to the key that it moved to.
// L12. A grant is extra room in the budgets of one window of a team, in one period and until its end. It counts from
//     when it is durable, and neither a restart nor a new budget of the window ends it.
// L13. An operator's resolution of an unconfirmed reservation is booked once, on the reservation's own day: its cost is
//     spent in place of the estimate. What the cost exceeds the estimate by is held until the resolution is durable.
// L14. What the vendor has charged for a request that reserved nothing (it was passed through) is booked in full, above
//     the limits if need be: it is held from when it is known, becomes durable and spent in one step, and the next
//     admission counts it.
//
// The states of a reservation, and who causes each transition:
//
//     (asked) --admit--> reserved            the gateway, before it asks the store to make the reservation durable
//     (charged) --charge--> reserved         the gateway, when a reply says so; the store writes it with its ending
//     reserved --withdraw--> (never was)     the gateway, when the store could not make it durable
//     reserved --move--> reserved            the gateway, when another upstream key takes the request: before the store
//                                            writes it and before a byte is sent with that key; `moved` when durable
//     reserved --raise--> reserved           the gateway, when the reply is read and before its ending is durable
//     reserved --end--> settled              the gateway, once the ending is durable: the vendor said what it charged
//                  \--> released             the same: the vendor charged nothing
//                  \--> unconfirmed          the same: the charge is unknown
//     reserved --crash--> unconfirmed        the store, when it is opened; read here as part of `LedgerOpening`
//     unconfirmed --resolve--> resolved      the admin side, once the operator's word is durable; until then it counts
//                                            at its estimate
//
// Windows are ranges of days, and balances are kept by day: no window is ever opened, closed or reset. On a new day the
// sum covers another range.

/// The balances of all scopes and the open reservations. Pure; guarded by `BudgetGate`.
///
/// Scopes are never dropped, since their spend counts when they come back: there is one for each team and key that ever
/// existed. There are as many open reservations as requests in flight.
struct BudgetBook {
    /// One scope: its budgets and its balance.
    struct ScopeBalance {
        let scope: BudgetScope
        /// The budgets in the current plan; empty for a scope that is not in it.
        var budgets: [Budget] = []
        /// At most `GrantLimits.open`, and those that have ended lately. Only teams have any.
        fileprivate(set) var grants: [Grant] = []
        var days = DayBook()
    }

    /// The indices in `balances` of the scopes that one request counts in.
    struct Positions: Equatable {
        let organization = 0
        let team: Int
        let key: Int
        var upstreamKey: Int
    }

    /// The result of a move to another upstream key.
    enum Moving {
        case moved
        case denied(Denial)
        case notOpen
    }

    /// An open reservation.
    private struct Hold {
        var positions: Positions
        let day: BudgetDay
        let estimate: MicroCredits
        /// At least the estimate (L2).
        var amount: Int128
        /// The position of the upstream key that it is leaving, until the move is durable (L11).
        var leaving: Int?
        /// The cost, if the store's row is resolved before the ending is booked here (L13).
        var resolved: MicroCredits?
    }

    /// The number of days before the newest that get a row each when the book is opened. The clock may be set back by
    /// this less one window before anything is booked to a day other than its own.
    private static let daysKept: Int32 = 400
    private static let windowDaysMax: Int32 = 31

    private(set) var balances = [ScopeBalance(scope: .organization)]
    private(set) var today: BudgetToday
    /// The instant of the latest call that named one: grants are in force or not at this time.
    private(set) var now: Timestamp
    private(set) var plan: BudgetPlan
    var prices: PagePrices
    var shadows: ShadowCounts
    /// The greatest identifier of a grant that is known.
    var lastGrant: Int64
    /// Of those that share the store, 0 to 1,023.
    let node: Int64
    private var positions: [BudgetScope: Int] = [.organization: 0]
    private var holds: [ReservationID: Hold] = [:]
    private var ids: ReservationIDSequence
    private(set) var calendar: BudgetCalendar
    /// The first day that is booked to; an earlier clock counts as this day. Its windows lie within the days that have
    /// rows of their own.
    private let earliest: BudgetDay
    /// The first day with a row of its own; what is booked to an earlier one counts in the window of all days only.
    private let firstKept: BudgetDay

    /// The number of open reservations.
    var openCount: Int { holds.count }

    init(plan: BudgetPlan, opening: LedgerOpening, node: Int, at now: Timestamp) {
        calendar = Self.calendar(of: plan)
        // The clock may be too far ahead now, or may have been when the newest row was written.
        let days = opening.rows.lazy.map(\.day).max().map { [$0] } ?? []
        let newest = (days + opening.balances.map(\.day) + opening.elsewhere.map(\.day)).max() ?? calendar.day(of: now)
        let kept = BudgetDay(number: min(newest, calendar.day(of: now)).number - Self.daysKept)
        firstKept = kept
        earliest = BudgetDay(number: kept.number + Self.windowDaysMax)
        today = BudgetToday(at: now, in: calendar, notBefore: earliest)
        self.now = now
        ids = ReservationIDSequence(node: node, after: opening.lastReservation)
        prices = PagePrices(opening.rates)
        shadows = ShadowCounts(stored: opening.refusals)
        lastGrant = max(opening.lastGrant, 0)
        self.node = Int64(node)
        self.plan = plan
        spreadBudgets()
        for row in opening.rows { add(row) }
        for row in opening.balances { add(row.balance, on: row.day, to: takePosition(row.scope)) }
        replaceElsewhere(of: Set(opening.elsewhere.map(\.scope)), by: opening.elsewhere)
        for grant in opening.grants { balances[takePosition(.team(grant.team))].grants.append(grant) }
    }

    private mutating func add(_ row: LedgerOpening.Row) {
        let change = Balance(spent: row.spent.booked, unconfirmed: row.unconfirmed.booked)
        for position in takePositions(team: row.team, key: row.key, upstreamKey: row.upstreamKey).all {
            add(change, on: row.day, to: position)
        }
    }

    /// Adds a change to the day of a balance, which may be too old to have a row.
    mutating func add(_ change: Balance, on day: BudgetDay, to position: Int) {
        if day < firstKept {
            balances[position].days.addEarlier(change)
        } else {
            balances[position].days.add(change, on: day)
        }
    }

    private static func calendar(of plan: BudgetPlan) -> BudgetCalendar {
        guard let calendar = BudgetCalendar(timeZone: plan.timeZone) else {
            preconditionFailure("a plan with the time zone \(plan.timeZone), which does not exist")
        }
        return calendar
    }

    /// Replaces the limits (L8).
    mutating func replace(plan: BudgetPlan, at now: Timestamp) {
        self.plan = plan
        self.now = now
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

    /// Replaces the limits of one scope (L8), in amortized constant time; returns its position. Nil when it has no
    /// balance and `budgets` is empty: there is nothing to change.
    mutating func set(_ budgets: [Budget], of scope: BudgetScope, at now: Timestamp) -> Int? {
        advance(to: now)
        note(budgets, of: scope)
        guard let position = budgets.isEmpty ? positions[scope] : takePosition(scope) else { return nil }
        balances[position].budgets = budgets
        return position
    }

    /// Updates the plan to match. A scope without budgets has no entry in it. Tables that the plan's giver still holds
    /// are copied on the first change after each new plan.
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

    /// Replaces what other nodes have booked to these scopes.
    ///
    /// - Parameter rows: of these scopes, all that there are, in any order.
    mutating func replaceElsewhere(of scopes: Set<BudgetScope>, by rows: [ScopeDayBalance]) {
        let rows = Dictionary(grouping: rows, by: \.scope)
        for scope in scopes {
            let own = (rows[scope] ?? []).map { (day: $0.day, balance: $0.balance) }
            if own.isEmpty, positions[scope] == nil { continue }
            balances[takePosition(scope)].days.replaceElsewhere(own)
        }
    }

    /// Replaces what other nodes have booked to these scopes on these days; the rest stays.
    ///
    /// - Parameter rows: one for each scope and day. Returns the positions that changed.
    mutating func replaceElsewhere(on rows: [ScopeDayBalance]) -> [Int] {
        rows.map { row in
            let position = takePosition(row.scope)
            balances[position].days.replaceElsewhere(row.balance, on: row.day)
            return position
        }
    }

    /// The position of the scope's balance; nil if there is none.
    func position(of scope: BudgetScope) -> Int? { positions[scope] }

    /// The position of the scope's balance, which is created if there is none.
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

    /// Changes the grants of the scope at this position.
    mutating func change(_ position: Int, _ body: (inout [Grant]) -> Void) { body(&balances[position].grants) }

    /// Advances to `now`, and `today` to its day.
    mutating func advance(to now: Timestamp) {
        self.now = now
        guard !today.instants.contains(now) else { return }
        today = BudgetToday(at: now, in: calendar, notBefore: earliest)
    }

    /// The first instant of a day.
    func start(of day: BudgetDay) -> Timestamp { calendar.start(of: day) }
}

extension BudgetBook.Positions {
    var all: [Int] { [organization, team, key, upstreamKey] }
}

// The transitions of a reservation.
extension BudgetBook {
    /// Opens a reservation that fits (L1).
    ///
    /// - Parameter id: that was made for it before; nil to make one.
    mutating func reserve(
        _ ask: ReservationAsk,
        _ estimate: MicroCredits,
        positions: Positions,
        id: ReservationID? = nil,
        at now: Timestamp
    ) -> Reservation {
        let hold = Hold(positions: positions, day: today.day, estimate: estimate, amount: estimate.booked)
        let id = id ?? makeID(at: now)
        holds[id] = hold
        book(Balance(reserved: hold.amount), for: hold)
        return Reservation(id: id, day: hold.day, ask: ask, estimate: estimate, createdAt: now)
    }

    /// An identifier for a reservation that may come about.
    mutating func makeID(at now: Timestamp) -> ReservationID { ids.next(at: now) }

    /// The reservation did not become durable. Returns the positions that changed; nil when it is not open.
    mutating func withdraw(_ id: ReservationID) -> Positions? {
        guard let hold = holds.removeValue(forKey: id) else { return nil }
        book(Balance(reserved: -hold.amount), for: hold)
        return hold.positions
    }

    /// The true cost is known. Returns the positions that changed; nil when the reservation is not open.
    mutating func raise(_ id: ReservationID, to credits: MicroCredits) -> Positions? {
        guard let hold = holds[id] else { return nil }
        let amount = max(hold.amount, credits.booked)
        holds[id]?.amount = amount
        book(Balance(reserved: amount - hold.amount), for: hold)
        return hold.positions
    }

    /// The ending is durable. Returns the positions that changed; nil when the reservation is not open.
    mutating func end(_ ending: ReservationEnding) -> Positions? {
        guard let hold = holds.removeValue(forKey: ending.reservation.id) else { return nil }
        var change = Balance(reserved: -hold.amount)
        switch ending.outcome {
        case .settled(let charged): change.spent = charged.booked
        case .released: break
        case .unconfirmed:
            if let credits = hold.resolved {
                change.spent = credits.booked
            } else {
                change.unconfirmed = hold.estimate.booked
            }
        }
        book(change, for: hold)
        if let rate = ending.lesson.rate {
            let reply = PaidReply(reservation: ending.reservation.id, rate: rate)
            prices.learn(reply, of: ending.reservation.ask.model)
        }
        return hold.positions
    }

    /// The store's row of an open reservation is resolved: its ending is booked at this cost. Returns how much its hold
    /// grew, in millionths, which the caller books; nil when the reservation is not open.
    mutating func noteResolved(_ resolution: Resolution) -> Int128? {
        guard let hold = holds[resolution.reservation.id] else { return nil }
        let amount = max(hold.amount, resolution.credits.booked)
        holds[resolution.reservation.id]?.amount = amount
        holds[resolution.reservation.id]?.resolved = resolution.credits
        return amount - hold.amount
    }

    /// Another upstream key is to serve the request: the reservation is held for both keys from now on, if it fits
    /// (L11).
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

    /// The move did not become durable: the reservation is held for the key that it was to leave alone. Without effect
    /// when it is not moving.
    mutating func withdrawMove(_ id: ReservationID) {
        guard var hold = holds[id], let leaving = hold.leaving else { return }
        balances[hold.positions.upstreamKey].days.add(Balance(reserved: -hold.amount), on: hold.day)
        hold.positions.upstreamKey = leaving
        hold.leaving = nil
        holds[id] = hold
    }

    /// The move is durable: releases the hold on the key that it left. False when the reservation is not open.
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

    /// The positions that an open reservation counts in.
    func positions(of id: ReservationID) -> Positions? { holds[id]?.positions }
}
