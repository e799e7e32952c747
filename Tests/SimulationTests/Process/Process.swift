import Authentication
import Budgeting
import Caching
import Cryptography
import Transport
import Vocabulary

@testable import Gateway
@testable import Upstream
@testable import UpstreamKeys

/// One process from its start to its end: the product's rooms, and those who perform their decisions, worker by worker.
/// All of it is lost with a crash.
///
/// Sendable because everything of a run is on one thread.
final class Process: @unchecked Sendable {
    /// A message on its way to a loop.
    struct Message {
        let name: StaticString
        let deliver: () -> Void
    }

    static let workersCount = 2
    /// The number of the mailbox of the operators' loop.
    static let operators = workersCount
    private static let resolver = try? NameResolver()

    unowned let world: World
    let store: SimulatedStore
    let rooms: SharedRooms
    /// Of the workers and of the operators, each in the order of posting.
    private var mailboxes: [[Message]] = Array(repeating: [], count: workersCount + 1)
    var directory = TeamDirectory(teams: Places.teams, keys: Places.keys)
    /// By number; those that wait.
    var askers: [Int: Asker] = [:]
    var flying: [ObjectIdentifier: Leader] = [:]
    /// Permits on their way to another leader.
    var offers: [ObjectIdentifier: FlightOffer] = [:]
    var keepers: [ReservationID: Keeper] = [:]
    var attempts: [Attempt] = []
    var changes: [Change] = []
    /// How many passes the gate has given out, those on their way included, and not got back.
    var passesOut = 0
    /// How many permits of flights are held or on their way.
    var permits = 0
    var pollAt: MonotonicInstant?
    var rotation = 0
    /// Whether no client connects any more, and whether nothing new is sent.
    var isLeaving = false
    var isCut = false
    /// Where the books have the scopes, as far as they were looked up.
    var positions: [Int?] = Array(repeating: nil, count: Places.scopes.count)
    private(set) var inboxes: [Inbox] = []
    /// By team's key.
    private var meters: [BudgetMeter] = []

    init(_ world: World, plan: Int, opening: LedgerOpening) {
        guard let resolver = Self.resolver else { preconditionFailure("no threads for a resolver that is not used") }
        self.world = world
        store = SimulatedStore(world)
        rooms = SharedRooms(
            memory: MemoryPlan(limitBytes: 1 << 30),
            cache: ResultCache(bytesMax: 1 << 20),
            store: store,
            credits: BudgetGate(plan: Places.budgetPlan(plan), opening: opening, node: 0, at: world.now.wall),
            teams: Places.teams,
            gate: UpstreamGate(limits: Places.gateLimits, keys: Places.upstreamKeys(rotation: 0)),
            resolver: resolver,
            accessLog: nil
        )
        inboxes = (0..<Self.workersCount).map { Inbox(self, worker: $0) }
        meters = Places.keys.map { rooms.credits.meter(team: $0.team.id, key: $0.id) }
    }

    func remaining(ofKey key: Int) -> MicroCredits? { meters[key].remaining(at: world.now.wall) }

    // MARK: Messages

    func post(_ name: StaticString, to worker: Int, _ deliver: @escaping () -> Void) {
        mailboxes[worker].append(Message(name: name, deliver: deliver))
    }

    /// Delivers the oldest message of a mailbox; false when no mailbox has one.
    func deliverOne(_ choice: Int) -> Bool {
        let full = mailboxes.indices.filter { !mailboxes[$0].isEmpty }
        guard !full.isEmpty else { return false }
        let message = mailboxes[full[choice % full.count]].removeFirst()
        message.deliver()
        return true
    }

    var hasMessages: Bool { mailboxes.contains { !$0.isEmpty } }

    // MARK: The gate

    func follow(_ consequences: UpstreamGate.Consequences) {
        for record in consequences.records {
            world.note("\(record.id) is \(record.state)")
            if case .quarantined = record.state { world.counts.quarantines += 1 }
            store.save(record) { _ in }
        }
        guard let next = consequences.pollAt else { return }
        pollAt = min(pollAt ?? next, next)
    }

    // MARK: Time

    /// Whatever is due by now.
    func timePassed() {
        if let due = pollAt, due <= world.now.steady {
            pollAt = nil
            follow(rooms.gate.poll(at: world.now))
        }
        for attempt in attempts { attempt.timePassed() }
        for keeper in keepers.values.sorted(by: { $0.id < $1.id }) { keeper.timePassed() }
    }

    // MARK: The end

    func drain() {
        isLeaving = true
        for attempt in attempts { attempt.handle(.drain) }
    }

    func cut() {
        isLeaving = true
        isCut = true
        for attempt in attempts { attempt.handle(.cut) }
    }

    /// The process is gone, with all that it had in memory. A permit may not vanish unseen, so flights are landed on
    /// nobody.
    func vanish() {
        for leader in flying.values { leader.vanish() }
        for offer in offers.values { _ = offer.take().land() }
        (flying, offers, keepers, attempts, askers, changes) = ([:], [:], [:], [], [:], [])
        mailboxes = Array(repeating: [], count: Self.workersCount + 1)
        store.vanish()
    }

    var isIdle: Bool {
        !hasMessages && store.isIdle && askers.isEmpty && flying.isEmpty && keepers.isEmpty && attempts.isEmpty
            && changes.isEmpty
    }

    /// Where the gate answers requests that waited.
    final class Inbox: GateInbox, @unchecked Sendable {
        private unowned let process: Process
        private let worker: Int

        init(_ process: Process, worker: Int) {
            self.process = process
            self.worker = worker
        }

        func post(_ answer: UpstreamGate.Answer) {
            if case .go = answer.entry { process.passesOut += 1 }
            process.post("the gate's answer", to: worker) { [process, worker] in
                let attempt = process.attempts.first { $0.worker == worker && $0.number == answer.call }
                attempt?.handle(.entered(answer.entry))
            }
        }
    }
}
