public import Caching
import Coalescing
import Cryptography
import EventLoops
public import Observability
import Synchronization
public import Transport
public import Upstream

/// The rooms that all workers share. Immutable references to things that are each guarded in themselves.
public final class SharedRooms: Sendable {
    let cache: ResultCache
    let store: any ResultStore
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
        store: any ResultStore,
        gate: UpstreamGate,
        resolver: NameResolver,
        accessLog: LogWriter?
    ) {
        self.cache = cache
        self.store = store
        self.gate = gate
        self.resolver = resolver
        self.accessLog = accessLog
        flights = FlightTable(followersMax: SharedRooms.followersMax)
    }

    /// Takes what a reload changed about the shared rooms into use.
    ///
    /// - Parameter dropsAliases: the meaning of bodies has changed, so identical bytes may have another key now.
    public func replace(_ settings: GatewaySettings, dropsAliases: Bool) {
        gate.replace(settings: settings.upstream, at: SystemClock.monotonic())
        cache.resize(bytesMax: settings.cache.memoryBytesMax)
        if dropsAliases { cache.removeAliases() }
    }
}
