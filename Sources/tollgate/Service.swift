import Administration
import ArgumentParser
import Budgeting
import Caching
import Configuration
import EventLoops
import Foundation
import Gateway
import Observability
import Registry
import Storage
import Transport
import UpstreamKeys
import Vocabulary

/// One running gateway: its rooms, the signals that control it, and its shutdown.
///
/// Confined to the main loop, which the main thread runs.
final class Service {
    private let loop: EventLoop
    private var configuration: GatewayConfiguration
    private let store: SQLiteStore
    private let rooms: SharedRooms
    private let server: GatewayServer
    private let keeper: RegistryKeeper
    private let alerts: AlertDesk
    private let adminAPI: AdminAPI
    private let adminServer: AdminServer
    private let logs: Logs
    private var signals: [SignalSource] = []
    private let ending: ServiceEnd
    private let lag: LoopLag
    private var memoryTimer: LoopTimer?
    private var memoryReturn = MemoryReturn()
    private static let memoryInterval = Duration.seconds(2)
    private var configurationFile: String?
    /// Receives the result from the thread that reads the file.
    private var read: Mailbox<Result<GatewayConfiguration, ConfigurationFaults>>?
    /// From the signal until the settings are in effect or refused.
    private var isReloading = false
    /// SIGHUP arrived again during a reload.
    private var mustReloadAgain = false

    /// Runs a gateway until a signal ends it. The signals have been held since the start of the program.
    ///
    /// - Parameters:
    ///   - ready: called when connections are accepted.
    /// - Throws: `ExitCode` when the start fails or the shutdown is incomplete.
    static func run(
        _ configuration: GatewayConfiguration,
        logs: Logs,
        _ ready: (Service) throws -> Void
    ) throws {
        let limitBefore = DescriptorLimit.raise()
        ProcessMemory.keepLargeBlocksApart()
        let ending: ServiceEnd.Outcome
        do {
            let workers = workerCount(configuration)
            let descriptors = DescriptorCheck(configuration, workers: workers, limitBefore: limitBefore)
            try descriptors.refuseIfTooFew()
            descriptors.report()
            let loop = try EventLoop()
            let service = try Service(configuration, loop: loop, logs: logs)
            // Never released: a thread that still reads a file or writes the last lines holds a mailbox of this loop.
            // Its last reference must not be dropped there while this thread destroys the loop.
            _ = Unmanaged.passRetained(service)
            try ready(service)
            loop.run()
            ending = service.ending.outcome
        } catch {
            for fault in descriptions(of: error) { ProcessLog.critical("start_failed", ["fault": fault]) }
            logs.flush(atMost: .seconds(1))
            throw ExitCode(1)
        }
        if ending != .complete { throw ExitCode(1) }
    }

    /// Describes the fault, with the member that it concerns if the fault itself does not name it.
    private static func descriptions(of error: any Error) -> [String] {
        switch error {
        case let faults as ConfigurationFaults: faults.faults.map(\.description)
        case let fault as StoreFault: ["store.url: \(fault)"]
        case let fault as ListenFault: ["admin.address: \(fault)"]
        default: ["\(error)"]
        }
    }

    private static func workerCount(_ configuration: GatewayConfiguration) -> Int {
        configuration.listen.workers == 0 ? ProcessorCount.available : configuration.listen.workers
    }

