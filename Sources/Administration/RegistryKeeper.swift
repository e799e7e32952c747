import Authentication
import Budgeting
public import EventLoops
public import Gateway
import JSON
import Observability
public import Registry
import Vocabulary

/// Owns the registry and changes it, one change at a time: decided, durable in the store, applied in memory, in effect
/// on every worker, and only then answered.
///
/// Confined to its loop. Changes wait in a bounded queue, so each is decided from the result of the previous one.
/// Reloads of the configuration take their turn among them.
///
/// Where nodes share the store, others change the registry too. What is in memory has a stamp, the number of the feed
/// up to which it knows of their changes. The store refuses a change that was decided from an older stamp; then the
/// rows are read and it is decided again. When a change of another node is heard of, the rows are read before the next
/// change is decided (`RegistryKeeper+Nodes`).
public final class RegistryKeeper {
    /// The author of a change, for the audit log.
    struct Actor {
        let name: String
        let role: AdminRole
        /// Its IP address.
        let address: String
    }

    private struct Change {
        let actor: Actor
        let decide: (Registry) throws(AdminFault) -> RegistryChange?
        let showBefore: (() throws(AdminFault) -> JSONValue)?
        let then: (Result<RegistryChange?, AdminFault>) -> Void
        /// When it was first decided from what another node had changed meanwhile.
        var overtakenAt: MonotonicInstant?
    }

    private enum Work {
        case change(Change)
        case reload(RegistryReload)
    }

    private static let waitingMax = 1_000
    /// How long a change is decided again and again before its client is told to try later.
    private static let decidingMax = Duration.seconds(10)

    public internal(set) var registry: Registry
    var settings: GatewaySettings
    /// The current settings of the cache.
    var cacheSettings: CacheSettings { settings.cache }
    /// When the certificate that clients are shown ends; nil without TLS.
    var certificateEnd: Timestamp? { settings.listenerTLS?.certificateEnd }
    var teams: [TeamID: Team] = [:]
    /// Secrets of recent rotations, for idempotent replays.
    var rotations: RotationMemory
    let store: any RegistryStore
    let rooms: SharedRooms
    private let server: GatewayServer
    let back: LoopReturn
    /// The previous directory, held until every worker has switched: it must be freed on this thread, not on a
    /// worker's, which has requests to serve.
    var retired: TeamDirectory?
    private var waiting: [Work] = []
    private var isBusy = false
    private var isGoingOn = false
    /// Writes of a reload that the store could not take; they are stored with the next change.
    var overdue: [RegistryWrite] = []
    /// What memory knows of other nodes, and what it has heard of.
    var stamps: RegistryStamps
    /// Brings word of other nodes.
    private var news: Mailbox<Int64>?
    /// Why the last reading failed; nil once one has succeeded.
    private var readingFault: StoreFault?
    /// Runs while a reading that failed waits for its next try.
    private var readingTimer: LoopTimer?
    /// How long it waits.
    private static let readingPause = Duration.seconds(1)

    /// - Parameters:
    ///   - settings: the workers' current settings, made from `registry`.
    ///   - stamp: of the rows that `registry` was made from.
    /// - Throws: no descriptor is left for the answers of other threads.
    public init(
        loop: EventLoop,
        registry: Registry,
        rotations: RotationMemory,
        settings: GatewaySettings,
        stamp: Int64 = 0,
        store: any RegistryStore,
        rooms: SharedRooms,
        server: GatewayServer
    ) throws(EventLoop.Fault) {
        stamps = RegistryStamps(known: stamp)
        self.registry = registry
        self.rotations = rotations
        self.settings = settings
        self.store = store
        self.rooms = rooms
        self.server = server
        back = try LoopReturn(loop: loop)
        teams = Self.byID(settings.teams.teams)
        news = try Mailbox(loop: loop) { [unowned self] in hear($0) }
        readingTimer = LoopTimer(loop: loop) { [unowned self] in goOn() }
    }

    /// To be called with the number of the feed of each change that another node made. Any thread.
    public var hears: @Sendable (Int64) -> Void {
        guard let news else { preconditionFailure("a keeper without a mailbox") }
        return { news.post($0) }
    }

    private func hear(_ number: Int64) {
        stamps.hear(number)
        goOn()
    }

