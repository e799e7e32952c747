import Authentication
import Budgeting
import Caching
import Cryptography
import EventLoops
import Glibc
import HTTPMessages
import Keying
import Observability
import Storage
import TestSupport
import Transport
import Upstream
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// The gateway's rooms in one process: one real worker, a real store, no vendor at its address. Guarded.
final class GatewayRooms: Sendable {
    static let secret = "team-key-0123456789"

    let rooms: SharedRooms
    private let store: Store
    private let folder: TemporaryFolder
    private let log: LogWriter
    /// Only the thread of the test that made this uses it.
    nonisolated(unsafe) private let server: GatewayServer
    private let settings: GatewaySettings

    /// - Parameter log: where access lines go.
    init(
        log descriptor: Int32,
        budgets: [Budget] = [],
        limits: TeamLimits = TeamLimits(),
        standing: NodeStanding = NodeStanding()
    ) throws {
        signal(SIGPIPE, SIG_IGN)
        folder = try TemporaryFolder()
        store = try Store.open(path: folder.path + "/tollgate.db") { preconditionFailure("\($0)") }
        log = try LogWriter(descriptor: descriptor)
        settings = Self.settings(budgets, limits)
        rooms = SharedRooms(
            memory: MemoryPlan(limitBytes: 1 << 30),
            cache: ResultCache(bytesMax: 1 << 20),
            store: store,
            credits: BudgetGate(plan: settings.budgets, opening: try store.opening(), node: 0, at: Self.now),
            teams: settings.teams.teams,
            gate: UpstreamGate(limits: settings.upstream.gate, keys: settings.upstreamKeys),
            resolver: try NameResolver(),
            accessLog: log,
            standing: standing
        )
        let loopback = SocketAddress(ip: [127, 0, 0, 1], port: 0)
        server = try GatewayServer.start(rooms: rooms, settings: settings, workerCount: 1, address: loopback)
    }

    /// The log ends first: its descriptor may be the next test's soon.
    deinit {
        log.close()
        store.close()
    }

    /// From now on the store answers nothing.
    func closeStore() { store.close() }

    /// From now on this is the token of an administrator.
    func hide(_ token: String) {
        var settings = self.settings
        settings.adminTokenDigests = [SHA256Hasher().digest(Array(token.utf8))]
        let done = Handover<Void>()
        server.replace(settings) { done.give(()) }
        done.take()
    }

    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec))
    }

    private static func settings(_ budgets: [Budget], _ limits: TeamLimits) -> GatewaySettings {
        let hasher = SHA256Hasher()
        let team = Team(
            id: TeamID(rawValue: "sales"),
            name: "Sales",
            account: FlightSamples.account,
            cacheScopeIsTeam: false,
            limits: limits
        )
        let digest = hasher.digest(Array(secret.utf8))
        let key = TeamKey(id: TeamKeyID(rawValue: "sales-key"), team: team, secretDigest: digest, notAfter: nil)
        let vendorSecret = Array("vendor-secret-1".utf8)
        let vendorKey = UpstreamKey(
            id: FlightSamples.upstreamKey,
            account: FlightSamples.account,
            secret: vendorSecret,
            secretDigest: hasher.digest(vendorSecret)
        )
        return GatewaySettings(
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
            teams: TeamDirectory(teams: [team], keys: [key]),
            budgets: BudgetPlan(teams: [team.id: budgets]),
            budgetExceededStatus: 402,
            upstream: upstream,
            upstreamKeys: [vendorKey],
            upstreamTLS: nil,
            listenerTLS: nil,
            logsAccess: true
        )
    }

    private static let upstream = UpstreamSettings(
        isTLS: false,
        host: "127.0.0.1",
        port: 9,
        pathPrefix: "",
        connectTimeout: .milliseconds(100),
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

    /// Puts a result of this body's question into memory.
    func keep(_ body: String, storedAt: Timestamp) throws {
        rooms.cache.insert(StampedResult(try Self.result(body, storedAt: storedAt), asked: rooms.cache.purges.stamp()))
    }

    /// A result of this body's question.
    static func result(_ body: String, storedAt: Timestamp) throws -> CachedResult {
        let request = try ClassifyReader().read(Array(body.utf8).span, schemaOrder: .insignificant)
        let reply = Array(#"{"credits_used": 2.5}"#.utf8)
        return CachedResult(
            key: request.key(in: KeyScope(account: FlightSamples.account, team: nil), with: SHA256Hasher()),
            status: 200,
            body: reply,
            creditsRange: 17..<20,
            credits: MicroCredits(micros: 2_500_000),
            storedAt: storedAt,
            account: FlightSamples.account,
            team: TeamID(rawValue: "sales"),
            documentID: request.documentID,
            model: request.model,
            pageRange: nil,
            classification: "invoice"
        )
    }

    func connect() throws -> RawConnection { try RawConnection(port: server.address.port) }

    func answer(_ request: TestRequest) throws -> TestResponse {
        let connection = try connect()
        try connection.send(request.bytes)
        return try connection.response()
    }

    func classify(_ body: String, fields: [(name: String, value: String)] = []) throws -> TestResponse {
        try answer(.classify(body, key: Self.secret, fields: fields))
    }
}
