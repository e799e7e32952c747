import Budgeting
import Caching
import UpstreamKeys
import Vocabulary

/// What survives the process. Transactions are written one after the other, and one that is not synced may be lost with
/// a crash. Confined to the thread of its run.
final class Disk {
    enum Condition { case works, full, silent }

    struct Row {
        var reservation: Reservation
        var state = ReservationState.reserved
        var credits = 0
    }

    /// What a call may rely on.
    struct DurableRow: Equatable {
        let state: ReservationState
        let upstreamKey: UpstreamKeyID
        let credits: Int
    }

    var condition = Condition.works
    private(set) var rows: [ReservationID: Row] = [:]
    private(set) var results: [CacheKey: CachedResult] = [:]
    private(set) var pages: [DocumentKey: Int] = [:]
    private(set) var rates: [String: [PaidReply]] = [:]
    private(set) var grants: [Int64: Grant] = [:]
    private(set) var keyStates: [UpstreamKeyID: UpstreamKeyRecord] = [:]
    /// The rows as they were when they were last synced.
    private(set) var durable: [ReservationID: DurableRow] = [:]
    private(set) var durableGrants: Set<Int64> = []
    private var undo: [() -> Void] = []
    private var changed: Set<ReservationID> = []

    /// The last replies of a model, as many as the product looks at.
    private static let ratesMax = 15

    var hasUnsynced: Bool { !undo.isEmpty }

    func sync() {
        undo = []
        for id in changed {
            durable[id] = rows[id].map {
                DurableRow(state: $0.state, upstreamKey: $0.reservation.ask.upstreamKey, credits: $0.credits)
            }
        }
        changed = []
        durableGrants = Set(grants.keys)
    }

    /// What was not synced is lost, or happens to have got through.
    func crash(keepsUnsynced: Bool) {
        if !keepsUnsynced { for step in undo.reversed() { step() } }
        sync()
    }

    // MARK: Changes

    func set(_ row: Row) {
        let id = row.reservation.id
        let old = rows[id]
        undo.append { [unowned self] in rows[id] = old }
        rows[id] = row
        changed.insert(id)
    }

    func keep(_ result: CachedResult) {
        let old = results[result.key]
        undo.append { [unowned self] in results[result.key] = old }
        results[result.key] = result
    }

    func learn(_ pages: Int, of document: DocumentKey) {
        let old = self.pages[document]
        undo.append { [unowned self] in self.pages[document] = old }
        self.pages[document] = pages
    }

    func learn(_ rate: PageRate, of model: String, _ id: ReservationID) {
        let old = rates[model]
        undo.append { [unowned self] in rates[model] = old }
        var replies = (old ?? []) + [PaidReply(reservation: id, rate: rate)]
        replies.sort { $0.reservation < $1.reservation }
        rates[model] = Array(replies.suffix(Self.ratesMax))
    }

    /// How many results there were.
    func remove(_ target: PurgeTarget) -> Int64 {
        let (oldResults, oldPages) = (results, pages)
        undo.append { [unowned self] in (results, pages) = (oldResults, oldPages) }
        results = results.filter { !target.covers($0.value) }
        if case .document(let id) = target { pages = pages.filter { $0.key.documentID != id } }
        return Int64(oldResults.count - results.count)
    }

    func add(_ grant: Grant) {
        undo.append { [unowned self] in grants[grant.id] = nil }
        grants[grant.id] = grant
    }

    func removeGrant(_ id: Int64) {
        let old = grants[id]
        undo.append { [unowned self] in grants[id] = old }
        grants[id] = nil
    }

    func save(_ record: UpstreamKeyRecord) {
        let old = keyStates[record.id]
        undo.append { [unowned self] in keyStates[record.id] = old }
        keyStates[record.id] = record
    }

    // MARK: Start

    /// What a crash left open becomes unconfirmed, as the store does when it is opened (`docs/storage.md`). How many.
    func recover() -> Int {
        let open = rows.values.filter { $0.state == .reserved }.sorted { $0.reservation.id < $1.reservation.id }
        for row in open {
            var row = row
            row.state = .unconfirmed
            set(row)
        }
        sync()
        return open.count
    }

    /// What a store would do that does not recover: what was open has never been.
    func forgetOpen() -> Int {
        for row in rows.values where row.state == .reserved {
            var row = row
            row.state = .released
            set(row)
        }
        sync()
        return 0
    }

    /// The sums of the rows by day and key, which the product's books begin with.
    var opening: LedgerOpening {
        var opening = LedgerOpening()
        for row in rows.values.sorted(by: { $0.reservation.id < $1.reservation.id }) {
            let ask = row.reservation.ask
            let (spent, unconfirmed): (Int, Int) =
                switch row.state {
                case .settled, .resolved: (row.credits, 0)
                case .unconfirmed: (0, Int(row.reservation.estimate.micros))
                case .reserved, .released: (0, 0)
                }
            guard row.state != .released, row.state != .reserved else { continue }
            opening.rows.append(
                LedgerOpening.Row(
                    day: row.reservation.day,
                    team: ask.team,
                    key: ask.key,
                    upstreamKey: ask.upstreamKey,
                    spent: MicroCredits(micros: Int64(spent)),
                    unconfirmed: MicroCredits(micros: Int64(unconfirmed))
                )
            )
        }
        opening.rates = rates
        opening.lastReservation = rows.keys.max()
        opening.grants = grants.values.sorted { $0.id < $1.id }
        opening.lastGrant = grants.keys.max() ?? 0
        return opening
    }
}
