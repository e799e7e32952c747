import Authentication
import Synchronization
import Vocabulary

/// The rate and concurrency limits of one team: `requests_per_second` and `max_concurrency`, `docs/settings.md` §9.
///
/// Atomic: any thread. It outlives reloads, so that a new limit counts the requests under way.
final class TeamThrottle: Sendable {
    private let spentUntil = Atomic<Int64>(.min)
    private let underWay = Atomic<Int>(0)
    /// Requests per second in millionths, and requests at once; zero for no limit.
    private let rateMillionths = Atomic<Int64>(0)
    private let concurrencyMax = Atomic<Int>(0)

    init(_ limits: TeamLimits) { replace(limits) }

    func replace(_ limits: TeamLimits) {
        rateMillionths.store(limits.requestsPerSecondMillionths ?? 0, ordering: .relaxed)
        concurrencyMax.store(limits.concurrencyMax ?? 0, ordering: .relaxed)
    }

    /// Takes a token. Returns nil if there was one, else the time until there is.
    func takeToken(at now: MonotonicInstant) -> Duration? {
        let millionths = rateMillionths.load(ordering: .relaxed)
        guard millionths > 0 else { return nil }
        let rate = RequestRate(perSecondMillionths: millionths)
        var known = spentUntil.load(ordering: .relaxed)
        while true {
            switch rate.decide(spentUntil: known, now: now.nanoseconds) {
            case .wait(let nanoseconds): return .nanoseconds(nanoseconds)
            case .go(let next):
                let result = spentUntil.compareExchange(expected: known, desired: next, ordering: .relaxed)
                if result.exchanged { return nil }
                known = result.original
            }
        }
    }

    /// Takes a place for a request that has to wait for its answer; nil if all are taken.
    func takePlace() -> TeamPlace? { enter() ? TeamPlace(of: self) : nil }

    /// Like `takePlace`, for a caller that gives the place back itself, by `leave`, once. False if all are taken.
    func enter() -> Bool {
        let limit = concurrencyMax.load(ordering: .relaxed)
        if underWay.add(1, ordering: .relaxed).newValue <= limit || limit == 0 { return true }
        leave()
        return false
    }

    func leave() { underWay.subtract(1, ordering: .relaxed) }
}

/// One request's place in its team's `max_concurrency`; `deinit` gives it back. Confined to the holder of the request.
final class TeamPlace {
    private let throttle: TeamThrottle

    fileprivate init(of throttle: TeamThrottle) { self.throttle = throttle }

    deinit { throttle.leave() }
}

/// The throttles of all teams. Guarded: one lock around the table.
final class TeamThrottles: Sendable {
    private let table: Guarded<[TeamID: TeamThrottle]>

    init(_ teams: [Team]) {
        table = Guarded([:])
        replace(teams)
    }

    /// Replaces the limits; the throttle of a removed team lives until its last request ends.
    func replace(_ teams: [Team]) {
        table.withLock { table in
            let old = table
            table = [:]
            for team in teams {
                old[team.id]?.replace(team.limits)
                table[team.id] = old[team.id] ?? TeamThrottle(team.limits)
            }
        }
    }

    /// The throttle of a team; a new one if a reload has just removed the team.
    func find(_ team: Team) -> TeamThrottle { table.withLock { $0[team.id] } ?? TeamThrottle(team.limits) }
}
