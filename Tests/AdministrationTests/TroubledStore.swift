import Alerting
import Budgeting
import Caching
import Registry
import Reporting
import Storage
import Vocabulary

/// A store whose disk can be made to fail or to be slow. Guarded.
///
/// Calls that are not disturbed go to a real store.
final class TroubledStore: RegistryStore, LessonStore, GrantStore, InsightStore, SpendStore, PurgeStore, EntryStore,
    RecentUsageStore, LedgerRowStore, VendorStatementStore, ReplayStore, AlertStore, BackupStore
{
    typealias Done = @Sendable (Result<Void, StoreFault>) -> Void

    enum Mood: Sendable {
        case well
        case failing(StoreFault)
        /// Changes are held back until `release`.
        case slow
    }

    /// What the next backups are refused with.
    let copyRefusal = Guarded<BackupFault?>(nil)

    private struct State {
        var mood = Mood.well
        /// The number of the last change of another node.
        var stamp: Int64 = 0
        var readings = 0
        var held: [@Sendable () -> Void] = []
    }

    private let store: Store
    private let state = Guarded(State())

    init(_ store: Store) { self.store = store }

    func become(_ mood: Mood) { state.withLock { $0.mood = mood } }

    var heldCount: Int { state.withLock { $0.held.count } }

    /// Lets the held changes through, and works normally from now on.
    func release() {
        let held = state.withLock { state in
            state.mood = .well
            defer { state.held = [] }
            return state.held
        }
        for change in held { change() }
    }

    private func change<Value>(
        _ then: @escaping @Sendable (Result<Value, StoreFault>) -> Void,
        _ make: @escaping @Sendable () -> Void
    ) {
        let mood = state.withLock { state in
            if case .slow = state.mood { state.held.append(make) }
            return state.mood
        }
        switch mood {
        case .well: make()
        case .failing(let fault): then(.failure(fault))
        case .slow: break
        }
    }

    func copyAll(then: @escaping @Sendable (Result<any StoreCopy, BackupFault>) -> Void) {
        if let refusal = copyRefusal.withLock({ $0 }) { return then(.failure(refusal)) }
        store.copyAll(then: then)
    }

    func apply(_ writes: [RegistryWrite], audit: AuditEntry?, decidedAt stamp: Int64?, then: @escaping Done) {
        let overtaking = state.withLock { state -> (@Sendable () -> Void)? in
            guard let stamp, stamp < state.stamp else { return nil }
            return { then(.failure(StoreFault(code: .overtaken, detail: "another node was faster"))) }
        }
        change(then) { [store] in
            if let overtaking { return overtaking() }
            store.apply(writes, audit: audit, decidedAt: stamp, then: then)
        }
    }

    /// As if another node had made these changes and the feed had this number then.
    func applyElsewhere(_ writes: [RegistryWrite], number: Int64) throws {
        try store.applyAndWait(writes, audit: nil)
        state.withLock { $0.stamp = number }
    }

    /// How often the rows were read.
    var readingsCount: Int { state.withLock { $0.readings } }

    /// Called with each reading, when the rows are there and not given yet.
    let onReading = Guarded<(@Sendable () -> Void)?>(nil)

    func registryRows(at now: Timestamp, then: @escaping @Sendable (Result<RegistryRows, StoreFault>) -> Void) {
        let (stamp, mood) = state.withLock { state in
            state.readings += 1
            return (state.stamp, state.mood)
        }
        if case .failing(let fault) = mood { return then(.failure(fault)) }
        store.registryRows(at: now) { [self] result in
            onReading.withLock { $0 }?()
            then(
                result.map { rows in
                    var rows = rows
                    rows.stamp = max(rows.stamp, stamp)
                    return rows
                }
            )
        }
    }

    func forget(model: String, audit: AuditEntry, then: @escaping Done) {
        change(then) { [store] in store.forget(model: model, audit: audit, then: then) }
    }

    func forget(documentID: String, audit: AuditEntry, then: @escaping Done) {
        change(then) { [store] in store.forget(documentID: documentID, audit: audit, then: then) }
    }

    func add(
        _ grant: Grant,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<GrantAnswer, StoreFault>) -> Void
    ) {
        change(then) { [store] in store.add(grant, audit: audit, then: then) }
    }

    func removeGrant(
        _ id: Int64,
        of team: TeamID,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Bool, StoreFault>) -> Void
    ) {
        change(then) { [store] in store.removeGrant(id, of: team, audit: audit, then: then) }
    }

    func grant(_ id: Int64, of team: TeamID, then: @escaping @Sendable (Result<Grant?, StoreFault>) -> Void) {
        store.grant(id, of: team, then: then)
    }

    func grants(
        of team: TeamID,
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[Grant], StoreFault>) -> Void
    ) {
        store.grants(of: team, before: id, atMost: count, then: then)
    }

    func spend(
        by grouping: SpendGrouping,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<[SpendReport.Item], StoreFault>) -> Void
    ) {
        change(then) { [store] in store.spend(by: grouping, over: days, then: then) }
    }

    func audit(
        before: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[AuditRecord], StoreFault>) -> Void
    ) {
        store.audit(before: before, atMost: count, then: then)
    }

    func uses(of keys: [TeamKeyID], then: @escaping @Sendable (Result<[TeamKeyID: Timestamp], StoreFault>) -> Void) {
        store.uses(of: keys, then: then)
    }

    func insights(
        over range: Range<ReservationID>,
        team: TeamID?,
        then: @escaping @Sendable (Result<InsightReport, StoreFault>) -> Void
    ) {
        change(then) { [store] in store.insights(over: range, team: team, then: then) }
    }

    func documents(
        after document: DocumentKey?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void
    ) {
        store.documents(after: document, atMost: count, then: then)
    }

    func lessons(of documentID: String, then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void) {
        store.lessons(of: documentID, then: then)
    }

    func purge(
        _ order: PurgeOrder,
        audit: AuditEntry,
        recorded: @escaping @Sendable () -> Void,
        then: @escaping @Sendable (Result<PurgeAnswer, StoreFault>) -> Void
    ) {
        change(then) { [store] in store.purge(order, audit: audit, recorded: recorded, then: then) }
    }

    func statistics(then: @escaping @Sendable (Result<EntryStatistics, StoreFault>) -> Void) {
        store.statistics(then: then)
    }

    func recentUsage(at now: Timestamp, then: @escaping @Sendable (Result<RecentUsage, StoreFault>) -> Void) {
        store.recentUsage(at: now, then: then)
    }

    var purgesUnderWay: [PurgeProgress] { store.purgesUnderWay }

    func entries(
        of documentID: String,
        after number: Int64,
        storedSince oldest: Timestamp,
        ofClassifiersSince oldestOfClassifiers: Timestamp,
        atMost count: Int,
        then: @escaping @Sendable (Result<[StoredEntry], StoreFault>) -> Void
    ) {
        store.entries(
            of: documentID,
            after: number,
            storedSince: oldest,
            ofClassifiersSince: oldestOfClassifiers,
            atMost: count,
            then: then
        )
    }

    func rows(_ question: LedgerQuestion, then: @escaping @Sendable (Result<LedgerPage, StoreFault>) -> Void) {
        read(then) { [store] in store.rows(question, then: then) }
    }

    func row(_ id: ReservationID, then: @escaping @Sendable (Result<LedgerRow?, StoreFault>) -> Void) {
        store.row(id, then: then)
    }

    func resolve(
        _ resolution: Resolution,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<ResolutionAnswer, StoreFault>) -> Void
    ) {
        change(then) { [store] in store.resolve(resolution, audit: audit, then: then) }
    }

    func add(
        _ terms: VendorStatementTerms,
        isKnown: Bool,
        at now: Timestamp,
        audit: @escaping @Sendable (VendorStatement) -> AuditEntry,
        then: @escaping @Sendable (Result<VendorStatementAnswer, StoreFault>) -> Void
    ) {
        change(then) { [store] in store.add(terms, isKnown: isKnown, at: now, audit: audit, then: then) }
    }

    func removeStatement(
        _ id: Int64,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Bool, StoreFault>) -> Void
    ) {
        change(then) { [store] in store.removeStatement(id, audit: audit, then: then) }
    }

    func statement(_ id: Int64, then: @escaping @Sendable (Result<ComparedStatement?, StoreFault>) -> Void) {
        store.statement(id, then: then)
    }

    func statements(
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[ComparedStatement], StoreFault>) -> Void
    ) {
        read(then) { [store] in store.statements(before: id, atMost: count, then: then) }
    }

    /// A list fails with the disk and is never slow.
    private func read<Value>(
        _ then: @escaping @Sendable (Result<Value, StoreFault>) -> Void,
        _ ask: () -> Void
    ) {
        if case .failing(let fault) = state.withLock({ $0.mood }) { then(.failure(fault)) } else { ask() }
    }

    func usage(
        of team: TeamID,
        over days: Range<BudgetDay>,
        then: @escaping @Sendable (Result<SpendCounts, StoreFault>) -> Void
    ) {
        store.usage(of: team, over: days, then: then)
    }

    func used(
        by team: TeamID,
        before day: BudgetDay,
        then: @escaping @Sendable (Result<TeamUse, StoreFault>) -> Void
    ) {
        store.used(by: team, before: day, then: then)
    }

    /// Held back or failing as a change is.
    func replayRows(_ part: ReplayPart, then: @escaping @Sendable (Result<ReplayRows, StoreFault>) -> Void) {
        change(then) { [store] in store.replayRows(part, then: then) }
    }

    func openAlerts(then: @escaping @Sendable (Result<AlertOpening, StoreFault>) -> Void) {
        change(then) { [store] in store.openAlerts(then: then) }
    }

    func raise(_ alerts: [NewAlert], then: @escaping @Sendable (Result<[AlertOutbox.Item], StoreFault>) -> Void) {
        change(then) { [store] in store.raise(alerts, then: then) }
    }

    func closeAlerts(_ names: [String], then: @escaping Done) {
        change(then) { [store] in store.closeAlerts(names, then: then) }
    }

    func note(_ delivery: AlertDelivery, then: @escaping Done) {
        change(then) { [store] in store.note(delivery, then: then) }
    }

    func alerts(
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[AlertRecord], StoreFault>) -> Void
    ) {
        change(then) { [store] in store.alerts(before: id, atMost: count, then: then) }
    }
}
