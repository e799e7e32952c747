import Budgeting
import Vocabulary

/// Millionths of credits of one scope, as the simulation counts them.
struct Amounts: Equatable, CustomStringConvertible {
    var spent = 0
    var unconfirmed = 0
    var reserved = 0

    var committed: Int { spent + unconfirmed + reserved }
    var description: String { "\(spent) spent, \(unconfirmed) unconfirmed, \(reserved) reserved" }

    static func += (left: inout Amounts, right: Amounts) {
        left.spent += right.spent
        left.unconfirmed += right.unconfirmed
        left.reserved += right.reserved
    }

    func negated() -> Amounts { Amounts(spent: -spent, unconfirmed: -unconfirmed, reserved: -reserved) }
}

/// What the books of the process must say: counted one reservation after the other from what the vendor did and what
/// became durable, by days of `Zone`. It knows nothing of the product's books.
struct Tally {
    /// Keeps a reservation and the amounts that it counts for, in each of its scopes.
    struct Entry {
        let id: ReservationID
        /// Organization, team and team's key.
        let scopes: [Int]
        var upstreamKey: Int
        /// The upstream key that it leaves, until the move is durable.
        var leaving: Int?
        let day: Int
        let estimate: Int
        var amounts: Amounts
        var isOpen = true
        /// The cost that an operator stated before the ending was booked.
        var resolved: Int?
    }

    struct Grant {
        let id: Int64
        let team: TeamID
        let window: BudgetWindow
        let start: Int
        let credits: Int
        let endsAt: Timestamp?
    }

    private(set) var entries: [ReservationID: Entry] = [:]
    private(set) var openCount = 0
    private(set) var totals = Array(repeating: Amounts(), count: Places.scopes.count)
    private(set) var days: [[Int: Amounts]] = Array(repeating: [:], count: Places.scopes.count)
    /// The scopes and days that changed since the last check.
    var touched: [(scope: Int, day: Int)] = []
    var grants: [Grant] = []
    var plan = 0
    /// The first day that is booked to; an earlier clock counts as this day.
    private(set) var earliest = Int.min
    /// The first day that counts by itself.
    private(set) var firstKept = Int.min

    var zone: Zone { Places.plans[plan].zone }

    func today(at now: Timestamp) -> Int { max(zone.day(of: now), earliest) }

    // MARK: Sums

    private mutating func add(_ amounts: Amounts, to scope: Int, on day: Int) {
        totals[scope] += amounts
        days[scope][day, default: Amounts()] += amounts
        touched.append((scope, day))
    }

    private mutating func count(_ entry: Entry, _ amounts: Amounts) {
        for scope in entry.scopes { add(amounts, to: scope, on: entry.day) }
        add(amounts, to: entry.upstreamKey, on: entry.day)
        if let leaving = entry.leaving { add(Amounts(reserved: amounts.reserved), to: leaving, on: entry.day) }
    }

    private mutating func set(_ id: ReservationID, to amounts: Amounts) {
        guard var entry = entries[id] else { return }
        var change = amounts
        change += entry.amounts.negated()
        count(entry, change)
        entry.amounts = amounts
        entries[id] = entry
    }

    func committed(_ scope: Int, _ window: Range<Int>?) -> Int {
        guard let window else { return totals[scope].committed }
        return days[scope].reduce(0) { window.contains($1.key) ? $0 + $1.value.committed : $0 }
    }

    /// What is left of a limit now, below zero when more is committed.
    func left(of limit: Places.Limit, at now: Timestamp) -> Int {
        let window = limit.window.dayNumbers(around: today(at: now))
        let used = committed(Places.number(of: limit.scope), window)
        return limit.micros + granted(limit, at: now) - used
    }

    /// Adds a grant of which an operator was told. The team's that have ended for longer than `endedDays` are forgotten
    /// then: a clock that is set back by more does not find them again before the next start.
    mutating func add(_ grant: Grant, at now: Timestamp) {
        let oldest = now + .seconds(-Self.endedDays * 86_400)
        grants.removeAll { $0.team == grant.team && $0.endsAt.map { $0 <= oldest } ?? false }
        grants.append(grant)
    }

    private static let endedDays = 32

    func granted(_ limit: Places.Limit, at now: Timestamp) -> Int {
        guard case .team(let team) = limit.scope, !grants.isEmpty else { return 0 }
        let start = limit.window.dayNumbers(around: today(at: now))?.lowerBound ?? 0
        return grants.reduce(0) { sum, grant in
            let isOpen = grant.endsAt.map { now < $0 } ?? true
            let counts = grant.team == team && grant.window == limit.window && grant.start == start && isOpen
            return counts ? sum + grant.credits : sum
        }
    }

