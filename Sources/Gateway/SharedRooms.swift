public import Authentication
public import Budgeting
public import Caching
import Coalescing
import Cryptography
import EventLoops
public import Observability
public import Reporting
import Serving
import Synchronization
public import Transport
public import UpstreamKeys
public import Vocabulary

/// The rooms that all workers share. Immutable references to objects that are guarded themselves.
public final class SharedRooms: Sendable {
    let cache: ResultCache
    let store: any GatewayStore
    /// What is known of the nodes that share the store.
    public let standing: NodeStanding
    /// Decides whether credits may be spent.
    let credits: BudgetGate
    /// The rate and concurrency limits of the teams.
    let throttles: TeamThrottles
    let flights: FlightTable<FlightTicket>
    /// The epochs of saved classifiers.
    let classifiers: ClassifierEpochs
    /// The saved classifiers whose results are to leave memory.
    let outdatedClassifiers = Guarded(OutdatedClassifiers())
    /// The keys at the vendor.
    let gate: UpstreamGate
    let resolver: NameResolver
    /// The access log; nil if there is none.
    let accessLog: LogWriter?
    let metrics: GatewayMetrics
    /// The secret of the process for fingerprints, by which bodies and keys are recognized.
    let fingerprintSecret = RandomBytes.make(count: 32)
    /// The partition of memory between clients and results.
    let memory: MemoryPlan
    /// The memory budget of clients over all workers.
    let clientBytes: ByteBudget
    /// The number of client connections over all workers, for `max_connections`.
    let connectionCount = Atomic<Int>(0)

    /// The mailboxes of the workers, which count what reports show. Set once, before the first connection.
    let workers = Guarded<[Mailbox<WorkerMessage>]>([])

    /// The number of reservations that a drain ended with the vendor's charge unknown.
    let cutCount = Atomic<Int>(0)

    /// The time after which a store that does not answer a readiness check counts as not working.
    public static let readinessTimeout = Duration.milliseconds(1_500)
    /// The fault reported then.
    public static let storeSilent = StoreFault(code: .unavailable, detail: "the store has not answered for 1.5 s")

    /// The time after which a store that does not answer a question for a team's usage counts as not working: it may
    /// be busy with a long list.
    static let usageTimeout = Duration.seconds(5)
    /// The fault reported then.
    static let usageSilent = StoreFault(code: .unavailable, detail: "the store has not answered for 5 s")

    /// The maximum number of followers. Each holds a client connection, so this is a second line of defence.
    private static let followersMax = 100_000

    public init(
        memory: MemoryPlan,
        cache: ResultCache,
        store: any GatewayStore,
        credits: BudgetGate,
        teams: [Team],
        gate: UpstreamGate,
        resolver: NameResolver,
        accessLog: LogWriter?,
        classifiers: ClassifierEpochs = ClassifierEpochs(),
        standing: NodeStanding = NodeStanding()
    ) {
        self.memory = memory
        self.classifiers = classifiers
        self.standing = standing
        clientBytes = ByteBudget(strangerBytesMax: memory.strangerBytesMax, teamBytesMax: memory.teamBytesMax)
        self.cache = cache
        self.store = store
        self.credits = credits
        throttles = TeamThrottles(teams)
        metrics = GatewayMetrics(teams)
        self.gate = gate
        self.resolver = resolver
        self.accessLog = accessLog
        flights = FlightTable(followersMax: SharedRooms.followersMax)
    }

    /// The callers of a configuration, for one worker.
    ///
    /// - Parameters:
    ///   - trail: of that worker.
    ///   - metrics: of that worker.
    func callers(_ teams: TeamDirectory, _ trail: RequestTrail, _ metrics: WorkerMetrics) -> CallerTable {
        CallerTable(teams, secret: fingerprintSecret) { [self] key in
            Caller(
                key,
                number: trail.number(of: key),
                counts: metrics.counts(of: key.team.id),
                secret: fingerprintSecret,
                meter: credits.meter(team: key.team.id, key: key.id),
                throttle: throttles.find(key.team)
            )
        }
    }

    /// For one worker; knows no path yet.
    func plainPaths() -> PlainPaths { PlainPaths(secret: fingerprintSecret) }

    /// Applies a reload to the shared rooms.
    ///
    /// - Parameter dropsAliases: whether identical bodies may have another cache key than before.
    public func replace(_ settings: GatewaySettings, dropsAliases: Bool) {
        // Budgets first, so that a new key has its own from its first request on.
        credits.replace(plan: settings.budgets, at: SystemClock.wall())
        let now = Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall())
        let records = gate.replace(limits: settings.upstream.gate, keys: settings.upstreamKeys, at: now)
        for record in records { note(record) }
        throttles.replace(settings.teams.teams)
        metrics.replace(settings.teams.teams)
        cache.resize(bytesMax: memory.cacheBytesMax(configured: settings.cache.memoryBytesMax))
        if dropsAliases { cache.removeAliases() }
    }

    /// Restores the stored states of the upstream keys, and when they were last used. Must be called before the first
    /// request.
    public func restore(_ records: [UpstreamKeyRecord], uses: [UpstreamKeyID: Timestamp]) {
        gate.restore(uses)
        let now = Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall())
        for record in gate.restore(records, at: now) { note(record) }
    }

    /// Logs a change of an upstream key's state, and stores it for the next start. Any thread.
    func note(_ record: UpstreamKeyRecord) {
        let id = record.id.rawValue
        log(record)
        store.save(record) { result in
            // The state applies in this process anyway.
            guard case .failure(let fault) = result else { return }
            ProcessLog.warning("upstream_key_not_stored", ["key": id, "detail": fault.description])
        }
    }

    func log(_ record: UpstreamKeyRecord) {
        let id = record.id.rawValue
        switch record.state {
        case .active: ProcessLog.info("upstream_key_active", ["key": id])
        case .cooling(let end): ProcessLog.info("upstream_key_cooling", ["key": id, "until": end.rfc3339])
        case .quarantined(let reason):
            ProcessLog.warning("upstream_key_quarantined", ["key": id, "reason": reason.rawValue])
        }
    }
}

/// The store that the gateway needs, in the terms of its rooms. Results are stored with their reservations' endings.
public typealias GatewayStore = Ledger<StampedAnswer> & ResultStore & KeyStates & TeamUsageStore & ChangeStore
    & ClassifierStore
