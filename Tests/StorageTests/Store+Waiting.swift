import Budgeting
import Caching
import Registry
import Vocabulary

@testable import Storage

extension Store {
    /// - Parameter onEnd: called when the process has to end, whatever the reason.
    static func open(
        _ target: StoreTarget,
        as node: NodeDescription,
        migrates: Bool = true,
        onEnd: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> Store {
        try open(target, as: node, migrates: migrates, onLost: onEnd, onFatal: onEnd)
    }

    static func open(
        path: String,
        busyTimeout: Duration,
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> Store {
        Store(
            try SQLiteEngine.open(
                path: path,
                busyTimeout: busyTimeout,
                migrates: true,
                onPlace: { _ in },
                onFatal: onFatal
            )
        )
    }

    /// Stores a result as a request does: a reservation, and its settlement with the result.
    func save(_ result: CachedResult, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        let reservation = reservation()
        let refusal = Answer<StoreFault?>()
        reserve(reservation) { outcome in
            if case .failure(let fault) = outcome { refusal.give(fault) } else { refusal.give(nil) }
        }
        // Both come in order on the writer's thread, so the first answer is there when the second one comes.
        end(settlement(of: reservation), storing: result) { outcome in
            if let fault = refusal.wait() { then(.failure(fault)) } else { then(outcome.map { _ in }) }
        }
    }

    func saveAndWait(_ result: CachedResult) -> Result<Void, StoreFault> { wait { save(result, then: $0) } }

    func findAndWait(_ key: CacheKey) -> Result<CachedResult?, StoreFault> {
        findAndWait(key, pagesOf: nil).map(\.result)
    }

    func findAndWait(_ key: CacheKey?, pagesOf document: DocumentKey?) -> Result<Finding, StoreFault> {
        wait { find(key, pagesOf: document, then: $0) }
    }

    func chargeAndWait(_ ending: ReservationEnding) -> Result<EndingAnswer, StoreFault> {
        wait { charge(ending, then: $0) }
    }

    func reserveAndWait(_ reservation: Reservation) -> Result<Void, StoreFault> {
        wait { reserve(reservation, then: $0) }
    }

    func moveAndWait(_ reservation: Reservation) -> Result<Void, StoreFault> {
        let left = reservation.ask.upstreamKey
        return wait { perform({ try LedgerTable.move(reservation, from: left, on: $0) }, then: $0) }
    }

    /// What the roll-ups come to, by day and key.
    func rollUps() throws -> [LedgerOpening.Row] { try readAndWait { try UsageTable.rows(on: $0) } }

    func saveAndWait(_ record: UpstreamKeyRecord) -> Result<Void, StoreFault> { wait { save(record, then: $0) } }

    func endAndWait(
        _ ending: ReservationEnding,
        storing result: CachedResult? = nil
    ) -> Result<EndingAnswer, StoreFault> {
        wait { answer in
            if let result {
                end(ending, storing: result, then: answer)
            } else {
                end(ending, storing: nil, then: answer)
            }
        }
    }

    /// Ends a reservation with a result that was asked for just now.
    func end(
        _ ending: ReservationEnding,
        storing result: CachedResult,
        then: @escaping @Sendable (Result<EndingAnswer, StoreFault>) -> Void
    ) {
        end(ending, storing: StampedAnswer(result, asked: ResultCache(bytesMax: 0).purges.stamp()), then: then)
    }

    func addAndWait(
        _ usage: [UsageRow],
        documents: [DocumentUsage] = [],
        _ refusals: [ShadowRefusals] = [],
        uses: [TeamKeyUse] = [],
        upstreamUses: [UpstreamKeyUse] = [],
        at moment: Timestamp = Timestamp(seconds: 1_728_000_000)
    ) -> Result<Void, StoreFault> {
        var report = UsageReport(at: moment)
        report.rows = usage
        report.documents = documents
        report.refusals = refusals
        report.uses = uses
        report.upstreamUses = upstreamUses
        return wait { add(report, then: $0) }
    }

    func auditAndWait(before: Int64? = nil, atMost count: Int = 100) -> Result<[AuditRecord], StoreFault> {
        wait { audit(before: before, atMost: count, then: $0) }
    }

    func usesAndWait(of keys: [TeamKeyID]) -> Result<[TeamKeyID: Timestamp], StoreFault> {
        wait { uses(of: keys, then: $0) }
    }

    /// Runs an operation of the test's own.
    func performAndWait<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value
    ) -> Result<Value, StoreFault> {
        wait { perform(work, then: $0) }
    }

    func rowsAndWait(_ question: LedgerQuestion = LedgerQuestion(count: 100)) -> Result<LedgerPage, StoreFault> {
        wait { rows(question, then: $0) }
    }

    func resolveAndWait(
        _ reservation: Reservation,
        _ micros: Int64,
        at now: Timestamp = Timestamp(seconds: 1_728_000_100)
    ) -> Result<ResolutionAnswer, StoreFault> {
        let resolution = Resolution(of: reservation, credits: MicroCredits(micros: micros), at: now)
        return wait { resolve(resolution, audit: auditEntry("reservation.resolve"), then: $0) }
    }

    func removeExpiredAndWait(before cutoff: Timestamp) -> Result<Int, StoreFault> {
        wait { removeExpired(before: cutoff, then: $0) }
    }

    func wait<Value: Sendable>(
        _ ask: (@escaping @Sendable (Result<Value, StoreFault>) -> Void) -> Void
    ) -> Result<Value, StoreFault> {
        let answer = Answer<Result<Value, StoreFault>>()
        ask { answer.give($0) }
        return answer.wait()
    }
}
