import Authentication
import Budgeting
import Caching
import Cryptography
import EventLoops
import Gateway
import Glibc
import HTTPMessages
import Registry
import Storage
import TestSupport
import Transport
import Upstream
import UpstreamKeys
import Vocabulary

@testable import Administration

/// The whole admin side in one process: real rooms, one real worker, a real store whose disk can be made to fail, and
/// the server that receives the requests. Guarded: state confined to the loop is reached through `perform`.
final class AdminRooms: Sendable {
    private struct Opened: Sendable {
        let server: LoopBound<AdminServer>
        let keeper: LoopBound<RegistryKeeper>
        let api: LoopBound<AdminAPI>
        let port: UInt16
    }

    static let master = SecretSealer(master: SealingKey(bytes: [UInt8](repeating: 7, count: 32))!)

    let store: TroubledStore
    let sqlite: Store
    private let folder: TemporaryFolder
    private let opened: Opened
    private let thread: LoopThread

    /// - Parameter url: of a database that nodes share; nil for a file.
    init(url: String? = nil) throws {
        signal(SIGPIPE, SIG_IGN)
        folder = try TemporaryFolder()
        let target = try StoreTarget(url: url ?? "sqlite:\(folder.path)/tollgate.db")
        let node = NodeDescription(
            name: "test",
            address: "127.0.0.1",
            version: "0",
            configurationDigest: Digest(1, 2, 3, 4)
        )
        let end: @Sendable (StoreFault) -> Void = { preconditionFailure("\($0)") }
        let sqlite = try Store.open(target, as: node, onLost: end, onFatal: end)
        let store = TroubledStore(sqlite)
        self.sqlite = sqlite
        self.store = store
        let rows = try sqlite.registry()
        let registry = try Registry(file: Self.file(), rows: rows, sealer: Self.master)
        let opening = try sqlite.opening()
        let ready = Handover<Opened>()
        thread = try LoopThread.start(name: "admin") { loop in
            do {
                ready.give(try Self.open(loop, registry, rows.stamp, opening, sqlite, store))
            } catch {
                preconditionFailure("\(error)")
            }
        }
        opened = ready.take()
    }

    deinit {
        thread.post { [opened] loop in
            opened.server.value.stop()
            loop.stop()
        }
        thread.join()
        sqlite.close()
    }

    static func file(teams: [String] = ["filed"], upstreamSecret: String = "vendor-secret-1") -> FileRegistry {
        let hasher = SHA256Hasher()
        let key = UpstreamKey(
            id: UpstreamKeyID(rawValue: "primary"),
            account: AccountID(rawValue: "default"),
            secret: Array(upstreamSecret.utf8),
            secretDigest: hasher.digest(Array(upstreamSecret.utf8))
        )
        return FileRegistry(
            teams: teams.map {
                TeamRecord(id: TeamID(rawValue: $0), name: $0, account: AccountID(rawValue: "default"))
            },
            upstreamKeys: [UpstreamKeyEntry(key: key, monthlyCredits: nil)]
        )
    }

    static func settings(_ registry: Registry) -> GatewaySettings {
        GatewaySettings(
            headLimits: HeadLimits(),
            bodyBytesMax: 1 << 20,
            connectionsMax: 100,
            headerTimeout: .seconds(10),
            bodyTimeout: .seconds(10),
            idleTimeout: .seconds(10),
            cache: CacheSettings(
                timeToLive: .seconds(60),
                staleIfError: .zero,
                negativeTimeToLive: .zero,
                schemaOrder: .insignificant,
                hitsReportZeroCredits: false,
                memoryBytesMax: 1 << 20
            ),
            teams: registry.directory(),
            budgets: registry.budgetPlan(BudgetPlan()),
            budgetExceededStatus: 402,
            upstream: upstreamSettings,
            upstreamKeys: registry.upstreamKeys,
            upstreamTLS: nil,
            listenerTLS: nil,
            logsAccess: false
        )
    }

    /// No request is sent there.
    private static let upstreamSettings = UpstreamSettings(
        isTLS: false,
        host: "127.0.0.1",
        port: 9,
        pathPrefix: "",
        connectTimeout: .seconds(1),
        responseTimeout: .seconds(1),
        idleTimeout: .seconds(1),
        responseBytesMax: 1 << 20,
        gate: UpstreamGate.Limits(
            concurrencyMax: 1,
            queueMax: 1,
            breaker: CircuitBreaker.Settings(failures: 5, window: .seconds(10), openFor: .seconds(10))
        ),
        queueTimeout: .seconds(1)
    )

