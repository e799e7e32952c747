import Authentication
import Budgeting
import EventLoops
import Observability
import Storage
import Vocabulary

/// Brings a worker's counts to the roll-ups in the store, once a second while there are any.
///
/// Confined to its worker's loop. Counts that the store could not take are kept and added to those of the next second,
/// so that only a crash loses them, and then those of the last second. No credits that were spent are among them.
final class UsageReporter {
    private static let interval = Duration.seconds(1)
    /// Rows that are kept while the store takes none; beyond them the newest are lost.
    private static let rowsMax = 50_000

    private struct Row: Hashable {
        let day: BudgetDay
        let team: TeamID
        let key: TeamKeyID
        let model: String
    }

    private let loop: EventLoop
    private let rooms: SharedRooms
    /// Where the store's answers go. Set before the first count.
    var mailbox: Mailbox<WorkerMessage>?
    private var noted: [UsageTally] = []
    private var kept: [UsageRow] = []
    private var keptRefusals: [ShadowRefusals] = []
    /// When keys were last used: the moment at which that was noticed, since no request looks at a clock for it.
    private var keptUses: [TeamKeyID: Timestamp] = [:]
    private var timer: LoopTimer?
    private var isAsking = false
    private var onFinished: (@Sendable () -> Void)?

    init(loop: EventLoop, rooms: SharedRooms) {
        self.loop = loop
        self.rooms = rooms
        timer = LoopTimer(loop: loop) { [unowned self] in report() }
    }

    /// A tally that was empty has counts from now on.
    func note(_ tally: UsageTally) {
        if noted.isEmpty, kept.isEmpty, keptUses.isEmpty, !isAsking { timer?.schedule(after: Self.interval) }
        noted.append(tally)
    }

    /// Reports what there is and is done, whatever becomes of it.
    func finish(then: @escaping @Sendable () -> Void) {
        onFinished = then
        if !isAsking { report() }
    }

    /// The store's answer.
    func added(_ result: Result<Void, StoreFault>) {
        isAsking = false
        if case .failure(let fault) = result {
            ProcessLog.warning("usage_not_stored", ["detail": fault.description])
        } else {
            kept.removeAll()
            keptRefusals.removeAll()
            keptUses.removeAll()
        }
        if onFinished != nil { return noted.isEmpty ? endIfAsked() : report() }
        if !noted.isEmpty || !kept.isEmpty || !keptUses.isEmpty { timer?.schedule(after: Self.interval) }
    }

    private func report() {
        take()
        guard let mailbox, !kept.isEmpty || !keptRefusals.isEmpty || !keptUses.isEmpty else { return endIfAsked() }
        isAsking = true
        let uses = keptUses.map { TeamKeyUse(key: $0, at: $1) }
        rooms.store.add(kept, keptRefusals, uses: uses) { mailbox.post(.usageAdded($0)) }
    }

    private func take() {
        let day = rooms.credits.today(at: loop.wallClock)
        var merged = Dictionary(uniqueKeysWithValues: kept.map { (Self.row($0), $0.counts) })
        for tally in noted {
            if keptUses.count < Self.rowsMax { keptUses[tally.key] = loop.wallClock }
            for row in tally.take(day: day) where merged.count < Self.rowsMax || merged[Self.row(row)] != nil {
                merged[Self.row(row), default: UsageCounts()].add(row.counts)
            }
        }
        noted.removeAll(keepingCapacity: true)
        kept = merged.map { row, counts in
            UsageRow(day: row.day, team: row.team, key: row.key, model: row.model, counts: counts)
        }
        let refusals = rooms.credits.takeShadowRefusals()
        keptRefusals += refusals.prefix(max(0, Self.rowsMax - keptRefusals.count))
    }

    private static func row(_ row: UsageRow) -> Row {
        Row(day: row.day, team: row.team, key: row.key, model: row.model)
    }

    private func endIfAsked() {
        let then = onFinished
        onFinished = nil
        then?()
    }
}
