public import Authentication
public import Budgeting
import EventLoops
public import Upstream
public import UpstreamKeys
public import Vocabulary

/// What the admin side changes and reads of the shared rooms. Any thread.
extension SharedRooms {
    private var now: Moment { Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall()) }

    /// Takes other budgets of one scope into use; what was spent stays.
    public func replace(budgets: [Budget], of scope: BudgetScope) {
        credits.set(budgets, of: scope, at: SystemClock.wall())
    }

    /// Takes other limits of teams into use.
    ///
    /// - Parameter teams: all that there are.
    public func replace(teams: [Team]) { throttles.replace(teams) }

    /// Takes other keys at the vendor into use; what is known of those that stay is kept.
    public func replace(upstream settings: UpstreamSettings, keys: [UpstreamKey]) {
        for record in gate.replace(limits: settings.gate, keys: keys, at: now) { note(record) }
    }

    /// An operator says that a key at the vendor is good: what the vendor's replies said of it is forgotten.
    public func enable(upstreamKey id: UpstreamKeyID) {
        if let record = gate.enable(id, at: now) { note(record) }
    }

    /// How the vendor's accounts and keys are.
    public var upstreamStatus: [UpstreamAccountStatus] { gate.status(at: now) }

    /// Gives freed memory back to the system when there is enough of it; to be called every few seconds.
    ///
    /// - Parameter keeper: what the last call left.
    public func giveMemoryBack(_ keeper: inout MemoryReturn) {
        let connections = connectionCount.load(ordering: .relaxed)
        let highest = clientBytes.takeHighest()
        let now = clientBytes.bytesTaken(of: .teams) + clientBytes.bytesTaken(of: .strangers)
        if keeper.isDue(highest: highest, now: now, connections: connections) { ProcessMemory.giveBack() }
    }

    /// How much of the memory for clients is taken.
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

    /// Reservations whose end is not on disk.
    public var openReservations: Int { credits.openCount }

    /// Reservations that the end of a drain made unconfirmed.
    public var cutReservations: Int { cutCount.load(ordering: .relaxed) }

    /// What estimates have learned of models, by name.
    ///
    /// - Parameters:
    ///   - name: only those behind it; nil from the first one on.
    ///   - count: at most so many.
    public func lessons(after name: String?, atMost count: Int) -> [ModelLesson] {
        credits.lessons(after: name, atMost: count)
    }

    /// What estimates have learned of one model; nil when it is nothing.
    public func lesson(of model: String) -> ModelLesson? { credits.lesson(of: model) }

    /// Estimates a model from the configuration again, until new replies tell.
    public func forget(model: String) { credits.forget(model: model) }

    /// Finds out whether anything can be stored at this moment.
    public func checkStore(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) { store.check(then: then) }
}