    static func byID(_ teams: [Team]) -> [TeamID: Team] {
        Dictionary(uniqueKeysWithValues: teams.map { ($0.id, $0) })
    }

    /// Whether `digest` belongs to a team key, even an expired one, or to a vendor key.
    func isSecret(_ digest: Digest) -> Bool {
        settings.teams.find(secretDigest: digest, at: Timestamp(microseconds: .min)) != nil
            || settings.upstreamKeys.contains { $0.secretDigest == digest }
    }

    // MARK: Asking

    /// Queues a change.
    ///
    /// - Parameters:
    ///   - decide: called when the change's turn comes; returns nil when nothing has to change.
    ///   - showBefore: the previous value for the audit log, where it is more than the registry knows.
    ///   - then: called when the change is in effect on every worker, or with the reason why nothing changed.
    func change(
        by actor: Actor,
        _ decide: @escaping (Registry) throws(AdminFault) -> RegistryChange?,
        showing showBefore: (() throws(AdminFault) -> JSONValue)? = nil,
        then: @escaping (Result<RegistryChange?, AdminFault>) -> Void
    ) {
        guard waiting.count < Self.waitingMax else { return then(.failure(.overloaded)) }
        waiting.append(.change(Change(actor: actor, decide: decide, showBefore: showBefore, then: then)))
        goOn()
    }

    /// Queues a reload of the configuration.
    public func reload(_ reload: RegistryReload) {
        waiting.append(.reload(reload))
        goOn()
    }

    /// A loop: what is answered at once, as a thousand waiting changes may be, must not be one call within the other.
    private func goOn() {
        guard !isGoingOn else { return }
        isGoingOn = true
        defer { isGoingOn = false }
        while !isBusy, beginNext() {}
    }

    /// Begins what is next; false when there is nothing.
    private func beginNext() -> Bool {
        if stamps.isReadingDue, readingTimer?.isScheduled != true {
            isBusy = true
            read()
            return true
        }
        guard !waiting.isEmpty else { return false }
        isBusy = true
        switch waiting.removeFirst() {
        case .change(let change):
            if stamps.isReadingDue, let readingFault {
                change.then(.failure(.storeUnavailable(readingFault)))
                finish()
            } else {
                make(change)
            }
        case .reload(let reload): make(reload)
        }
        return true
    }

    /// The rows could not be read. They are read again soon; no change is decided before, but reloads are made, since
    /// they have to be without a store as well.
    func readingFailed(_ fault: StoreFault) {
        readingFault = fault
        readingTimer?.schedule(after: Self.readingPause)
        finish()
    }

    func finish() {
        isBusy = false
        goOn()
    }

    // MARK: A change

    private func make(_ change: Change) {
        do throws(AdminFault) {
            guard let decided = try change.decide(registry) else {
                change.then(.success(nil))
                return finish()
            }
            save(decided, before: try change.showBefore?() ?? decided.before?.json, for: change)
        } catch {
            change.then(.failure(error))
            finish()
        }
    }

    private func save(_ decided: RegistryChange, before: JSONValue?, for change: Change) {
        let entry = AuditEntry(
            at: SystemClock.wall(),
            actor: change.actor.name,
            role: change.actor.role.name,
            action: decided.action,
            target: decided.target,
            address: change.actor.address,
            before: before?.text,
            after: decided.after?.json.text
        )
        let late = overdue
        let saved = back.callback { [unowned self] (result: Result<Void, StoreFault>) in
            switch result {
            case .success:
                overdue.removeFirst(late.count)
                publish(decided, for: change)
            case .failure(let fault):
                if fault.code == .overtaken, decidesAgain(change) { return }
                change.then(.failure(.storeUnavailable(fault)))
                finish()
            }
        }
        store.apply(late + decided.writes, audit: entry, decidedAt: stamps.known, then: saved)
    }

    /// From the rows as they are now, before any change that waits; false when that has been done for long enough.
    private func decidesAgain(_ change: Change) -> Bool {
        let now = SystemClock.monotonic()
        guard now - (change.overtakenAt ?? now) < Self.decidingMax else { return false }
        var change = change
        change.overtakenAt = change.overtakenAt ?? now
        waiting.insert(.change(change), at: 0)
        stamps.demandReading()
        finish()
        return true
    }

