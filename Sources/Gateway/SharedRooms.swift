public import Authentication
public import Budgeting
public import Caching
import Coalescing
import Cryptography
import EventLoops
public import Observability
import Serving
import Synchronization
public import Transport
public import UpstreamKeys
public import Vocabulary

/// The rooms that all workers share. Immutable references to things that are each guarded in themselves.
public final class SharedRooms: Sendable {
    let cache: ResultCache
    let store: any GatewayStore
    /// Whether credits may be spent.
    let credits: BudgetGate
    /// How much the teams ask.
    let throttles: TeamThrottles
    let flights: FlightTable<FlightTicket>
    /// The keys at the vendor.
    let gate: UpstreamGate
    let resolver: NameResolver
    /// Where access lines go; nil when nobody wants them.
    let accessLog: LogWriter?
    /// The secret of the process by which bodies and keys that were seen before are known again.
    let fingerprintSecret = RandomBytes.make(count: 32)
    /// How memory is shared out between clients and results.
    let memory: MemoryPlan
    /// The memory of clients over all workers.
    let clientBytes: ByteBudget
    /// Connections of clients over all workers, for `max_connections`.
    let connectionCount = Atomic<Int>(0)

    /// Reservations that a drain ended without knowing what the vendor charged.
    let cutCount = Atomic<Int>(0)

    /// How long the store may take to say whether it works before it counts as not working.
    public static let readinessTimeout = Duration.milliseconds(1_500)
    /// What is said of it then.
    public static let storeSilent = StoreFault(code: .unavailable, detail: "the store has not answered for 1.5 s")

    /// How many may wait for flights of others at once: each is a client's connection, so this is a bound in depth.
    private static let followersMax = 100_000

    public init(
        memory: MemoryPlan,
        cache: ResultCache,
        store: any GatewayStore,
        credits: BudgetGate,
        teams: [Team],
        gate: UpstreamGate,
        resolver: NameResolver,
        accessLog: LogWriter?
    ) {
        self.memory = memory
        clientBytes = ByteBudget(strangerBytesMax: memory.strangerBytesMax, teamBytesMax: memory.teamBytesMax)
        self.cache = cache
        self.store = store
        self.credits = credits
        throttles = TeamThrottles(teams)
        self.gate = gate
        self.resolver = resolver
        self.accessLog = accessLog
        flights = FlightTable(followersMax: SharedRooms.followersMax)
    }

    /// The callers of a configuration, for one worker.
    func callers(_ teams: TeamDirectory) -> CallerTable {
        CallerTable(teams, secret: fingerprintSecret) { [self] key in
            Caller(
                key,
                secret: fingerprintSecret,
                meter: credits.meter(team: key.team.id, key: key.id),
                throttle: throttles.find(key.team)
            )
        }
    }

    /// Takes what a reload changed about the shared rooms into use.
    ///
    /// - Parameter dropsAliases: the meaning of bodies has changed, so identical bytes may have another key now.
    public func replace(_ settings: GatewaySettings, dropsAliases: Bool) {
        // Limits first: a key that is new has its own from its first request on.
        credits.replace(plan: settings.budgets, at: SystemClock.wall())
        let now = Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall())
        let records = gate.replace(limits: settings.upstream.gate, keys: settings.upstreamKeys, at: now)
        for record in records { note(record) }
        throttles.replace(settings.teams.teams)
        cache.resize(bytesMax: memory.cacheBytesMax(configured: settings.cache.memoryBytesMax))
        if dropsAliases { cache.removeAliases() }
    }

    /// Goes on with what was remembered of the keys at the vendor; to be called before the first request.
    public func restore(_ records: [UpstreamKeyRecord]) {
        let now = Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall())
        for record in gate.restore(records, at: now) { note(record) }
    }

    /// Reports what has changed about a key at the vendor, and remembers it over a restart. Any thread.
    func note(_ record: UpstreamKeyRecord) {
        let id = record.id.rawValue
        switch record.state {
        case .active: ProcessLog.info("upstream_key_active", ["key": id])
        case .cooling(let end): ProcessLog.info("upstream_key_cooling", ["key": id, "until": end.rfc3339])
        case .quarantined(let reason):
            ProcessLog.warning("upstream_key_quarantined", ["key": id, "reason": reason.rawValue])
        }
        store.save(record) { result in
            // It holds in this process all the same.
            guard case .failure(let fault) = result else { return }
            ProcessLog.warning("upstream_key_not_stored", ["key": id, "detail": fault.description])
        }
    }
}

/// What the gateway needs kept, as its rooms state it. Results are stored with the endings of their reservations.
public typealias GatewayStore = Ledger<CachedResult> & ResultStore & KeyStates
