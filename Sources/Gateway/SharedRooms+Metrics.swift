import Caching
import EventLoops
public import Metrics
import Upstream
import UpstreamKeys
import Vocabulary

/// What the gateway says of itself: `docs/metrics.md` §2. Any thread; waits for no store.
extension SharedRooms: MetricSource {
    public func write(to text: inout MetricsText) {
        let workers = metrics.workers
        writeRequests(workers, to: &text)
        writeCache(workers, to: &text)
        writeErrors(workers, to: &text)
        writeUpstream(workers, to: &text)
        writeBudgets(to: &text)
        writeProcess(workers, to: &text)
    }

    // MARK: Requests

    private func writeRequests(_ workers: [WorkerMetrics], to text: inout MetricsText) {
        let teams = metrics.teams.names
        var requests = [[RequestKind: Int64]](repeating: [:], count: teams.count)
        var strangers: [RequestKind: Int64] = [:]
        var (saved, spent) = ([Int64](repeating: 0, count: teams.count), [Int64](repeating: 0, count: teams.count))
        for worker in workers {
            worker.strangers.add(to: &strangers)
            // A team that got its number since then waits for the next scrape.
            for (number, counts) in worker.teams where number < teams.count {
                counts.add(to: &requests[number])
                saved[number] = saved[number].saturatingAdd(counts.savedMicros)
                spent[number] = spent[number].saturatingAdd(counts.spentMicros)
            }
        }
        for (number, micros) in metrics.resolved.reading where number < teams.count {
            spent[number] = spent[number].saturatingAdd(micros)
        }
        // After the counts, so that each route that was counted has its name here.
        let routes = metrics.routes.names
        text.begin(Self.requestsFamily)
        func write(_ counts: [RequestKind: Int64], of team: String, to text: inout MetricsText) {
            let rows = counts.map { (labels: [team, routes[$0.route], $0.status.text, $0.source.rawValue], count: $1) }
            for row in rows.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
                text.sample(row.labels, value: row.count)
            }
        }
        for (team, counts) in zip(teams, requests) { write(counts, of: team, to: &text) }
        write(strangers, of: "", to: &text)
        text.begin(Self.spentFamily)
        for (team, micros) in zip(teams, spent) { text.sample(team, credits: MicroCredits(micros: micros)) }
        text.begin(Self.savedFamily)
        for (team, micros) in zip(teams, saved) { text.sample(team, credits: MicroCredits(micros: micros)) }
        writeSums(requests, to: &text)
    }

    /// What the cache did, over all teams and routes.
    private func writeSums(_ requests: [[RequestKind: Int64]], to text: inout MetricsText) {
        var sums: [RequestKind.Source: Int64] = [:]
        for counts in requests { for (kind, count) in counts { sums[kind.source, default: 0] += count } }
        text.begin(Self.hitsFamily)
        text.sample(value: (sums[.hit] ?? 0) + (sums[.stale] ?? 0))
        text.begin(Self.collapsedFamily)
        text.sample(value: sums[.collapsed] ?? 0)
        text.begin(Self.missesFamily)
        text.sample(value: sums[.miss] ?? 0)
        text.begin(Self.teamsFamily)
        for team in metrics.namedTeams { text.sample(team.id.rawValue, team.name, value: 1) }
    }

    private static let requestsFamily = MetricFamily(
        .counter,
        "tollgate_requests_total",
        "Requests that were answered, or whose client left (status 499).",
        labels: ["team", "route", "status", "cache"]
    )
    private static let spentFamily = MetricFamily(
        .counter,
        "tollgate_credits_spent_total",
        "Credits that the vendor charged, resolved reservations included.",
        labels: ["team"]
    )
    private static let savedFamily = MetricFamily(
        .counter,
        "tollgate_credits_saved_total",
        "Credits that the vendor would have charged for hits and collapsed requests.",
        labels: ["team"]
    )
    private static let hitsFamily = MetricFamily(
        .counter,
        "tollgate_cache_hits_total",
        "Requests that a stored result answered, stale ones included."
    )
    private static let collapsedFamily = MetricFamily(
        .counter,
        "tollgate_cache_collapsed_total",
        "Requests that shared the flight of another one."
    )
    private static let missesFamily = MetricFamily(
        .counter,
        "tollgate_cache_misses_total",
        "Requests that the vendor answered, or was to answer."
    )
    private static let teamsFamily = MetricFamily(
        .info,
        "tollgate_team_info",
        "What a team is called.",
        labels: ["team", "name"]
    )

    // MARK: The cache

    private func writeCache(_ workers: [WorkerMetrics], to text: inout MetricsText) {
        let memory = cacheMemory
        text.begin(Self.storedFamily)
        text.sample(value: workers.reduce(0) { $0.saturatingAdd($1.stored.value) })
        text.begin(Self.evictionsFamily)
        text.sample(value: Int64(memory.evictions))
        text.begin(Self.entriesFamily)
        text.sample(value: Int64(memory.entries))
        text.begin(Self.bytesFamily)
        text.sample(value: Int64(memory.bytes))
        text.begin(Self.bytesMaxFamily)
        text.sample(value: Int64(memory.bytesMax))
    }

    private static let storedFamily = MetricFamily(
        .counter,
        "tollgate_cache_stored_total",
        "Results that were stored."
    )
    private static let evictionsFamily = MetricFamily(
        .counter,
        "tollgate_cache_evictions_total",
        "Results that left memory for want of room; the store keeps them."
    )
    private static let entriesFamily = MetricFamily(.gauge, "tollgate_cache_entries", "Results in memory.")
    private static let bytesFamily = MetricFamily(
        .gauge,
        "tollgate_cache_size_bytes",
        "What results take in memory, the cache's own tables included."
    )
    private static let bytesMaxFamily = MetricFamily(
        .gauge,
        "tollgate_cache_max_size_bytes",
        "What results may take in memory."
    )

    // MARK: Errors

    private func writeErrors(_ workers: [WorkerMetrics], to text: inout MetricsText) {
        var errors: [ErrorCode: Int64] = [:]
        for worker in workers { errors.merge(worker.errors.reading) { $0.saturatingAdd($1) } }
        text.begin(Self.errorsFamily)
        for code in ErrorCode.allCases {
            guard let count = errors[code] else { continue }
            text.sample(code.rawValue, value: count)
        }
    }

    private static let errorsFamily = MetricFamily(
        .counter,
        "tollgate_errors_total",
        "Errors that the gateway answered clients with, by their code.",
        labels: ["error"]
    )

    // MARK: The process

    private func writeProcess(_ workers: [WorkerMetrics], to text: inout MetricsText) {
        let memory = memoryStatus
        text.begin(Self.connectionsFamily)
        text.sample(value: Int64(connectionCount.load(ordering: .relaxed)))
        text.begin(Self.clientMemoryFamily)
        text.sample(value: Int64(memory.teamBytes + memory.strangerBytes))
        text.begin(Self.clientMemoryMaxFamily)
        text.sample(value: Int64(memory.plan.clientBytesMax))
        text.begin(Self.lagFamily)
        for worker in workers { text.histogram("worker \(worker.index)", reading: worker.loopLag.reading) }
        text.histogram("main", reading: metrics.mainLoopLag.reading)
    }

    private static let connectionsFamily = MetricFamily(.gauge, "tollgate_connections", "Connections of clients.")
    private static let clientMemoryFamily = MetricFamily(
        .gauge,
        "tollgate_client_memory_bytes",
        "Memory that clients' connections and requests take."
    )
    private static let clientMemoryMaxFamily = MetricFamily(
        .gauge,
        "tollgate_client_memory_max_bytes",
        "Memory that clients' connections and requests may take."
    )
    private static let lagFamily = MetricFamily(
        .histogram,
        "tollgate_loop_lag_seconds",
        "How late a timer of an event loop is, tried twice a second.",
        labels: ["loop"]
    )

    /// Takes the lag of the loop that the admin side is on.
    public var mainLoopLag: Histogram { metrics.mainLoopLag }
}