    private func publish(_ decided: RegistryChange, for change: Change) {
        ProcessLog.info(
            "registry_changed",
            ["actor": change.actor.name, "action": decided.action, "target": decided.target]
        )
        retired = settings.teams
        take(decided.writes)
        publish { [unowned self] in
            change.then(.success(decided))
            finish()
        }
    }

    /// Puts the settings into effect on all workers, in place of the directory that is retired.
    func publish(then: @escaping () -> Void) {
        let published = back.callback { [unowned self] (_: Void) in
            retired = nil
            then()
        }
        server.replace(settings) { published(()) }
    }

    /// Applies the writes in memory and passes their consequences to the rooms. Limits go first, so that a new key has
    /// its own limits from its first request on.
    private func take(_ writes: [RegistryWrite]) {
        var concerned = RegistryScope()
        for write in writes { concerned.add(write) }
        let keysBefore = Set(concerned.teamKeys + concerned.teams.flatMap { registry.goodTeamKeyIDs(of: $0) })
        let gone = keysBefore.flatMap { registry.digests(of: $0) }
        for write in writes { registry.apply(write) }
        let ended = keysBefore.filter { registry.teamKey($0).map { $0.record.revokedAt != nil } ?? true }
        if !ended.isEmpty { rotations.forget(ended) }
        for scope in concerned.budgetScopes { rooms.replace(budgets: registry.budgets(of: scope), of: scope) }
        if !concerned.teams.isEmpty {
            for id in concerned.teams { teams[id] = registry.team(id).map { registry.team(of: $0.record) } }
            rooms.replace(teams: Array(teams.values))
        }
        if concerned.hasFileKeys {
            settings.teams = registry.directory()
        } else {
            replace(keysBefore.union(concerned.teamKeys), gone, teamsChanged: !concerned.teams.isEmpty)
        }
        if concerned.hasUpstreamKeys {
            settings.upstreamKeys = registry.upstreamKeys
            rooms.replace(upstream: settings.upstream, keys: settings.upstreamKeys)
        }
        for id in concerned.enabledKeys { rooms.enable(upstreamKey: id) }
    }

    /// Updates the directory with the changed keys of the store.
    ///
    /// - Parameter gone: the previous digests of the keys.
    private func replace(_ keys: Set<TeamKeyID>, _ gone: [Digest], teamsChanged: Bool) {
        // The file may name a secret that a key of the store has too, and takes precedence: that entry is left alone.
        let own = gone.filter { digest in
            settings.teams.find(secretDigest: digest, at: Timestamp(microseconds: .min)).map { keys.contains($0.id) }
                ?? false
        }
        let new = keys.flatMap { registry.directoryKeys(of: $0) { teams[$0] } }
        settings.teams = settings.teams.replacing(own, with: new, teams: teamsChanged ? Array(teams.values) : nil)
    }

    // MARK: A reload

    private func make(_ reload: RegistryReload) {
        let writes = registry.following(reload.file)
        var next = registry
        for write in writes { next.apply(write) }
        next.replace(file: reload.file)
        let before = settings
        do {
            settings = try reload.makeSettings(next)
        } catch {
            reload.then(.failure(error))
            return finish()
        }
        retired = before.teams
        registry = next
        teams = Self.byID(settings.teams.teams)
        // With another order of categories, identical bytes may now have another key.
        rooms.replace(settings, dropsAliases: settings.cache.schemaOrder != before.cache.schemaOrder)
        publish { [unowned self] in
            remember(writes, reload.auditEntry(at: SystemClock.wall())) { [unowned self] in
                reload.then(.success(()))
                finish()
            }
        }
    }

    /// Stores the end of rulings and the audit entry of the reload. If the store fails, the rulings go with the next
    /// change; a start from the old state would reach the same result.
    private func remember(_ writes: [RegistryWrite], _ entry: AuditEntry, then: @escaping () -> Void) {
        let stored = back.callback { [unowned self] (result: Result<Void, StoreFault>) in
            if case .failure(let fault) = result {
                ProcessLog.warning("reload_not_stored", ["detail": fault.description])
                overdue += writes
            }
            then()
        }
        store.apply(writes, audit: entry, decidedAt: writes.isEmpty ? nil : stamps.known, then: stored)
    }
}
