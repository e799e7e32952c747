import Caching
import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("A store in trouble")
struct StoreTroubleTests {
    private let place = TemporaryStore()

    private func perform(
        _ store: Store,
        _ work: @escaping @Sendable (Database) throws -> Void
    ) -> Result<Void, StoreFault> {
        store.performAndWait { try work($0.database) }
    }

    @Test(
        "a full disk refuses saves, lets results be found, and is over when there is room",
        .filesOnly("a limit of SQLite's is the full disk")
    )
    func full() throws {
        let store = try place.open()
        defer { store.close() }
        try store.saveAndWait(result(1)).get()
        try perform(store) { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count")!
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
        }.get()
        var faults: [StoreFault] = []
        for number in 2...9 as ClosedRange<UInt64> {
            if case .failure(let fault) = store.saveAndWait(result(number, bodyBytes: 20_000)) { faults.append(fault) }
        }
        #expect(faults.count == 8)
        #expect(faults.allSatisfy { $0.code == .full })
        #expect(try store.findAndWait(key(1)).get() != nil)
        #expect(try store.findAndWait(key(2)).get() == nil)
        try perform(store) { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }.get()
        try store.saveAndWait(result(2, bodyBytes: 20_000)).get()
        #expect(try store.findAndWait(key(2)).get() != nil)
    }

    @Test(
        "what does not fit takes nothing else of its group with it",
        .filesOnly("a limit of SQLite's is the full disk")
    )
    func fullForOne() throws {
        let store = try place.open()
        defer { store.close() }
        try store.saveAndWait(result(1)).get()
        try perform(store) { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count")!
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 20)")
        }.get()
        let gate = Gate(store)
        let answers = (2...4).map { _ in Answer<Result<Void, StoreFault>>() }
        store.save(result(2)) { answers[0].give($0) }
        store.save(result(3, bodyBytes: 1_000_000)) { answers[1].give($0) }
        store.save(result(4)) { answers[2].give($0) }
        gate.open()
        try answers[0].wait().get()
        #expect(#expect(throws: StoreFault.self) { try answers[1].wait().get() }?.code == .full)
        try answers[2].wait().get()
        #expect(try store.findAndWait(key(4)).get() != nil)
    }

    @Test(
        "a lock that another program holds is waited for, then the save is refused, then it recovers",
        .filesOnly("it is a lock of the file")
    )
    func busy() throws {
        let store = try Store.open(path: place.file, busyTimeout: .milliseconds(50)) {
            Issue.record("fatal: \($0)")
        }
        defer { store.close() }
        try store.saveAndWait(result(1)).get()
        // The store may be folding what was just saved.
        var configuration = Configuration()
        configuration.busyMode = .timeout(60)
        let foreign = try DatabaseQueue(path: place.file, configuration: configuration)
        try foreign.inDatabase { database in
            try database.beginTransaction(.immediate)
            let fault = #expect(throws: StoreFault.self) { try store.saveAndWait(result(2)).get() }
            #expect(fault?.code == .unavailable)
            #expect(fault?.detail.contains("another program") == true)
            #expect(try store.findAndWait(key(1)).get() != nil)
            try database.rollback()
        }
        try store.saveAndWait(result(2)).get()
        try foreign.close()
    }

    @Test("a damaged row is a fault, not a result and not a trap")
    func damagedRow() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 1...4 as ClosedRange<UInt64> { try store.saveAndWait(result(number)).get() }
        for (number, change) in ["credits_to = 100000", "status = 70000", "credits_from = NULL"].enumerated() {
            let row = TestSQL.bytes(key(UInt64(number + 1)).digest.description)
            try store.execute("UPDATE results SET \(change) WHERE key = \(row)")
        }
        for number in 1...3 as ClosedRange<UInt64> {
            let fault = #expect(throws: StoreFault.self) { _ = try store.findAndWait(key(number)).get() }
            #expect(fault?.code == .corrupt)
        }
        #expect(try store.findAndWait(key(4)).get() != nil)
    }

    @Test(
        "an error of fsync ends all acknowledging: the group is refused, and everything after it",
        .filesOnly("it is an error of the file")
    )
    func fsyncFailed() throws {
        let fatal = Answer<StoreFault>()
        let store = try place.open { fatal.give($0) }
        try store.saveAndWait(result(1)).get()
        let gate = Gate(store)
        let first = Answer<Result<Void, StoreFault>>()
        let second = Answer<Result<Void, StoreFault>>()
        store.save(result(2)) { first.give($0) }
        store.perform(
            { _ in throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC, message: "disk I/O error") },
            then: { second.give($0) }
        )
        gate.open()
        #expect(fatal.wait().code == .unavailable)
        #expect(throws: StoreFault.self) { try first.wait().get() }
        #expect(throws: StoreFault.self) { try second.wait().get() }
        #expect(throws: StoreFault.self) { try store.saveAndWait(result(3)).get() }
        #expect(try store.findAndWait(key(2)).get() == nil)
        store.close()
    }

    @Test(
        "each error of SQLite has its code",
        arguments: [
            (.SQLITE_FULL, .full), (.SQLITE_READONLY, .readOnly), (.SQLITE_READONLY_DBMOVED, .readOnly),
            (.SQLITE_CORRUPT, .corrupt), (.SQLITE_CORRUPT_INDEX, .corrupt), (.SQLITE_NOTADB, .corrupt),
            (.SQLITE_BUSY, .unavailable), (.SQLITE_BUSY_RECOVERY, .unavailable), (.SQLITE_LOCKED, .unavailable),
            (.SQLITE_IOERR_SHMSIZE, .full), (.SQLITE_IOERR_WRITE, .unavailable), (.SQLITE_CANTOPEN, .unavailable),
            (.SQLITE_IOERR_FSYNC, .unavailable), (.SQLITE_NOMEM, .unavailable),
        ] as [(ResultCode, StoreFault.Code)]
    )
    func codes(_ code: ResultCode, _ expected: StoreFault.Code) {
        let error = DatabaseError(resultCode: code)
        #expect(StoreFault(error).code == expected)
        #expect(StoreFault.isFatal(error) == (code == .SQLITE_IOERR_FSYNC))
    }
}
