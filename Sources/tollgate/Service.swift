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
import Upstream
import Vocabulary

/// One running gateway: its rooms put together, the signals that steer it, and its end.
///
/// Confined to the main loop, which the main thread runs.
final class Service {
    private let loop: EventLoop
    private var configuration: GatewayConfiguration
    private let store: SQLiteStore
    private let rooms: SharedRooms
    private let server: GatewayServer
    private let keeper: RegistryKeeper
    private let adminAPI: AdminAPI
    private let adminServer: AdminServer
    private let logs: Logs
    private var signals: [SignalSource] = []
    private var drainTimer: LoopTimer?
    /// Kept here, so that its last reference goes on this loop and not with the worker that drained last.
    private var drained: Mailbox<Void>?
    private var isEnding = false
    private var configurationFile: String?

    /// Runs a gateway until a signal ends it.
    ///
    /// - Parameter ready: called when connections are accepted.
    static func run(_ configuration: GatewayConfiguration, _ ready: (Service) throws -> Void) throws {
        signal(SIGPIPE, SIG_IGN)
        DescriptorLimit.raise()
        let loop = try EventLoop()
        let logs = Logs(configuration.log)
        do {
            let service = try Service(configuration, loop: loop, logs: logs)
            try ready(service)
            loop.run()
            service.close()
        } catch let fault as StoreFault {
            throw fail("store.url: \(fault)", logs)
        } catch let fault as SealerFault {
            throw fail("\(fault)", logs)
        } catch let fault as GatewayServer.StartFault {
            throw fail("listen.address: \(fault)", logs)
        } catch let fault as ListenFault {
            throw fail("admin.address: \(fault)", logs)
        } catch let fault as TLSConfigurationFault {
            throw fail("tls: \(fault)", logs)
        }
    }

    private static func fail(_ message: String, _ logs: Logs) -> ExitCode {
        logs.flush()
        StandardError.print("tollgate: \(message)")
        return ExitCode(1)
    }

    private init(_ configuration: GatewayConfiguration, loop: EventLoop, logs: Logs) throws {
        self.loop = loop
        self.configuration = configuration
        self.logs = logs
        let startedAt = SystemClock.wall()
        let opening = try StoreOpening(configuration, environment: ProcessInfo.processInfo.environment)
        let settings = try configuration.gatewaySettings(opening.registry)
        store = opening.store
        rooms = SharedRooms(
            cache: ResultCache(bytesMax: settings.cache.memoryBytesMax),
            store: store,
            credits: BudgetGate(plan: settings.budgets, opening: opening.ledger, node: 0, at: SystemClock.wall()),
            teams: settings.teams.teams,
            gate: UpstreamGate(settings: settings.upstream, keys: settings.upstreamKeys),
            resolver: NameResolver(),
            accessLog: logs.access
        )
        rooms.restore(try store.upstreamKeyRecords())
        let workerCount = configuration.listen.workers == 0 ? ProcessorCount.available : configuration.listen.workers
        server = try GatewayServer.start(
            rooms: rooms,
            settings: settings,
            workerCount: workerCount,
            address: try ListenAddressResolution.resolve(configuration.listen.address, "listen.address")
        )
        keeper = RegistryKeeper(
            loop: loop,
            registry: opening.registry,
            rotations: opening.rotations,
            settings: settings,
            store: store,
            rooms: rooms,
            server: server
        )
        adminAPI = AdminAPI(
            loop: loop,
            keeper: keeper,
            rooms: rooms,
            store: store,
            program: AdminProgram(
                version: ProgramVersion.current,
                startedAt: startedAt,
                startedSteady: SystemClock.monotonic(),
                clientURL: Self.clientURL(configuration, server),
                workerCount: workerCount
            ),
            settings: configuration.adminSettings
        )
        adminServer = try AdminServer(
            loop: loop,
            address: try ListenAddressResolution.resolve(configuration.admin.address, "admin.address"),
            settings: configuration.adminSettings,
            routes: adminAPI.routes,
            isReady: adminAPI.checkReadiness
        )
        adminServer.onRequest = { ProcessLog.debug("admin_request", $0.metadata) }
        adminServer.start()
        watchSignals()
    }

    /// Where clients connect.
    var clientURL: String { Self.clientURL(configuration, server) }

    private static func clientURL(_ configuration: GatewayConfiguration, _ server: GatewayServer) -> String {
        "\(configuration.listen.tls == nil ? "http" : "https")://\(server.address)"
    }

    /// Where operators connect.
    var adminURL: String { "http://\(adminServer.address)" }

    /// The file that SIGHUP reads again.
    func reloadsFrom(_ file: String) { configurationFile = file }

    private func watchSignals() {
        for number in [SIGTERM, SIGINT] {
            signals.append(SignalSource(loop: loop, signal: number) { [unowned self] in end() })
        }
        signals.append(SignalSource(loop: loop, signal: SIGHUP) { [unowned self] in reload() })
    }

    // MARK: Reload

    /// Reads the file again. Everything is read before anything changes, so a bad file changes nothing.
    private func reload() {
        guard let configurationFile, !isEnding else { return }
        let environment = ProcessInfo.processInfo.environment
        let result = ConfigurationFile.load(path: configurationFile, environment: environment)
        let new: GatewayConfiguration
        switch result {
        case .success(let configuration): new = configuration
        case .failure(let faults):
            for fault in faults.faults { ProcessLog.error("reload_refused", ["fault": "\(fault)"]) }
            return
        }
        for path in new.changesNeedingRestart(from: configuration) {
            ProcessLog.warning("restart_needed", ["member": path])
        }
        let kept = new.keepingWhatNeedsRestart(of: configuration)
        keeper.reload(
            RegistryReload(
                file: kept.fileRegistry,
                makeSettings: { try kept.gatewaySettings($0) },
                then: { [unowned self] result in
                    switch result {
                    case .success: apply(kept)
                    case .failure(let error): ProcessLog.error("reload_refused", ["fault": "\(error)"])
                    }
                }
            )
        )
    }

    /// What is left to do when the workers have the new settings.
    private func apply(_ new: GatewayConfiguration) {
        configuration = new
        store.replace(retention: new.resultRetention)
        logs.replace(new.log)
        adminServer.replace(new.adminSettings)
        adminAPI.replace(new.adminSettings)
        ProcessLog.info("reloaded", [:])
    }

    // MARK: The end

    /// The first signal drains, the second does not wait.
    private func end() {
        if isEnding { return loop.stop() }
        isEnding = true
        ProcessLog.info("draining", [:])
        // Both sides finish what they have: the workers their clients' requests, the admin side a change that is being made.
        var waitingFor = 2
        func finished() {
            waitingFor -= 1
            if waitingFor == 0 { loop.stop() }
        }
        let drained = Mailbox<Void>(loop: loop) { finished() }
        let timer = LoopTimer(loop: loop) { [unowned self] in
            ProcessLog.warning("drain_timeout", [:])
            loop.stop()
        }
        timer.schedule(after: configuration.listen.drainTimeout)
        drainTimer = timer
        self.drained = drained
        adminServer.drain { finished() }
        server.drain { drained.post(()) }
    }

    /// Everything that was acknowledged is durable already; this closes the store in order and writes the last lines.
    private func close() {
        adminServer.stop()
        server.abort()
        store.close()
        ProcessLog.info("stopped", [:])
        logs.flush()
    }
}
