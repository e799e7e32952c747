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
import Supervision
import Transport
import UpstreamKeys
import Vocabulary

/// One running gateway: its rooms, the signals that control it, and its shutdown.
///
/// Confined to the main loop, which the main thread runs.
final class Service {
    private let loop: EventLoop
    private var configuration: GatewayConfiguration
    private let store: Store
    private let rooms: SharedRooms
    private let server: GatewayServer
    private let keeper: RegistryKeeper
    private let alerts: AlertDesk
    private let adminAPI: AdminAPI
    private let adminServer: AdminServer
    private let logs: Logs
    private var signals: [SignalSource] = []
    private let ending: ServiceEnd
    /// Receives, from the store's thread, why the process has lost its seat among the nodes.
    private var seatLost: Mailbox<StoreFault>?
    private let environment: [String: String]
    /// What is done at the end when the seat is lost.
    private var restart: Restart?
    private let lag: LoopLag
    private let workerCount: Int
    private var memoryTimer: LoopTimer?
    private var memoryReturn = MemoryReturn()
    /// Nil for a store that is a file.
    private var nodesTimer: LoopTimer?
    private static let nodesInterval = Duration.seconds(1)
    private static let memoryInterval = Duration.seconds(2)
    private let supervisor: Supervisor
    private let storePing: StorePing
    private var configurationFile: String?
    /// Receives the result from the thread that reads the file.
    private var read: Mailbox<Result<GatewayConfiguration, ConfigurationFaults>>?
    /// Nil when no configuration file is followed.
    private var watcher: FileWatcher?
    /// From the signal, or the change of a file, until the settings are in effect or refused.
    private var reloading: RegistryReload.Cause?
    /// SIGHUP arrived again during a reload.
    private var mustReloadAgain = false
    /// What of the store was said to have no effect.
    private var shadowed: Set<String> = []