    private static func open(
        _ loop: EventLoop,
        _ registry: Registry,
        _ stamp: Int64,
        _ ledger: LedgerOpening,
        _ sqlite: Store,
        _ store: TroubledStore
    ) throws -> Opened {
        let settings = settings(registry)
        let rooms = SharedRooms(
            memory: MemoryPlan(limitBytes: 1 << 30),
            cache: ResultCache(bytesMax: 1 << 20),
            store: sqlite,
            credits: BudgetGate(plan: settings.budgets, opening: ledger, node: sqlite.node, at: SystemClock.wall()),
            teams: settings.teams.teams,
            gate: UpstreamGate(limits: settings.upstream.gate, keys: settings.upstreamKeys),
            resolver: try NameResolver(),
            accessLog: nil
        )
        let loopback = SocketAddress(ip: [127, 0, 0, 1], port: 0)
        let gateway = try GatewayServer.start(rooms: rooms, settings: settings, workerCount: 1, address: loopback)
        let keeper = try RegistryKeeper(
            loop: loop,
            registry: registry,
            rotations: registry.memory(of: [], at: SystemClock.wall()),
            settings: settings,
            stamp: stamp,
            store: store,
            rooms: rooms,
            server: gateway
        )
        let hears = keeper.hears
        sqlite.hear { if case .registry(let number) = $0 { hears(number) } }
        let program = AdminProgram(
            version: "test",
            startedAt: SystemClock.wall(),
            startedSteady: SystemClock.monotonic(),
            clientURL: "http://\(gateway.address)",
            workerCount: 1,
            node: 0
        )
        let tokens = AdminStand.settings()
        let api = try AdminAPI(
            loop: loop,
            keeper: keeper,
            rooms: rooms,
            store: store,
            server: gateway,
            desk: AlertDesk(loop: loop, keeper: keeper, rooms: rooms, store: store),
            program: program,
            metrics: [],
            settings: tokens
        )
        let server = try AdminServer(
            loop: loop,
            address: loopback,
            settings: tokens,
            routes: api.routes,
            isReady: api.checkReadiness
        )
        server.start()
        return Opened(
            server: LoopBound(server, loop: loop),
            keeper: LoopBound(keeper, loop: loop),
            api: LoopBound(api, loop: loop),
            port: server.address.port
        )
    }

    /// Runs `action` in the loop and returns its result.
    func perform<Value: Sendable>(_ action: @escaping @Sendable (RegistryKeeper) -> Value) -> Value {
        let done = Handover<Value>()
        thread.post { [opened] _ in done.give(action(opened.keeper.value)) }
        return done.take()
    }

    /// What the server routes, health checks included.
    var routes: [(method: HTTPMethod, pattern: String, role: AdminRole?)] {
        let done = Handover<[(method: HTTPMethod, pattern: String, role: AdminRole?)]>()
        thread.post { [opened] _ in
            let routes = opened.server.value.router.resources.flatMap(\.routes)
            done.give(routes.map { ($0.method, $0.pattern, $0.role) })
        }
        return done.take()
    }

    /// Sends one request as it is, on a connection of its own.
    func ask(_ request: TestRequest) throws -> TestResponse {
        let connection = try RawConnection(port: opened.port)
        try connection.send(request.bytes)
        return try connection.response(toHEAD: request.method == "HEAD")
    }

    /// Sends one request on a connection of its own, and returns that connection to read the answer from.
    func ask(
        _ method: String,
        _ path: String,
        _ body: String = "",
        token: String = AdminStand.admin,
        fields: [(name: String, value: String)] = []
    ) throws -> RawConnection {
        let connection = try RawConnection(port: opened.port)
        let request = TestRequest(
            method,
            "/admin/v1\(path)",
            fields: [AdminStand.bearer(token)] + fields,
            body: Array(body.utf8)
        )
        try connection.send(request.bytes)
        return connection
    }

    func answer(
        _ method: String,
        _ path: String,
        _ body: String = "",
        token: String = AdminStand.admin,
        fields: [(name: String, value: String)] = []
    ) throws -> TestResponse {
        try ask(method, path, body, token: token, fields: fields).response()
    }

    /// Waits until the store holds back `count` changes.
    func waitForHeld(_ count: Int) throws {
        let deadline = Deadline.generous
        while store.heldCount < count {
            if deadline.hasPassed { throw TestFailure("the store was asked for \(store.heldCount) changes") }
            sched_yield()
        }
    }
}
