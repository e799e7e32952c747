import Budgeting
import Foundation
import Vocabulary

/// The reference model of the budgets, as simple as possible: a list of all reservations ever made, which is scanned to
/// answer each question. Days and windows come from Foundation's calendar. Amounts are in millionths.
struct BudgetModel {
    struct Entry {
        let id: ReservationID
        /// The scopes by their numbers in `Scenario`; the day by its number.
        let team, key, upstreamKey, day: Int
        var isDurable = false
        /// A withdrawn or ended entry holds nothing.
        var isOpen = true
        var spent = 0
        var unconfirmed = 0
        var held: Int
    }

    /// The expected answer to an ask.
    enum Verdict {
        case admitted(estimate: Int, day: Int)
        case denied(Denial)
    }

    struct Sums: Equatable {
        var spent = 0
        var unconfirmed = 0
        var reserved = 0
    }

    private(set) var plan = BudgetPlan()
    var entries: [Entry] = []
    /// Kept beside the entries, so that iterating over them is fast in debug builds too.
    var reservations: [ReservationID: Reservation] = [:]
    /// The paid replies of each model, ordered by reservation.
    var rates: [String: [(id: ReservationID, credits: Int, pages: Int)]] = [:]
    var shadowRefusals: [String: Int64] = [:]
    /// The first day that is booked to: 400 days before the newest, and a month less.
    private(set) var earliest = 0
    private var calendars: [String: CivilDays] = [:]
    private var days = CivilDays(zone: "UTC")

    /// Starts over, with nothing spent.
    mutating func start(plan: BudgetPlan, at now: Timestamp) {
        entries = []
        reservations = [:]
        rates = [:]
        shadowRefusals = [:]
        replace(plan: plan)
        earliest = days.number(of: now) - 369
    }

    mutating func replace(plan: BudgetPlan) {
        calendars[self.plan.timeZone] = days
        days = calendars[plan.timeZone] ?? CivilDays(zone: plan.timeZone)
        self.plan = plan
    }

    mutating func today(at now: Timestamp) -> Int { max(days.number(of: now), earliest) }

    func sums(_ scope: BudgetScope, _ window: Range<Int>) -> Sums {
        let match = Scenario.number(of: scope)
        var sums = Sums()
        for entry in entries {
            guard entry.day >= window.lowerBound, entry.day < window.upperBound else { continue }
            let isOwn =
                switch scope {
                case .organization: true
                case .team: entry.team == match
                case .key: entry.key == match
                case .upstreamKey: entry.upstreamKey == match
                }
            guard isOwn else { continue }
            sums.spent += entry.spent
            sums.unconfirmed += entry.unconfirmed
            sums.reserved += entry.held
        }
        return sums
    }

    mutating func window(_ window: BudgetWindow, around day: Int) -> Range<Int> { days.window(window, around: day) }

    private func budgets(of scope: BudgetScope) -> [Budget] {
        switch scope {
        case .organization: plan.organization
        case .team(let team): plan.teams[team] ?? []
        case .key(let key): plan.keys[key] ?? []
        case .upstreamKey(let key):
            plan.upstreamKeys[key].map { [Budget(window: .month, limit: $0, isEnforced: true)] } ?? []
        }
    }

    private func estimate(_ ask: ReservationAsk) -> Int {
        let pages = ask.pages ?? plan.assumedPages
        let prices = plan.creditsPerPage.mapValues { Int($0.micros) }
        let price = prices[ask.model] ?? prices.values.sorted().last ?? 1_000_000
        let rate = rate(of: ask.model, planned: price)
        return max(1, (rate.credits * pages + rate.pages - 1) / rate.pages)
    }

    private func rate(of model: String, planned: Int) -> (credits: Int, pages: Int) {
        var known = (rates[model] ?? []).suffix(15).map { (credits: $0.credits, pages: $0.pages) }
        if known.count == 1 {
            let (credits, pages) = known[0]
            if credits > planned * pages * 10 || credits * 10 < planned * pages { known = [] }
        }
        if known.count == 0 || known.count == 2 { known.append((planned, 1)) }
        known.sort { $0.credits * $1.pages < $1.credits * $0.pages }
        return known[(known.count - 1) / 2]
    }

    mutating func learn(_ credits: Int, _ pages: Int, by reservation: Reservation) {
        var known = rates[reservation.ask.model] ?? []
        known.append((reservation.id, credits, pages))
        known.sort { $0.id < $1.id }
        rates[reservation.ask.model] = known
    }

