import Budgeting
import Caching
import Reporting
import UpstreamKeys
import Vocabulary

/// The store of one process before the disk: a writer that gathers what is asked into transactions, and a reader. It
/// asks the product's rules as the real one does: `AdmissionOrder` before the row is written, `StampedAnswer` in the
/// transaction.
///
/// Sendable because everything of a run is on one thread.
final class SimulatedStore: Ledger, ResultStore, KeyStates, TeamUsageStore, ChangeStore, ClassifierStore, PurgeStore,
    @unchecked Sendable
{
    typealias Companion = StampedAnswer
    typealias Note = Int

    struct Operation {
        let name: StaticString
        /// Writes; returns what is done once it is durable.
        let apply: (Disk) -> () -> Void
        let fail: (StoreFault) -> Void
    }

    struct LookUp {
        let key: CacheKey?
        let document: DocumentKey?
        let then: @Sendable (Result<Finding, StoreFault>) -> Void
    }

    private unowned let world: World
    private let disk: Disk
    private(set) var queue: [Operation] = []
    private(set) var lookUps: [LookUp] = []
    /// What is done when the transaction that is written is synced.
    private var written: [() -> Void] = []

    init(_ world: World) {
        self.world = world
        disk = world.disk
    }

    let isShared = false
    let purgesUnderWay: [PurgeProgress] = []
    var isWritten: Bool { !written.isEmpty }
    var isIdle: Bool { queue.isEmpty && written.isEmpty && lookUps.isEmpty }

    /// The process is gone, and nobody is answered any more.
    func vanish() { (queue, lookUps, written) = ([], [], []) }

    // MARK: The writer and the reader

    /// Writes a transaction of some operations; false when there is nothing to do.
    func write(atMost count: Int, fails: Bool) -> Bool {
        guard written.isEmpty, !queue.isEmpty, disk.condition != .silent else { return false }
        let group = Array(queue.prefix(count))
        queue.removeFirst(group.count)
        guard disk.condition == .works, !fails else {
            let code = disk.condition == .works ? StoreFault.Code.unavailable : .full
            world.note("the store cannot write \(group.map { "\($0.name)" }.joined(separator: ", "))")
            world.counts.storeFaults += 1
            for operation in group { operation.fail(StoreFault(code: code, detail: "simulated")) }
            return true
        }
        world.note("the store writes \(group.map { "\($0.name)" }.joined(separator: ", "))")
        written = group.map { $0.apply(disk) }
        return true
    }

    func sync() -> Bool {
        guard !written.isEmpty, disk.condition != .silent else { return false }
        world.note("the transaction is durable")
        let done = written
        written = []
        disk.sync()
        for act in done { act() }
        return true
    }

    /// Answers a look-up from what is committed.
    func read(_ choice: Int, fails: Bool) -> Bool {
        guard written.isEmpty, !lookUps.isEmpty, disk.condition != .silent else { return false }
        let lookUp = lookUps.remove(at: choice % lookUps.count)
        if fails {
            world.note("a look-up in the store fails")
            world.counts.storeFaults += 1
            lookUp.then(.failure(StoreFault(code: .unavailable, detail: "simulated")))
            return true
        }
        let finding = Finding(
            result: lookUp.key.flatMap { disk.results[$0] },
            documentPages: lookUp.document.flatMap { disk.pages[$0] }
        )
        world.note("a look-up in the store finds \(finding.result == nil ? "nothing" : "a result")")
        lookUp.then(.success(finding))
        return true
    }

    private func submit<Value: Sendable>(
        _ name: StaticString,
        _ then: @escaping @Sendable (Result<Value, StoreFault>) -> Void,
        _ apply: @escaping (Disk) -> Value
    ) {
        let operation = Operation(
            name: name,
            apply: { disk in
                let value = apply(disk)
                return { then(.success(value)) }
            },
            fail: { then(.failure($0)) }
        )
        queue.append(operation)
    }

    // MARK: The ledger

    func admit<Refusal: Error>(
        _ order: AdmissionOrder<Refusal>,
        whenDecided: () -> Void,
        then: @escaping @Sendable (Result<AdmissionAnswer<Refusal>, StoreFault>) -> Void
    ) {
        switch order.decide(nil) {
        case .failure(let refused): then(.success(.refused(refused)))
        case .success(let reservation):
            world.admitted(reservation)
            if !world.rules.has(.rowBeforeSend) { then(.success(.admitted(reservation))) }
            submit(
                "a reservation",
                { [world] (result: Result<AdmissionAnswer<Refusal>, StoreFault>) in
                    if case .failure = result, world.rules.has(.withdrawal) { order.withdraw(reservation) }
                    if case .failure = result { world.withdrawn(reservation) }
                    if world.rules.has(.rowBeforeSend) { then(result) }
                },
                { disk in
                    disk.set(Disk.Row(reservation: reservation))
                    return .admitted(reservation)
                }
            )
            whenDecided()
        }
    }

    func move(
        _ reservation: Reservation,
        to key: UpstreamKeyID,
        by gate: BudgetGate,
        then: @escaping @Sendable (Result<BudgetGate.Moving, StoreFault>) -> Void
    ) {
        let moving = gate.move(reservation, to: key)
        guard case .moved(let moved) = moving else {
            world.counts.movesDenied += 1
            return then(.success(moving))
        }
        world.moving(moved)
        if !world.rules.has(.moveBeforeSend) { then(.success(moving)) }
        submit(
            "a move",
            { [world] (result: Result<BudgetGate.Moving, StoreFault>) in
                if case .failure = result { gate.withdrawMove(reservation) }
                if case .failure = result { world.tally.endMove(reservation.id, isDurable: false) }
                if world.rules.has(.moveBeforeSend) { then(result) }
            },
            { disk in
                if var row = disk.rows[moved.id], row.state == .reserved {
                    row.reservation = moved
                    disk.set(row)
                }
                return moving
            }
        )
    }

    func follow(_ flight: ReservationID, then: @escaping @Sendable (Result<LandingAnswer, StoreFault>) -> Void) {
        preconditionFailure("another node's flight, on the only node")
    }

    func end(
        _ ending: ReservationEnding,
        storing companion: StampedAnswer?,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    ) {
        submit("an ending", then) { disk in Self.end(ending, storing: companion, on: disk) }
    }

    func charge(_ ending: ReservationEnding, then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void) {
        submit("a charge", then) { disk in
            if disk.rows[ending.reservation.id] == nil { disk.set(Disk.Row(reservation: ending.reservation)) }
            return Self.end(ending, storing: nil, on: disk)
        }
    }

    private static func end(_ ending: ReservationEnding, storing answer: StampedAnswer?, on disk: Disk) -> EndingAnswer
    {
        let id = ending.reservation.id
        guard var row = disk.rows[id], row.state == .reserved else { return .repeated }
        switch ending.outcome {
        case .settled(let credits):
            row.state = .settled
            row.credits = Int(credits.micros)
        case .released: row.state = .released
        case .unconfirmed: row.state = .unconfirmed
        }
        disk.set(row)
        let ask = ending.reservation.ask
        let isOvertaken = answer?.isOvertaken ?? false
        if !isOvertaken, let result = answer?.result { disk.keep(result) }
        if !isOvertaken, let pages = ending.lesson.documentPages {
            disk.learn(pages, of: DocumentKey(account: ask.account, documentID: ask.documentID))
        }
        if let rate = ending.lesson.rate { disk.learn(rate, of: ask.model, id) }
        return .done
    }

    func add(_ report: UsageReport, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        submit("counts", then) { _ in }
    }

    func check(then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) { submit("a check", then) { _ in } }

    // MARK: Results, keys, purges

    func find(
        _ key: CacheKey?,
        pagesOf document: DocumentKey?,
        then: @escaping @Sendable (Result<Finding, StoreFault>) -> Void
    ) {
        lookUps.append(LookUp(key: key, document: document, then: then))
    }

    func lacks(_ key: CacheKey?, pagesOf document: DocumentKey?) -> Bool { false }

    func save(_ record: UpstreamKeyRecord, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        submit("a key's state", then) { $0.save(record) }
    }

    func usage(
        of team: TeamID,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    ) {
        preconditionFailure("nobody asks for usage here")
    }

    func record(
        _ change: ClassifierChange,
        at now: Timestamp,
        in log: PurgeLog?,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    ) {
        preconditionFailure("no saved classifier changes here")
    }

    func drop(
        _ documents: [String],
        at now: Timestamp,
        then: @escaping @Sendable (Result<DroppedDocuments, StoreFault>) -> Void
    ) {
        submit("a change of documents", then) { disk in
            DroppedDocuments(count: documents.reduce(0) { $0 + disk.remove(.document($1)) }, change: nil)
        }
    }

    func endChange(_ change: Int64, of documents: [String]) {}

    func purge(
        _ order: PurgeOrder,
        audit: Int,
        recorded: @escaping @Sendable () -> Void,
        then: @escaping @Sendable (Result<PurgeAnswer, StoreFault>) -> Void
    ) {
        submit(
            "a purge",
            { (result: Result<Int64, StoreFault>) in
                if case .success = result { recorded() }
                then(result.map { .purged($0) })
            },
            { disk in
                defer { order.log.note(order.target) }
                return disk.remove(order.target)
            }
        )
    }

    // MARK: Operators

    func add(_ grant: Grant, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        submit("a grant", then) { $0.add(grant) }
    }

    func removeGrant(_ id: Int64, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        submit("the end of a grant", then) { $0.removeGrant(id) }
    }

    func resolve(_ resolution: Resolution, then: @escaping @Sendable (Result<ResolutionAnswer, StoreFault>) -> Void) {
        submit("a resolution", then) { disk in
            guard var row = disk.rows[resolution.reservation.id] else { return .missing }
            guard row.state == .unconfirmed else { return .notUnconfirmed(row.state) }
            row.state = .resolved
            row.credits = Int(resolution.credits.micros)
            disk.set(row)
            return .done
        }
    }
}
