import Budgeting
import Caching
import Foundation
import GRDB
import Registry
import Synchronization
import Testing
import Vocabulary

@testable import Storage

/// A folder of its own for one test, removed with everything in it at the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)").path
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: String { path + "/tollgate.db" }

    /// The store's files as they are now, in a folder of their own: what a process that is killed at this moment leaves.
    func killed() throws -> TemporaryFolder {
        let copy = TemporaryFolder()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: file + suffix, toPath: copy.file + suffix)
        }
        return copy
    }

    /// Works on the file with a connection of the test's own, while no store has it open.
    @discardableResult
    func edit<Value>(_ work: (Database) throws -> Value) throws -> Value {
        let database = try DatabaseQueue(path: file)
        defer { try? database.close() }
        return try database.writeWithoutTransaction(work)
    }

    /// The folder stays as long as the store does, which misses its file.
    func open() throws -> Store {
        try Store.open(path: file) { [self] in Issue.record("fatal: \($0) in \(path)") }
    }
}

/// Waits for one answer that comes on another thread.
final class Answer<Value: Sendable>: Sendable {
    private let value = Guarded<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func give(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    /// Once: the value is not kept, since its last reference may mean something.
    func wait() -> Value {
        semaphore.wait()
        return value.withLock { $0.take()! }
    }
}

/// Keeps the writer busy, so that what is asked meanwhile makes one group.
final class Gate: Sendable {
    private let entered = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    init(_ store: Store) {
        let (entered, opened) = (entered, opened)
        store.perform(
            { _ in
                entered.signal()
                opened.wait()
            },
            then: { (_: Result<Void, StoreFault>) in }
        )
        entered.wait()
    }

    func open() { opened.signal() }
}

extension StoreConnection {
    /// For SQL of a test's own.
    var database: Database { (link as! SQLiteLink).database }
}

extension Store {
    static func open(
        path: String,
        busyTimeout: Duration = SQLiteEngine.busyTimeout,
        migrates: Bool = true,
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws(StoreFault) -> Store {
        Store(
            try SQLiteEngine.open(
                path: path,
                busyTimeout: busyTimeout,
                migrates: migrates,
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
        wait { move(reservation, then: $0) }
    }

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

    /// Runs SQL of the test's own on the writer's connection.
    func performAndWait<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) -> Result<Value, StoreFault> {
        wait { perform({ try work($0.database) }, then: $0) }
    }

    /// The rows of a query as text, one column after the other, `-` for NULL.
    func rows(_ sql: String) throws -> [String] {
        try performAndWait { database in
            try Row.fetchAll(database, sql: sql).map { row in
                row.databaseValues.map { $0.isNull ? "-" : String.fromDatabaseValue($0) ?? "\($0)" }
                    .joined(separator: " ")
            }
        }.get()
    }

    /// Makes every insertion into a table fail.
    func refuseInsertions(into table: String, when condition: String = "true") throws {
        let sql = "CREATE TRIGGER refusal BEFORE INSERT ON \(table) WHEN \(condition)"
        try performAndWait { try $0.execute(sql: sql + " BEGIN SELECT RAISE(ABORT, 'refused'); END") }.get()
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

/// Far above the identifiers that tests give.
private let lastReservation = Atomic<Int64>(1_000_000)

/// A reservation with an identifier of its own, unless one is given.
func reservation(
    id: Int64? = nil,
    day: Int32 = 20_000,
    team: String = "accounts-payable",
    key: String = "11111111",
    account: String = "default",
    upstreamKey: String = "main",
    document: UInt64 = 1,
    model: String = "gpt-4o-mini",
    estimate: Int64 = 3_000_000,
    requestID: String = "0123456789abcdef"
) -> Reservation {
    let ask = ReservationAsk(
        team: TeamID(rawValue: team),
        key: TeamKeyID(rawValue: key),
        account: AccountID(rawValue: account),
        upstreamKey: UpstreamKeyID(rawValue: upstreamKey),
        documentID: "0b13c9f2-5148-4ffb-bb7b-00000000000\(document % 10)",
        model: model,
        pages: nil,
        cacheKey: StorageTests.key(document),
        requestID: requestID
    )
    return Reservation(
        id: ReservationID(rawValue: id ?? lastReservation.add(1, ordering: .relaxed).newValue),
        day: BudgetDay(number: day),
        ask: ask,
        estimate: MicroCredits(micros: estimate),
        createdAt: Timestamp(seconds: 1_728_000_000)
    )
}

func ending(
    _ reservation: Reservation,
    _ outcome: ReservationEnding.Outcome,
    lesson: Lesson = Lesson()
) -> ReservationEnding {
    ReservationEnding(
        reservation: reservation,
        outcome: outcome,
        endedAt: Timestamp(seconds: 1_728_000_001),
        lesson: lesson
    )
}

func settlement(of reservation: Reservation, credits: Int64 = 2_500_000) -> ReservationEnding {
    ending(reservation, .settled(MicroCredits(micros: credits)))
}

func digest(_ number: UInt64) -> Digest {
    Digest(number &* 0x9E37_79B9_7F4A_7C15, number &* 0xBF58_476D_1CE4_E5B9, number, ~number)
}

func key(_ number: UInt64) -> CacheKey { CacheKey(digest(number)) }

func result(
    _ number: UInt64,
    storedAt: Timestamp = Timestamp(seconds: 1_000),
    bodyBytes: Int = 300,
    team: String = "accounts-payable",
    classifier: String? = nil
) -> CachedResult {
    CachedResult(
        key: key(number),
        status: 200,
        body: Array("{\"credits_used\":2.5}".utf8) + [UInt8](repeating: UInt8(ascii: " "), count: bodyBytes),
        creditsRange: 16..<19,
        credits: MicroCredits(micros: 2_500_000),
        storedAt: storedAt,
        account: AccountID(rawValue: "default"),
        team: TeamID(rawValue: team),
        documentID: "0b13c9f2-5148-4ffb-bb7b-00000000000\(number % 10)",
        model: "gpt-4o-mini",
        pageRange: number % 2 == 0 ? nil : "1-3,5",
        classification: "rechnung\u{308}",
        classifier: classifier
    )
}