    /// Runs a gateway until a signal ends it. The signals have been held since the start of the program, and there is
    /// no other thread but those of the logs.
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
        let service: Service
        do {
            let environment = ProcessInfo.processInfo.environment
            let sockets = try HandedSockets.take(from: environment) {
                (
                    try ListenAddressResolution.resolve(configuration.listen.address, "listen.address"),
                    try ListenAddressResolution.resolve(configuration.admin.address, "admin.address")
                )
            }
            let workers = workerCount(configuration, sockets)
            let descriptors = DescriptorCheck(configuration, workers: workers, limitBefore: limitBefore)
            try descriptors.refuseIfTooFew()
            descriptors.report()
            let loop = try EventLoop()
            service = try Service(
                configuration,
                sockets,
                environment: environment,
                loop: loop,
                logs: logs,
                supervisor: Supervisor(loop: loop, environment: environment)
            )
            // Never released: a thread that still reads a file or writes the last lines holds a mailbox of this loop.
            // Its last reference must not be dropped there while this thread destroys the loop.
            _ = Unmanaged.passRetained(service)
            try ready(service)
            service.tellReady()
            ProcessMemory.giveBackStart()
            loop.run()
        } catch {
            for fault in descriptions(of: error) { ProcessLog.critical("start_failed", ["fault": fault]) }
            logs.flush(atMost: .seconds(1))
            throw ExitCode(1)
        }
        switch service.ending.outcome {
        case .complete: break
        case .incomplete: throw ExitCode(1)
        case .seatLost:
            service.restart?.perform()
            throw ExitCode(70)
        }
    }

    /// Describes the fault, with the member that it concerns if the fault itself does not name it.
    private static func descriptions(of error: any Error) -> [String] {
        switch error {
        case let faults as ConfigurationFaults: faults.faults.map(\.description)
        case let fault as StoreFault: ["store.url: \(fault)"]
        case let fault as ListenFault: ["\(fault)"]
        default: ["\(error)"]
        }
    }

    /// Each socket that was handed over needs a worker that accepts from it.
    private static func workerCount(_ configuration: GatewayConfiguration, _ sockets: HandedSockets) -> Int {
        let wanted = configuration.listen.workers == 0 ? ProcessorCount.available : configuration.listen.workers
        return max(wanted, sockets.listen.count)
    }

    private init(
        _ configuration: GatewayConfiguration,
        _ sockets: HandedSockets,
        environment: [String: String],
        loop: EventLoop,
        logs: Logs,
        supervisor: Supervisor
    ) throws {
        self.loop = loop
        self.configuration = configuration
        self.logs = logs
        self.supervisor = supervisor
        self.environment = environment
        let startedAt = SystemClock.wall()
        let seatLoss = SeatLoss()
        let opening = try StoreOpening(configuration, environment: environment, onLost: seatLoss.note) { fault in
            ProcessLog.critical("store_failed", ["fault": "\(fault)"])
            logs.flush(atMost: .seconds(1))
            _exit(70)
        }
        let settings = try configuration.gatewaySettings(opening.registry)
        let adminSettings = try configuration.adminSettings()
        store = opening.store
        let memory = MemoryPlan(limitBytes: MemoryLimit.bytes)
        let credits = BudgetGate(
            plan: settings.budgets,
            opening: opening.ledger,
            node: store.node,
            at: SystemClock.wall()
        )
        store.tellBudgets(to: credits)
        rooms = SharedRooms(
            memory: memory,
            cache: ResultCache(bytesMax: memory.cacheBytesMax(configured: settings.cache.memoryBytesMax)),
            store: store,
            credits: credits,
            teams: settings.teams.teams,
            gate: UpstreamGate(
                limits: settings.upstream.gate,
                keys: settings.upstreamKeys,
                asideMax: DescriptorPlan.slowConnections(of: DescriptorLimit.current)
            ),
            resolver: try NameResolver(),
            accessLog: logs.access,
            classifiers: ClassifierEpochs(try store.classifierRecord(), node: store.isShared ? store.node : nil),
            standing: store.standing
        )
        lag = LoopLag(loop: loop, rooms.mainLoopLag)
        storePing = try StorePing(loop: loop, rooms: rooms)
        rooms.restore(try store.upstreamKeyRecords(), uses: try store.upstreamKeyUses())
        let workerCount = Self.workerCount(configuration, sockets)
        self.workerCount = workerCount
        server = try GatewayServer.start(
            rooms: rooms,
            settings: settings,
            workerCount: workerCount,
            address: try sockets.listen.first?.address
                ?? ListenAddressResolution.resolve(configuration.listen.address, "listen.address"),
            inheriting: sockets.listen
        )
        keeper = try RegistryKeeper(
            loop: loop,
            registry: opening.registry,
            rotations: opening.rotations,
            settings: settings,
            stamp: opening.stamp,
            store: store,
            rooms: rooms,
            server: server
        )
        let news = StoreEventDesk(rooms: rooms, keeper: keeper)
        store.hear { news.note($0) }
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
                workerCount: workerCount,
                node: store.node
            ),
            metrics: [opening.store, logs, ProcessMetrics(startedAt: startedAt)],
            settings: adminSettings
        )
        let adminAddress =
            try sockets.admin?.address
            ?? ListenAddressResolution.resolve(configuration.admin.address, "admin.address")
        do throws(ListenFault) {
            adminServer = try AdminServer(
                loop: loop,
                address: adminAddress,
                inheriting: sockets.admin,
                settings: adminSettings,
                routes: adminAPI.routes,
                isReady: adminAPI.checkReadiness
            )
        } catch {
            throw UsageFault(description: "admin.address: \(error)")
        }
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
                logs: logs,
                supervisor: supervisor
            )
            read = try Mailbox(loop: loop) { [unowned self] in take($0) }
            seatLost = try Mailbox(loop: loop) { [unowned self] in end(because: $0) }
        } catch {
            adminServer.stop()
            throw error
        }
        adminServer.start()
        alerts.adminCertificateEnd = adminSettings.tls?.certificateEnd
        alerts.replace(configuration.alertSettings)
        tell(sockets)
        warnOfShadowed()
        watchSignals()
        logMemory()
        let timer = LoopTimer(loop: loop) { [unowned self] in giveMemoryBack() }
        memoryTimer = timer
        timer.schedule(after: Self.memoryInterval)
        if store.standing.isShared, let seatLost {
            seatLoss.tell { seatLost.post($0) }
            nodesTimer = LoopTimer(loop: loop) { [unowned self] in followNodes() }
            followNodes()
        }
    }

    /// Another node has ended what this one had under way as far as it could. What the vendor still answers is booked,
    /// and nothing is begun; then the program starts anew, with a seat of its own.
    private func end(because fault: StoreFault) {
        ProcessLog.critical("seat_lost", ["fault": "\(fault)"])
        guard !ending.hasBegun else { return }
        restart = Restart(environment: environment, admin: adminServer.address)
        supervisor.tellReloading()
        ending.loseSeat(drainTimeout: configuration.listen.drainTimeout)
    }

    private func followNodes() {
        rooms.followNodes()
        nodesTimer?.schedule(after: Self.nodesInterval)
    }

    /// Warns of what has no effect since the file took it over, each once.
    private func warnOfShadowed() {
        let now = Set(keeper.registry.shadowed)
        for name in now.subtracting(shadowed).sorted() {
            ProcessLog.warning("registry_without_effect", ["target": name])
        }
        shadowed = now
    }

    /// Says what the sockets of the supervisor leave without effect.
    private func tell(_ sockets: HandedSockets) {
        for socket in sockets.listen { tell(socket, "listen.address", configuration.listen.address) }
        if let socket = sockets.admin { tell(socket, "admin.address", configuration.admin.address) }
        guard sockets.listen.count > configuration.listen.workers, configuration.listen.workers > 0 else { return }
        ProcessLog.warning(
            "member_without_effect",
            ["member": "listen.workers", "because": "each socket handed over has a worker", "is": "\(workerCount)"]
        )
    }

    private func tell(_ socket: InheritedSocket, _ member: String, _ address: ListenAddress) {
        ProcessLog.info("socket_handed_over", ["member": member, "address": "\(socket.address)"])
        guard SocketAddress(literal: address.host, port: address.port) != socket.address else { return }
        ProcessLog.warning(
            "member_without_effect",
            ["member": member, "because": "a socket was handed over", "is": "\(socket.address)"]
        )
    }

    /// Tells the supervisor that connections are accepted, and from now on that they still are.
    private func tellReady() {
        supervisor.tellReady(status)
        supervisor.watch([server.ping, storePing.ask])
    }

    private var status: String { "Clients on \(clientURL), operators on \(adminURL)" }

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
    var adminURL: String { "\(configuration.admin.tls == nil ? "http" : "https")://\(adminServer.address)" }

    /// Sets the file that SIGHUP reads again, and watches those that it names if it says so.
    func reloadsFrom(_ file: String) throws {
        configurationFile = file
        let watcher = try FileWatcher(loop: loop) { [unowned self] in reload(.files) }
        watcher.replace(configuration)
        self.watcher = watcher
    }

    private func watchSignals() {
        for number in [SIGTERM, SIGINT] {
            signals.append(
                SignalSource(loop: loop, signal: number) { [unowned self] in
                    let listen = configuration.listen
                    ending.signal(drainDelay: listen.drainDelay, drainTimeout: listen.drainTimeout)
                }
            )
        }
        signals.append(SignalSource(loop: loop, signal: SIGHUP) { [unowned self] in reload(.signal) })
        ProcessStart.releaseSignals()
    }

    // MARK: Reload

    /// Reads the file again on a separate thread, since files that it names may be slow to read. That thread always
    /// returns (`FileReading`). One reload at a time: signals during one count as one after it. When a named file has
    /// changed, the configuration itself is taken as it was last read: its new text may not be finished.
    private func reload(_ cause: RegistryReload.Cause) {
        guard let configurationFile, let read, !ending.hasBegun else { return }
        guard reloading == nil else {
            // The watcher looks again by itself.
            if cause == .signal { mustReloadAgain = true }
            return
        }
        reloading = cause
        if cause == .signal { supervisor.tellReloading() }
        let source = cause == .files ? configuration.origin?.source : nil
        let environment = ProcessInfo.processInfo.environment
        do throws(EventLoop.Fault) {
            _ = try SystemThread.start(name: "reload") {
                read.post(
                    source.map { ConfigurationFile.load($0, environment: environment) }
                        ?? ConfigurationFile.load(path: configurationFile, environment: environment)
                )
            }
        } catch {
            refuse(error, files: [:])
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
            refuse(faults, files: faults.files)
            finishReload()
        }
    }

    private func finishReload() {
        let cause = reloading
        reloading = nil
        guard !ending.hasBegun else { return }
        if mustReloadAgain {
            mustReloadAgain = false
            reload(.signal)
        } else if cause == .signal {
            supervisor.tellReady(status)
        }
    }

    /// - Parameter files: as they were read.
    private func refuse(_ error: any Error, files: FileStates) {
        let faults = Self.descriptions(of: error)
        if reloading == .files, watcher?.refused(files, faults) == false { return }
        for fault in faults {
            ProcessLog.error("reload_refused", ["file": configurationFile ?? "", "fault": fault])
        }
    }

    private func replace(with new: GatewayConfiguration) {
        for path in new.changesNeedingRestart(from: configuration) {
            ProcessLog.warning("restart_needed", ["member": path])
        }
        let kept = new.keepingWhatNeedsRestart(of: configuration)
        let files = new.origin?.files ?? [:]
        let adminSettings: AdminSettings
        do throws(TLSConfigurationFault) { adminSettings = try kept.adminSettings() } catch {
            refuse(error, files: files)
            return finishReload()
        }
        keeper.reload(
            RegistryReload(
                file: kept.fileRegistry,
                cause: reloading ?? .signal,
                makeSettings: { registry in
                    try kept.checkAccounts(against: registry.accounts)
                    return try kept.gatewaySettings(registry)
                },
                then: { [unowned self] result in
                    switch result {
                    case .success: apply(kept, adminSettings)
                    case .failure(let error): refuse(error, files: files)
                    }
                    finishReload()
                }
            )
        )
    }

    /// The remaining steps once the workers have the new settings.
    private func apply(_ new: GatewayConfiguration, _ adminSettings: AdminSettings) {
        configuration = new
        store.replace(retention: new.resultRetention, ofClassifiers: new.classifierRetention)
        store.replace(ledgerRetention: new.store.ledgerRetention)
        store.standing.replace(
            staleFor: new.store.staleFor,
            sinceBoot: SystemClock.sinceBoot(),
            now: SystemClock.monotonic()
        )
        store.standing.replace(configurationDigest: new.digest)
        // The URL is the one that it was opened with, so it is in order.
        if let target = try? new.storeTarget() { store.replace(target) }
        warnOfLittleMemory()
        logs.replace(new.log)
        logs.tell(new.warnings, of: configurationFile ?? "")
        DescriptorCheck(new, workers: workerCount, limitBefore: nil).report()
        adminServer.replace(adminSettings)
        adminAPI.replace(adminSettings)
        alerts.adminCertificateEnd = adminSettings.tls?.certificateEnd
        alerts.replace(new.alertSettings)
        watcher?.replace(new)
        warnOfShadowed()
        ProcessLog.info("reloaded", ["because": (reloading ?? .signal).rawValue])
    }
}
