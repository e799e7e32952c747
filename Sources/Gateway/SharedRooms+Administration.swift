public import Authentication
public import Budgeting
import EventLoops
public import Upstream
public import UpstreamKeys
public import Vocabulary

/// The admin side's access to the shared rooms. Any thread.
extension SharedRooms {
    private var now: Moment { Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall()) }

    /// Replaces the budgets of one scope; what was spent stays.
    public func replace(budgets: [Budget], of scope: BudgetScope) {
        credits.set(budgets, of: scope, at: SystemClock.wall())
    }

    /// Replaces the limits of all teams.
    ///
    /// - Parameter teams: every team.
    public func replace(teams: [Team]) {
        throttles.replace(teams)
        metrics.replace(teams)
    }

    /// Replaces the upstream keys; the state of keys that stay is kept.
    public func replace(upstream settings: UpstreamSettings, keys: [UpstreamKey]) {
        for record in gate.replace(limits: settings.gate, keys: keys, at: now) { note(record) }
    }

    /// Makes an upstream key active on an operator's word; the state that the vendor's replies gave it is forgotten.
    public func enable(upstreamKey id: UpstreamKeyID) {
        if let record = gate.enable(id, at: now) { note(record) }
    }

    /// The state of the accounts and keys at the vendor.
    public var upstreamStatus: [UpstreamAccountStatus] { gate.status(at: now) }

    /// Returns freed memory to the system if there is enough of it. Must be called every few seconds.
    ///
    /// - Parameter keeper: the state from the previous call.
    public func giveMemoryBack(_ keeper: inout MemoryReturn) {
        let connections = connectionCount.load(ordering: .relaxed)
        let highest = clientBytes.takeHighest()
        let now = clientBytes.bytesTaken(of: .teams) + clientBytes.bytesTaken(of: .strangers)
        if keeper.isDue(highest: highest, now: now, connections: connections) { ProcessMemory.giveBack() }
    }

    /// The current use of the memory for clients.
    public var memoryStatus: MemoryStatus {
        MemoryStatus(
            plan: memory,
            cacheBytesMax: cache.bytesAllowed,
            teamBytes: clientBytes.bytesTaken(of: .teams),
            strangerBytes: clientBytes.bytesTaken(of: .strangers)
        )
    }

    /// The least that is left in a scope's enforced budgets; nil without one.
    public func remaining(of scope: BudgetScope) -> MicroCredits? {
        credits.remaining(of: scope, at: SystemClock.wall())
    }

    /// The number of reservations whose ending is not on disk.
    public var openReservations: Int { credits.openCount }

    /// The number of reservations that a cut drain made unconfirmed.
    public var cutReservations: Int { cutCount.load(ordering: .relaxed) }

    /// What estimates have learned about models, ordered by name.
    ///
    /// - Parameters:
    ///   - name: the name after which to begin; nil for the first.
    ///   - count: the maximum number of lessons.
    public func lessons(after name: String?, atMost count: Int) -> [ModelLesson] {
        credits.lessons(after: name, atMost: count)
    }

    /// What estimates have learned about one model; nil if nothing.
    public func lesson(of model: String) -> ModelLesson? { credits.lesson(of: model) }

    /// Forgets what was learned about a model, which is estimated from the configuration until new replies arrive.
    public func forget(model: String) { credits.forget(model: model) }

    /// Checks whether anything can be stored now, whether this program still knows the store's schema, and whether this
    /// machine's clock agrees with the store's.
    public func checkStore(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        store.check { [standing] result in
            guard case .success = result, let fault = Self.fault(of: standing) else { return then(result) }
            then(.failure(fault))
        }
    }

    private static func fault(of standing: NodeStanding) -> StoreFault? {
        if let fault = standing.schemaFault { return fault }
        return standing.clockError.map { StoreFault(code: .clockWrong, detail: clockDetail($0)) }
    }

    /// - Parameter error: by how much this clock is ahead, or behind when negative.
    private static func clockDetail(_ error: Duration) -> String {
        let seconds = error.components.seconds.magnitude
        let direction = error < .zero ? "behind" : "ahead of"
        return "this machine's clock is \(seconds) s \(direction) the database's: set one of them right"
    }

    /// Does what follows from what is known of the other nodes. To be called every second.
    public func followNodes() {
        standing.refresh(sinceBoot: SystemClock.sinceBoot(), now: SystemClock.monotonic())
        gate.share(among: standing.liveCount, as: standing.rank, at: now)
    }
}
