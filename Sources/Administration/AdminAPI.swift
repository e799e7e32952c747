public import Alerting
public import Budgeting
public import Caching
public import EventLoops
public import Gateway
public import Metrics
public import Registry
public import Reporting
public import Vocabulary

/// All resources of the admin API: what an `AdminServer` serves. Confined to its loop.
public final class AdminAPI {
    private let keeper: RegistryKeeper
    private let rooms: SharedRooms
    private let store: any AdminStore
    private let server: GatewayServer
    private let program: AdminProgram
    private let loop: EventLoop
    private let back: LoopReturn
    private let desk: AlertDesk
    private let check: StoreCheck
    private let simulate: SimulateResource
    private let metrics: MetricsResource
    private let description: DescriptionResource
    /// Digests of the current tokens; no key may have one of them.
    private var tokenDigests: [Digest]

    /// - Parameters:
    ///   - server: the workers, which are asked for their last requests.
    ///   - desk: is told of bills that are entered.
    ///   - metrics: what has figures beside the rooms.
    /// - Throws: no descriptor is left for the answers of other threads.
    public init(
        loop: EventLoop,
        keeper: RegistryKeeper,
        rooms: SharedRooms,
        store: any AdminStore,
        server: GatewayServer,
        desk: AlertDesk,
        program: AdminProgram,
        metrics sources: [any MetricSource],
        settings: AdminSettings
    ) throws(EventLoop.Fault) {
        self.keeper = keeper
        self.rooms = rooms
        self.store = store
        self.server = server
        self.desk = desk
        self.program = program
        self.loop = loop
        tokenDigests = settings.tokens.map(\.digest)
        back = try LoopReturn(loop: loop)
        check = StoreCheck(rooms: rooms, loop: loop, back: back)
        metrics = MetricsResource(sources: [ProgramMetrics(program: program), rooms] + sources, back: back)
        description = DescriptionResource(program: program)
        simulate = SimulateResource(keeper: keeper, rooms: rooms, store: store, back: back)
    }

    /// Replaces the tokens.
    public func replace(_ settings: AdminSettings) { tokenDigests = settings.tokens.map(\.digest) }

    /// Whether `digest` belongs to a team's key, a vendor key or an admin's token.
    public func isSecret(_ digest: Digest) -> Bool { keeper.isSecret(digest) || tokenDigests.contains(digest) }

    public var routes: [AdminRoute] {
        TeamsResource(keeper: keeper).routes
            + TeamKeysResource(keeper: keeper, rooms: rooms, store: store, back: back).routes
            + UpstreamKeysResource(keeper: keeper, rooms: rooms) { [unowned self] in tokenDigests.contains($0) }.routes
            + LessonsResource(rooms: rooms, store: store, back: back).routes
            + BudgetsResource(keeper: keeper, rooms: rooms).routes
            + SpendResource(rooms: rooms, store: store, check: check, back: back).routes
            + GrantsResource(keeper: keeper, rooms: rooms, store: store, back: back).routes
            + InsightsResource(rooms: rooms, store: store, back: back).routes
            + CacheResource(keeper: keeper, rooms: rooms, store: store, back: back).routes
            + LedgerResource(rooms: rooms, store: store, back: back).routes
            + StatementsResource(
                keeper: keeper,
                rooms: rooms,
                store: store,
                back: back,
                onEntry: { [desk] in desk.note($0) }
            )
            .routes
            + AlertsResource(desk: desk, store: store, back: back, loop: loop).routes
            + RequestsResource(server: server, back: back).routes
            + simulate.routes
            + metrics.routes
            + AuditResource(store: store, back: back).routes
            + BackupResource(store: store, loop: loop, back: back).routes
            + StatusResource(program: program, rooms: rooms, check: check, purges: store).routes
            + description.routes
            + DashboardResource().routes
    }

    /// Whether requests can be served, for `/readyz`: the store must work.
    public func checkReadiness(_ then: @escaping (AdminFault?) -> Void) {
        check.ask { result in
            switch result {
            case .success: then(nil)
            case .failure(let fault): then(.storeUnavailable(fault))
            }
        }
    }
}

/// The store that the admin side needs, in the terms of the rooms that state them.
public typealias AdminStore = RegistryStore & LessonStore<AuditEntry> & GrantStore<AuditEntry> & InsightStore
    & SpendStore & PurgeStore<AuditEntry> & EntryStore & RecentUsageStore & LedgerRowStore<AuditEntry>
    & VendorStatementStore<AuditEntry> & ReplayStore & AlertStore & BackupStore
