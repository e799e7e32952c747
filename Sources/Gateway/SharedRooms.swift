public import Authentication
public import Budgeting
public import Caching
import Coalescing
import Cryptography
import EventLoops
public import Observability
public import Storage
import Synchronization
public import Transport
public import Upstream

/// The rooms that all workers share. Immutable references to things that are each guarded in themselves.
public final class SharedRooms: Sendable {
    let cache: ResultCache
    let store: any Store
    /// Whether credits may be spent. Its lock may be taken while one of the flight table is held, never the other way.
    let credits: BudgetGate
    /// How much the teams ask.
    let throttles: TeamThrottles
    let flights: FlightTable<FlightTicket>
    let gate: UpstreamGate
    let resolver: NameResolver
    /// Where access lines go; nil when nobody wants them.
    let accessLog: LogWriter?
    /// The secret of the process by which bodies and keys that were seen before are known again.
    let fingerprintSecret = RandomBytes.make(count: 32)
    /// The memory of clients' requests over all workers.
    let requestBytes = ByteBudget(bytesMax: SharedRooms.requestBytesMax)
    /// Connections of clients over all workers, for `max_connections`.
    let connectionCount = Atomic<Int>(0)

    /// How many may wait for flights of others at once: each is a client's connection, so this is a bound in depth.
    private static let followersMax = 100_000

    /// What clients' requests may take in memory: many times what honest ones need at `max_connections`.
    private static let requestBytesMax = 512 * 1024 * 1024

    public init(
        cache: ResultCache,
        store: any Store,
        credits: BudgetGate,
        teams: [Team],
        gate: UpstreamGate,
        resolver: NameResolver,
        accessLog: LogWriter?
    ) {
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
        gate.replace(settings: settings.upstream, at: SystemClock.monotonic())
        credits.replace(plan: settings.budgets, at: SystemClock.wall())
        throttles.replace(settings.teams.teams)
        cache.resize(bytesMax: settings.cache.memoryBytesMax)
        if dropsAliases { cache.removeAliases() }
    }
}