    // MARK: Reservations

    mutating func open(_ reservation: Reservation, day: Int) {
        var entry = Self.entry(reservation, day: day)
        entry.amounts = Amounts(reserved: entry.estimate)
        entries[entry.id] = entry
        openCount += 1
        count(entry, entry.amounts)
    }

    private static func entry(_ reservation: Reservation, day: Int) -> Entry {
        let ask = reservation.ask
        return Entry(
            id: reservation.id,
            scopes: [0, Places.number(of: .team(ask.team)), Places.number(of: .key(ask.key))],
            upstreamKey: Places.number(of: .upstreamKey(ask.upstreamKey)),
            day: day,
            estimate: Int(reservation.estimate.micros),
            amounts: Amounts()
        )
    }

    mutating func withdraw(_ id: ReservationID) {
        set(id, to: Amounts())
        entries[id] = nil
        openCount -= 1
    }

    mutating func move(_ id: ReservationID, to key: UpstreamKeyID) {
        guard var entry = entries[id] else { return }
        let scope = Places.number(of: .upstreamKey(key))
        guard scope != entry.upstreamKey else { return }
        entry.leaving = entry.upstreamKey
        entry.upstreamKey = scope
        entries[id] = entry
        add(Amounts(reserved: entry.amounts.reserved), to: scope, on: entry.day)
    }

    mutating func endMove(_ id: ReservationID, isDurable: Bool) {
        guard var entry = entries[id], let leaving = entry.leaving else { return }
        let left = isDurable ? leaving : entry.upstreamKey
        if !isDurable { entry.upstreamKey = leaving }
        entry.leaving = nil
        entries[id] = entry
        add(Amounts(reserved: -entry.amounts.reserved), to: left, on: entry.day)
    }

    /// A cost is known, and not durable yet.
    mutating func raise(_ id: ReservationID, to cost: Int) {
        guard let entry = entries[id] else { return }
        set(id, to: Amounts(reserved: max(entry.amounts.reserved, cost)))
    }

    /// False when it had ended before.
    mutating func end(_ id: ReservationID, _ outcome: ReservationEnding.Outcome) -> Bool {
        guard let entry = entries[id], entry.isOpen else { return false }
        let amounts =
            switch outcome {
            case .settled(let credits): Amounts(spent: Int(credits.micros))
            case .released: Amounts()
            case .unconfirmed:
                entry.resolved.map { Amounts(spent: $0) } ?? Amounts(unconfirmed: entry.estimate)
            }
        set(id, to: amounts)
        entries[id]?.isOpen = false
        openCount -= 1
        return true
    }

    // MARK: Resolutions

    mutating func holdResolution(_ id: ReservationID, _ excess: Int) { change(id, by: Amounts(reserved: excess)) }

    mutating func resolve(_ id: ReservationID, _ excess: Int, _ cost: Int) {
        guard let entry = entries[id] else { return }
        change(id, by: Amounts(reserved: -excess))
        if entry.isOpen {
            entries[id]?.resolved = cost
            raise(id, to: cost)
        } else {
            set(id, to: Amounts(spent: cost))
        }
    }

    /// What several operators hold for one reservation adds up.
    private mutating func change(_ id: ReservationID, by change: Amounts) {
        guard let entry = entries[id] else { return }
        count(entry, change)
    }

    // MARK: Start

    /// Begins anew with what the disk has.
    mutating func restart(_ rows: [Disk.Row], grants: [Grant], plan: Int, at now: Timestamp) {
        self = Tally()
        self.plan = plan
        self.grants = grants
        for row in rows {
            let id = row.reservation.id
            var entry = Self.entry(row.reservation, day: Int(row.reservation.day.number))
            entry.isOpen = false
            entry.amounts =
                switch row.state {
                case .reserved, .unconfirmed: Amounts(unconfirmed: entry.estimate)
                case .settled, .resolved: Amounts(spent: row.credits)
                case .released: Amounts()
                }
            entries[id] = entry
            count(entry, entry.amounts)
        }
        // As far back as a year and some weeks from the newest booking, and no further.
        let newest = rows.lazy.filter { $0.state != .released }.map { Int($0.reservation.day.number) }.max()
        let today = zone.day(of: now)
        firstKept = min(newest ?? today, today) - 400
        earliest = firstKept + 31
        touched = []
    }
}