    private init(_ configuration: GatewayConfiguration, loop: EventLoop, logs: Logs) throws {
        self.loop = loop
        self.configuration = configuration
        self.logs = logs
        let startedAt = SystemClock.wall()
        let environment = ProcessInfo.processInfo.environment
        let opening = try StoreOpening(configuration, environment: environment) { fault in
            ProcessLog.critical("store_failed", ["fault": "\(fault)"])
            logs.flush(atMost: .seconds(1))
            _exit(70)
        }
        let settings = try configuration.gatewaySettings(opening.registry)
        store = opening.store
        let memory = MemoryPlan(limitBytes: MemoryLimit.bytes)
        rooms = SharedRooms(
            memory: memory,
            cache: ResultCache(bytesMax: memory.cacheBytesMax(configured: settings.cache.memoryBytesMax)),
            store: store,
            credits: BudgetGate(plan: settings.budgets, opening: opening.ledger, node: 0, at: SystemClock.wall()),
            teams: settings.teams.teams,
            gate: UpstreamGate(
                limits: settings.upstream.gate,
                keys: settings.upstreamKeys,
                asideMax: DescriptorPlan.slowConnections(of: DescriptorLimit.current)
            ),
            resolver: try NameResolver(),
            accessLog: logs.access,
            classifiers: ClassifierEpochs(try store.classifierRecord())
        )
        lag = LoopLag(loop: loop, rooms.mainLoopLag)
        rooms.restore(try store.upstreamKeyRecords())
        let workerCount = Self.workerCount(configuration)
        server = try GatewayServer.start(
            rooms: rooms,
            settings: settings,
            workerCount: workerCount,
            address: try ListenAddressResolution.resolve(configuration.listen.address, "listen.address")
        )
        keeper = try RegistryKeeper(
            loop: loop,
            registry: opening.registry,
            rotations: opening.rotations,
            settings: settings,
            store: store,
            rooms: rooms,
            server: server
        )
        alerts = try AlertDesk(loop: loop, keeper: keeper, rooms: rooms, store: store)
        adminAPI = try AdminAPI(
            loop: loop,
            keeper: keeper,
            rooms: rooms,
            store: store,
            server: server,
            desk: alerts,
            program: AdminProgram(
                version: ProgramVersion.current,
                startedAt: startedAt,
                startedSteady: SystemClock.monotonic(),
                clientURL: Self.clientURL(configuration, server),
                workerCount: workerCount
            ),
            metrics: [opening.store, logs, ProcessMetrics(startedAt: startedAt)],
            settings: configuration.adminSettings
        )
        adminServer = try AdminServer(
            loop: loop,
            address: try ListenAddressResolution.resolve(configuration.admin.address, "admin.address"),
            settings: configuration.adminSettings,
            routes: adminAPI.routes,
            isReady: adminAPI.checkReadiness
        )
        adminServer.isSecret = { [adminAPI] in adminAPI.isSecret($0) }
        adminServer.onRequest = { ProcessLog.debug("admin_request", $0.metadata) }
        do throws(EventLoop.Fault) {
            ending = try ServiceEnd(
                loop: loop,
                server: server,
                adminServer: adminServer,
                alerts: alerts,
                rooms: rooms,
                store: store,
                logs: logs
            )
            read = try Mailbox(loop: loop) { [unowned self] in take($0) }
        } catch {
            adminServer.stop()
            throw error
        }
        adminServer.start()
        alerts.replace(configuration.alertSettings)
        watchSignals()
        logMemory()
        let timer = LoopTimer(loop: loop) { [unowned self] in giveMemoryBack() }
        memoryTimer = timer
        timer.schedule(after: Self.memoryInterval)
    }

    private func logMemory() {
        let status = rooms.memoryStatus
        ProcessLog.info(
            "memory_shares",
            [
                "limit_bytes": String(status.plan.limitBytes), "client_bytes": String(status.plan.clientBytesMax),
                "stranger_bytes": String(status.plan.strangerBytesMax), "cache_bytes": String(status.cacheBytesMax),
            ]
        )
        warnOfLittleMemory()
    }

    /// Warns when the configuration asks for more memory than there is.
    private func warnOfLittleMemory() {
        let status = rooms.memoryStatus
        if status.cacheBytesMax < configuration.cache.memoryBytesMax {
            ProcessLog.warning(
                "cache_memory_reduced",
                ["configured_bytes": String(configuration.cache.memoryBytesMax), "bytes": String(status.cacheBytesMax)]
            )
        }
        if status.plan.teamBytesMax < configuration.listen.bodyBytesMax {
            ProcessLog.warning("max_body_bytes_above_memory", ["bytes": String(status.plan.teamBytesMax)])
        }
    }

