import ArgumentParser
import Budgeting
import Caching
import Configuration
import EventLoops
import Foundation
import Gateway
import Observability
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
        } catch let fault as GatewayServer.StartFault {
            throw fail("listen.address: \(fault)", logs)
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
        let settings = try configuration.gatewaySettings()
        guard let path = configuration.sqlitePath else {
            throw StoreFault(code: .unavailable, detail: "PostgreSQL is not served yet; give sqlite:PATH")
        }
        store = try SQLiteStore.open(path: path) { fault in
            // The disk failed to make something durable: nothing more may be acknowledged (FAULTS §6).
            StandardError.print("tollgate: the store failed and cannot be trusted further: \(fault)")
            _exit(70)
        }
        store.replace(retention: configuration.resultRetention)
        let opening = try store.opening()
        if opening.recoveredCount > 0 {
            // A crash left them behind: nobody knows what the vendor charged for them.
            ProcessLog.warning("reservations_unconfirmed", ["count": String(opening.recoveredCount)])
        }
        rooms = SharedRooms(
            cache: ResultCache(bytesMax: settings.cache.memoryBytesMax),
            store: store,
            credits: BudgetGate(plan: settings.budgets, opening: opening, node: 0, at: SystemClock.wall()),
            teams: settings.teams.teams,
            gate: UpstreamGate(settings: settings.upstream, keys: settings.upstreamKeys),
            resolver: NameResolver(),
            accessLog: logs.access
        )
        rooms.restore(try store.upstreamKeyRecords())
        server = try GatewayServer.start(
            rooms: rooms,
            settings: settings,
            workerCount: configuration.listen.workers == 0 ? ProcessorCount.available : configuration.listen.workers,
            address: try ListenAddressResolution.resolve(configuration.listen.address)
        )
        watchSignals()
    }

    /// Where clients connect.
    var clientURL: String { "\(configuration.listen.tls == nil ? "http" : "https")://\(server.address)" }

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
        do {
            let settings = try new.gatewaySettings()
            let needRestart = new.changesNeedingRestart(from: configuration)
            for path in needRestart { ProcessLog.warning("restart_needed", ["member": path]) }
            apply(new, settings)
        } catch {
            ProcessLog.error("reload_refused", ["fault": "\(error)"])
        }
    }

    private func apply(_ new: GatewayConfiguration, _ settings: GatewaySettings) {
        let orderChanged = new.cache.schemaOrder != configuration.cache.schemaOrder
        configuration = new.keepingWhatNeedsRestart(of: configuration)
        rooms.replace(settings, dropsAliases: orderChanged)
        store.replace(retention: new.resultRetention)
        logs.replace(new.log)
        server.replace(settings)
        ProcessLog.info("reloaded", [:])
    }

    // MARK: The end

    /// The first signal drains, the second does not wait.
    private func end() {
        if isEnding { return loop.stop() }
        isEnding = true
        ProcessLog.info("draining", [:])
        let drained = Mailbox<Void>(loop: loop) { [unowned self] in loop.stop() }
        let timer = LoopTimer(loop: loop) { [unowned self] in
            ProcessLog.warning("drain_timeout", [:])
            loop.stop()
        }
        timer.schedule(after: configuration.listen.drainTimeout)
        drainTimer = timer
        self.drained = drained
        server.drain { drained.post(()) }
    }

    /// Everything that was acknowledged is durable already; this closes the store in order and writes the last lines.
    private func close() {
        server.abort()
        store.close()
        ProcessLog.info("stopped", [:])
        logs.flush()
    }
}
