import Budgeting
import EventLoops
import Forms
import Gateway
import JSON
import Registry
import Reporting
import Vocabulary

/// `/admin/v1/simulate`: what a period would have come to under other budgets or another `cache.ttl`, `docs/api.md` §6.
/// Reads only. Confined to the keeper's loop.
final class SimulateResource {
    /// Ten years: the roll-ups of a period are read day by day.
    private static let daysMax = 3_660

    private let keeper: RegistryKeeper
    private let rooms: SharedRooms
    private let store: any Simulation.Store
    private let back: LoopReturn
    /// One replay at a time: it may take seconds of the store's list thread, and megabytes.
    private var isRunning = false

    init(keeper: RegistryKeeper, rooms: SharedRooms, store: any Simulation.Store, back: LoopReturn) {
        self.keeper = keeper
        self.rooms = rooms
        self.store = store
        self.back = back
    }

    var routes: [AdminRoute] { [AdminRoute(.post, "/admin/v1/simulate", role: .viewer, handler: simulate)] }

    private func simulate(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            try request.refuseQuery()
            let form = try request.form()
            let zone = rooms.timeZone
            let question = read(form, zone.calendar)
            try request.finish(form)
            guard let question else { preconditionFailure("a form without a question and without a fault") }
            guard let team = keeper.registry.team(question.team)?.record else {
                throw .notFound("team \(question.team)")
            }
            guard !isRunning else { throw .overloaded }
            isRunning = true
            let setting = WhatIf.Setting(
                timeZone: zone.name,
                lifetime: keeper.cacheSettings.timeToLive,
                sharesResults: !keeper.registry.team(of: team).cacheScopeIsTeam
            )
            let then = back.callback { [self] (result: Result<WhatIfAnswer, StoreFault>) in
                isRunning = false
                switch result {
                case .success(let answer): reply(.ok(Self.json(answer, to: question, zone.name)))
                case .failure(let fault): reply(AdminReply(.storeUnavailable(fault)))
                }
            }
            // Whether there were hits decides how exact the answer is: those of this moment count too.
            rooms.flushUsage(then: then) { [store] in
                Simulation.run(question, under: setting, in: store, then: then)
            }
        } catch {
            reply(AdminReply(error))
        }
    }

    // MARK: The form

    /// Nil, with a fault, when something is missing or wrong.
    private func read(_ form: ObjectReader, _ calendar: BudgetCalendar) -> WhatIf.Question? {
        let team = form.string("team")
        if !form.isSet("team") { form.fault("team", "is missing; give the team's id") }
        let changesBudgets = form.isSet("budgets") && !form.isNull("budgets")
        let budgets = changesBudgets ? BudgetForm.read(form, "budgets") : []
        var lifetime: Duration?
        if !form.isNull("ttl"), form.isSet("ttl") {
            var duration = Duration.zero
            form.duration("ttl", into: &duration, zeroAllowed: true)
            lifetime = duration
        }
        if !changesBudgets, lifetime == nil {
            form.fault("budgets", "is missing; give budgets, ttl or both")
        }
        let period = readPeriod(form, calendar)
        guard let team, let period else { return nil }
        return WhatIf.Question(
            team: TeamID(rawValue: team),
            period: period,
            budgets: changesBudgets ? budgets : nil,
            lifetime: lifetime
        )
    }

    private func readPeriod(_ form: ObjectReader, _ calendar: BudgetCalendar) -> ReportPeriod? {
        let from = form.isNull("from") ? nil : form.string("from")
        let to = form.isNull("to") ? nil : form.string("to")
        do throws(ReportPeriod.Fault) {
            let period = try ReportPeriod(from: from, to: to, in: calendar, now: SystemClock.wall())
            if period.dayCount <= Self.daysMax { return period }
            form.fault("from", "must be at most \(Self.daysMax) days before to")
        } catch {
            switch error {
            case .from(let message): form.fault("from", message)
            case .to(let message): form.fault("to", message)
            }
        }
        return nil
    }

    // MARK: The answer

    private static func json(_ answer: WhatIfAnswer, to question: WhatIf.Question, _ timeZone: String) -> JSONValue {
        .object([
            ("team", .string(question.team.rawValue)),
            ("from", .string(question.period.days.lowerBound.text)),
            ("to", .string(BudgetDay(number: question.period.days.upperBound.number - 1).text)),
            ("time_zone", .string(timeZone)),
            ("until", .time(answer.until)),
            ("refused_from", .orNull(answer.refusedFrom) { .time($0) }),
            ("refused", .integer(answer.refused)),
            ("would_have_refused", .integer(answer.shadowRefused)),
            ("spent", .credits(answer.spent)),
            ("unconfirmed", .credits(answer.unconfirmed)),
            ("saved", .credits(answer.saved)),
            ("calls", .integer(answer.calls)),
            ("hits", .integer(answer.hits)),
            ("exactness", .string(answer.exactness.rawValue)),
            ("exactness_reason", .string(answer.reason)),
            (
                "was",
                .object([
                    ("spent", .credits(answer.was.spent)), ("unconfirmed", .credits(answer.was.unconfirmed)),
                    ("saved", .credits(answer.was.saved)), ("requests", .integer(answer.was.requests)),
                    ("hits", .integer(answer.was.hits)), ("collapsed", .integer(answer.was.collapsed)),
                    ("misses", .integer(answer.was.misses)), ("denied", .integer(answer.was.denied)),
                ])
            ),
        ])
    }
}