    private func giveMemoryBack() {
        rooms.giveMemoryBack(&memoryReturn)
        memoryTimer?.schedule(after: Self.memoryInterval)
    }

    /// The URL for clients.
    var clientURL: String { Self.clientURL(configuration, server) }

    private static func clientURL(_ configuration: GatewayConfiguration, _ server: GatewayServer) -> String {
        "\(configuration.listen.tls == nil ? "http" : "https")://\(server.address)"
    }

    /// The URL for operators.
    var adminURL: String { "http://\(adminServer.address)" }

    /// Sets the file that SIGHUP reads again.
    func reloadsFrom(_ file: String) { configurationFile = file }

    private func watchSignals() {
        for number in [SIGTERM, SIGINT] {
            signals.append(
                SignalSource(loop: loop, signal: number) { [unowned self] in
                    ending.signal(drainTimeout: configuration.listen.drainTimeout)
                }
            )
        }
        signals.append(SignalSource(loop: loop, signal: SIGHUP) { [unowned self] in reload() })
        ProcessStart.releaseSignals()
    }

    // MARK: Reload

    /// Reads the file again on a separate thread, since files that it names may be slow to read. That thread always
    /// returns (`FileReading`). One reload at a time: signals during one count as one after it.
    private func reload() {
        guard let configurationFile, let read, !ending.hasBegun else { return }
        guard !isReloading else {
            mustReloadAgain = true
            return
        }
        isReloading = true
        let environment = ProcessInfo.processInfo.environment
        do throws(EventLoop.Fault) {
            _ = try SystemThread.start(name: "reload") {
                read.post(ConfigurationFile.load(path: configurationFile, environment: environment))
            }
        } catch {
            refuse(error)
            finishReload()
        }
    }

    /// Everything is read before anything changes, so a bad file changes nothing.
    private func take(_ result: Result<GatewayConfiguration, ConfigurationFaults>) {
        // A file that may have changed since it was read is not applied.
        guard !mustReloadAgain, !ending.hasBegun else { return finishReload() }
        switch result {
        case .success(let configuration): replace(with: configuration)
        case .failure(let faults):
            refuse(faults)
            finishReload()
        }
    }

    private func finishReload() {
        isReloading = false
        guard mustReloadAgain else { return }
        mustReloadAgain = false
        reload()
    }

    private func refuse(_ error: any Error) {
        for fault in Self.descriptions(of: error) { ProcessLog.error("reload_refused", ["fault": fault]) }
    }

    private func replace(with new: GatewayConfiguration) {
        for path in new.changesNeedingRestart(from: configuration) {
            ProcessLog.warning("restart_needed", ["member": path])
        }
        let kept = new.keepingWhatNeedsRestart(of: configuration)
        keeper.reload(
            RegistryReload(
                file: kept.fileRegistry,
                makeSettings: { registry in
                    try kept.checkAccounts(against: registry.accounts)
                    return try kept.gatewaySettings(registry)
                },
                then: { [unowned self] result in
                    switch result {
                    case .success: apply(kept)
                    case .failure(let error): refuse(error)
                    }
                    finishReload()
                }
            )
        )
    }

    /// The remaining steps once the workers have the new settings.
    private func apply(_ new: GatewayConfiguration) {
        configuration = new
        store.replace(retention: new.resultRetention, ofClassifiers: new.classifierRetention)
        store.replace(ledgerRetention: new.store.ledgerRetention)
        warnOfLittleMemory()
        logs.replace(new.log)
        logs.tell(new.warnings + new.withoutEffectYet, of: configurationFile ?? "")
        DescriptorCheck(new, workers: Self.workerCount(new), limitBefore: nil).report()
        adminServer.replace(new.adminSettings)
        adminAPI.replace(new.adminSettings)
        alerts.replace(new.alertSettings)
        ProcessLog.info("reloaded", [:])
    }
}
