import Caching
import Foundation
import Vocabulary

@testable import Storage

/// A folder of its own for one test, removed with everything in it at the end.
final class TemporaryFolder {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)").path
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: String { path + "/tollgate.db" }
}

/// Waits for one answer that comes on another thread.
final class Answer<Value: Sendable>: Sendable {
    private let value = Guarded<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func give(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    func wait() -> Value {
        semaphore.wait()
        return value.withLock { $0! }
    }
}

/// Keeps the writer busy, so that what is asked meanwhile makes one group.
final class Gate: Sendable {
    private let entered = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    init(_ store: SQLiteStore) {
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

extension SQLiteStore {
    func saveAndWait(_ result: CachedResult) -> Result<Void, StoreFault> {
        let answer = Answer<Result<Void, StoreFault>>()
        save(result) { answer.give($0) }
        return answer.wait()
    }

    func findAndWait(_ key: CacheKey) -> Result<CachedResult?, StoreFault> {
        let answer = Answer<Result<CachedResult?, StoreFault>>()
        find(key) { answer.give($0) }
        return answer.wait()
    }

    func removeExpiredAndWait(before cutoff: Timestamp) -> Result<Int, StoreFault> {
        let answer = Answer<Result<Int, StoreFault>>()
        removeExpired(before: cutoff) { answer.give($0) }
        return answer.wait()
    }
}

func key(_ number: UInt64) -> CacheKey {
    CacheKey(number &* 0x9E37_79B9_7F4A_7C15, number &* 0xBF58_476D_1CE4_E5B9, number, ~number)
}

func result(_ number: UInt64, storedAt: Timestamp = Timestamp(seconds: 1_000), bodyBytes: Int = 300) -> CachedResult {
    CachedResult(
        key: key(number),
        status: 200,
        body: Array("{\"credits_used\":2.5}".utf8) + [UInt8](repeating: UInt8(ascii: " "), count: bodyBytes),
        creditsRange: 16..<19,
        credits: MicroCredits(micros: 2_500_000),
        storedAt: storedAt,
        account: AccountID(rawValue: "default"),
        team: TeamID(rawValue: "accounts-payable"),
        documentID: "0b13c9f2-5148-4ffb-bb7b-00000000000\(number % 10)",
        model: "gpt-4o-mini",
        pageRange: number % 2 == 0 ? nil : "1-3,5",
        classification: "rechnung\u{308}"
    )
}