    /// The expected answer to the ask; counts the shadow budgets that would refuse it.
    mutating func verdict(on ask: ReservationAsk, at now: Timestamp) -> Verdict {
        let today = today(at: now)
        let estimate = estimate(ask)
        var denials: [(end: Int, denial: Denial)] = []
        for scope in [.organization, .team(ask.team), .key(ask.key), .upstreamKey(ask.upstreamKey)] as [BudgetScope] {
            if case .upstreamKey = scope, !denials.isEmpty { continue }
            for budget in budgets(of: scope) {
                let window = days.window(budget.window, around: today)
                let sums = sums(scope, window)
                guard sums.spent + sums.unconfirmed + sums.reserved + estimate > budget.limit.micros else { continue }
                guard budget.isEnforced else {
                    let start = budget.window == .total ? 0 : window.lowerBound
                    shadowRefusals["\(scope) \(budget.window) \(start)", default: 0] += 1
                    continue
                }
                let resets = budget.window == .total ? nil : days.start(of: window.upperBound)
                let denial = Denial(
                    scope: scope,
                    window: budget.window,
                    limit: budget.limit,
                    spent: MicroCredits(micros: Int64(sums.spent)),
                    unconfirmed: MicroCredits(micros: Int64(sums.unconfirmed)),
                    reserved: MicroCredits(micros: Int64(sums.reserved)),
                    estimate: MicroCredits(micros: Int64(estimate)),
                    resetsAt: resets
                )
                denials.append((window.upperBound, denial))
            }
        }
        // Denials that waiting cannot resolve come first.
        if denials.contains(where: { $0.denial.neverFits }) { denials.removeAll { !$0.denial.neverFits } }
        let last = denials.map(\.end).max()
        if let first = denials.first(where: { $0.end == last }) { return .denied(first.denial) }
        return .admitted(estimate: estimate, day: today)
    }

    /// The expected reading of the key's meter.
    mutating func remaining(team: TeamID, key: TeamKeyID, at now: Timestamp) -> MicroCredits? {
        let today = today(at: now)
        var least: Int?
        for scope in [.organization, .team(team), .key(key)] as [BudgetScope] {
            for budget in budgets(of: scope) where budget.isEnforced {
                let sums = sums(scope, days.window(budget.window, around: today))
                let left = Int(budget.limit.micros) - sums.spent - sums.unconfirmed - sums.reserved
                least = min(least ?? .max, max(left, 0))
            }
        }
        return least.map { MicroCredits(micros: Int64($0)) }
    }

    /// The process dies: non-durable entries are lost, open ones become unconfirmed. Returns the store's content.
    mutating func crash(at now: Timestamp) -> LedgerOpening {
        entries.removeAll { !$0.isDurable }
        shadowRefusals = [:]
        var opening = LedgerOpening()
        for index in entries.indices {
            if entries[index].isOpen {
                entries[index].isOpen = false
                entries[index].held = 0
                entries[index].unconfirmed = Int(reservations[entries[index].id]!.estimate.micros)
                opening.recoveredCount += 1
            }
            let entry = entries[index]
            let ask = reservations[entry.id]!.ask
            opening.rows.append(
                LedgerOpening.Row(
                    day: BudgetDay(number: Int32(entry.day)),
                    team: ask.team,
                    key: ask.key,
                    upstreamKey: ask.upstreamKey,
                    spent: MicroCredits(micros: Int64(entry.spent)),
                    unconfirmed: MicroCredits(micros: Int64(entry.unconfirmed))
                )
            )
        }
        opening.rates = rates.mapValues { known in
            known.map { id, credits, pages in
                let rate = PageRate(credits: MicroCredits(micros: Int64(credits)), pages: pages)
                return PaidReply(reservation: id, rate: rate)
            }
        }
        opening.lastReservation = entries.map(\.id).max()
        earliest = min(entries.map(\.day).max() ?? .max, days.number(of: now)) - 369
        return opening
    }
}

/// The days and windows of a time zone from Foundation's calendar, each computed once.
private struct CivilDays {
    private static let utc = calendar("UTC")

    private let civil: Calendar
    private var halfHours: [Int64: Int] = [:]
    private var windows: [BudgetWindow: [Int: Range<Int>]] = [:]

    init(zone: String) { civil = Self.calendar(zone) }

    private static func calendar(_ zone: String) -> Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone)!
        calendar.firstWeekday = 2
        calendar.minimumDaysInFirstWeek = 4
        return calendar
    }

    /// The day that contains, or starts at, the date, in UTC.
    private static func number(_ date: Date) -> Int { Int((date.timeIntervalSince1970 / 86_400).rounded(.down)) }

    /// In the zones of `Scenario` the UTC offset is a multiple of half an hour.
    mutating func number(of timestamp: Timestamp) -> Int {
        let halfHour = timestamp.wholeSeconds / 1_800
        if let known = halfHours[halfHour] { return known }
        let date = Date(timeIntervalSince1970: TimeInterval(timestamp.wholeSeconds))
        let number = Self.number(Self.utc.date(from: civil.dateComponents([.year, .month, .day], from: date))!)
        halfHours[halfHour] = number
        return number
    }

    mutating func window(_ window: BudgetWindow, around day: Int) -> Range<Int> {
        if let known = windows[window]?[day] { return known }
        let date = Date(timeIntervalSince1970: TimeInterval(day) * 86_400)
        let interval =
            switch window {
            case .day: Self.utc.dateInterval(of: .day, for: date)
            case .week: Self.utc.dateInterval(of: .weekOfYear, for: date)
            case .month: Self.utc.dateInterval(of: .month, for: date)
            case .total: DateInterval(start: .distantPast, end: .distantFuture)
            }
        let range = Self.number(interval!.start)..<Self.number(interval!.end)
        windows[window, default: [:]][day] = range
        return range
    }

    func start(of day: Int) -> Timestamp {
        var parts = Self.utc.dateComponents(
            [.year, .month, .day],
            from: Date(timeIntervalSince1970: TimeInterval(day) * 86_400)
        )
        parts.hour = 12
        let start = civil.startOfDay(for: civil.date(from: parts)!)
        return Timestamp(seconds: Int64(start.timeIntervalSince1970))
    }
}
