import Budgeting
import Caching
import Dispatch
import EventLoops
import Foundation
import GRDB
import Synchronization
import Testing
import Vocabulary

@testable import Storage

@Suite("Store")
struct StoreTests {
    private let place = TemporaryStore()

    @Test("a saved result is found with all its parts, and after the store was opened again")
    func durability() throws {
        var store = try place.open()
        for number in 1...2 as ClosedRange<UInt64> { try store.saveAndWait(result(number)).get() }
        for round in 1...2 {
            for number in 1...2 as ClosedRange<UInt64> {
                let saved = result(number)
                let found = try #require(try store.findAndWait(key(number)).get(), "round \(round)")
                #expect(found.key == saved.key)
                #expect(found.status == saved.status)
                #expect(found.body == saved.body)
                #expect(found.creditsRange == saved.creditsRange)
                #expect(found.credits == saved.credits)
                #expect(found.storedAt == saved.storedAt)
                #expect(found.account == saved.account)
                #expect(found.team == saved.team)
                #expect(found.documentID == saved.documentID)
                #expect(found.model == saved.model)
                #expect(found.pageRange == saved.pageRange)
                #expect(Array(found.classification.utf8) == Array(saved.classification.utf8))
            }
            #expect(try store.findAndWait(key(3)).get() == nil)
            store.close()
            if round == 1 { store = try place.open() }
        }
    }

    @Test("a result takes the place of one of its key")
    func replacement() throws {
        let store = try place.open()
        defer { store.close() }
        try store.saveAndWait(result(1, bodyBytes: 10)).get()
        try store.saveAndWait(result(1, storedAt: Timestamp(seconds: 2_000), bodyBytes: 20_000)).get()
        let found = try #require(try store.findAndWait(key(1)).get())
        #expect(found.storedAt == Timestamp(seconds: 2_000))
        #expect(found.body == result(1, bodyBytes: 20_000).body)
    }

    @Test("saves that wait together share a commit, and each is answered once")
    func groupCommit() throws {
        let store = try place.open()
        defer { store.close() }
        let gate = Gate(store)
        let answers = DispatchGroup()
        let successes = Atomic<Int>(0)
        for number in 0..<200 as Range<UInt64> {
            answers.enter()
            store.save(result(number)) { outcome in
                if case .success = outcome { successes.add(1, ordering: .relaxed) }
                answers.leave()
            }
        }
        gate.open()
        answers.wait()
        #expect(successes.load(ordering: .relaxed) == 200)
        #expect(store.commitCount == 2)
        #expect(try store.findAndWait(key(199)).get() != nil)
    }

    @Test("an operation that fails is undone alone, the others of its group are kept")
    func savepoints() throws {
        struct Refusal: Error {}
        let store = try place.open()
        defer { store.close() }
        let gate = Gate(store)
        let failed = Answer<Result<Void, StoreFault>>()
        let invalid = Answer<Result<Void, StoreFault>>()
        let last = Answer<Result<Void, StoreFault>>()
        store.save(result(1)) { _ in }
        store.perform(
            { connection in
                try ResultTable.save(result(2), paidBy: ReservationID(rawValue: 2), above: [], on: connection)
                throw Refusal()
            },
            then: { (outcome: Result<Void, StoreFault>) in failed.give(outcome) }
        )
        store.perform(
            { try $0.execute("INSERT INTO results (key) VALUES ('x')") },
            then: { invalid.give($0) }
        )
        store.save(result(3)) { last.give($0) }
        gate.open()
        #expect(throws: StoreFault.self) { try failed.wait().get() }
        #expect(throws: StoreFault.self) { try invalid.wait().get() }
        try last.wait().get()
        #expect(try store.findAndWait(key(1)).get() != nil)
        #expect(try store.findAndWait(key(2)).get() == nil)
        #expect(try store.findAndWait(key(3)).get() != nil)
    }

    @Test("what is asked before the end is answered, what is asked after it is refused")
    func close() throws {
        let store = try place.open()
        let successes = Atomic<Int>(0)
        for number in 0..<100 as Range<UInt64> {
            store.save(result(number)) { if case .success = $0 { successes.add(1, ordering: .relaxed) } }
            store.find(key(number), pagesOf: nil) {
                if case .success = $0 { successes.add(1, ordering: .relaxed) }
            }
        }
        store.close()
        #expect(successes.load(ordering: .relaxed) == 200)
        store.close()
        for fault in [
            #expect(throws: StoreFault.self, performing: { try store.saveAndWait(result(1)).get() }),
            #expect(throws: StoreFault.self, performing: { _ = try store.findAndWait(key(1)).get() }),
            #expect(
                throws: StoreFault.self,
                performing: { _ = try store.removeExpiredAndWait(before: Timestamp(seconds: 0)).get() }
            ),
        ] {
            #expect(fault?.code == .unavailable)
        }
        if StoreKind.tested == .file { #expect(!FileManager.default.fileExists(atPath: place.file + "-wal")) }
    }

    @Test("a store that is let go without closing ends its threads and frees its place")
    func letGo() throws {
        do {
            let store = try place.open()
            try store.saveAndWait(result(1)).get()
        }
        let store = try reopenSoon()
        defer { store.close() }
        #expect(try store.findAndWait(key(1)).get() != nil)
    }

    /// The lock is given back in `deinit`, which may run a moment later on one of the store's threads.
    private func reopenSoon() throws -> Store {
        for _ in 0..<1_000 {
            if let store = try? place.open() { return store }
            sched_yield()
        }
        return try place.open()
    }

    @Test("old results are removed in batches, younger ones stay")
    func removeExpired() throws {
        let store = try place.open()
        defer { store.close() }
        let group = DispatchGroup()
        for number in 0..<600 as Range<UInt64> {
            group.enter()
            store.save(result(number, storedAt: Timestamp(seconds: Int64(number)))) { _ in group.leave() }
        }
        group.wait()
        #expect(try store.removeExpiredAndWait(before: Timestamp(seconds: 500)).get() == 500)
        #expect(try store.findAndWait(key(499)).get() == nil)
        #expect(try store.findAndWait(key(500)).get() != nil)
        #expect(try store.removeExpiredAndWait(before: Timestamp(seconds: 500)).get() == 0)
        guard StoreKind.tested == .file else { return }
        try FileManager.default.moveItem(atPath: place.file, toPath: place.file + ".away")
        let away = store.removeExpiredAndWait(before: Timestamp(seconds: 600))
        #expect(throws: StoreFault.self, "nothing is written while the file is away") { try away.get() }
        try FileManager.default.moveItem(atPath: place.file + ".away", toPath: place.file)
        #expect(try store.removeExpiredAndWait(before: Timestamp(seconds: 600)).get() == 100)
    }

    @Test("a retention removes what is older, without being asked again")
    func retention() throws {
        let store = try place.open()
        defer { store.close() }
        let now = SystemClock.wall()
        try store.saveAndWait(result(1, storedAt: now + .seconds(-7_200))).get()
        try store.saveAndWait(result(2, storedAt: now)).get()
        store.replace(retention: .seconds(3_600))
        // The schedule gives what was asked for before what is due, so two requests end after the retention's own sweep
        // has begun, and sweeps are one after the other.
        for _ in 0..<1_000 {
            _ = try store.removeExpiredAndWait(before: Timestamp(seconds: 0)).get()
            if try store.findAndWait(key(1)).get() == nil { break }
        }
        #expect(try store.findAndWait(key(1)).get() == nil)
        #expect(try store.findAndWait(key(2)).get() != nil)
    }

    @Test("the log is written back as it grows, and stays short", .filesOnly("it is about the file's log"))
    func checkpoints() throws {
        let store = try place.open()
        defer { store.close() }
        let group = DispatchGroup()
        for round in 0..<40 as Range<UInt64> {
            for number in 0..<100 as Range<UInt64> {
                group.enter()
                store.save(result(round * 100 + number, bodyBytes: 2_000)) { _ in group.leave() }
            }
            group.wait()
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: place.file + "-wal")
        let bytes = try #require(attributes[.size] as? Int)
        #expect(bytes < 24 << 20, "4000 saves of 2 kB left a log of \(bytes) bytes")
        let main = try #require(try FileManager.default.attributesOfItem(atPath: place.file)[.size] as? Int)
        #expect(main > 4 << 20)
    }

    private func reader() throws -> StoreReaders {
        try StoreReaders(name: "reader", count: 1, queueMax: 1) { name in
            try SQLiteReadable(path: place.file, busyTimeout: .seconds(1), name: name)
        }
    }

    @Test("closing a reader writes nothing back: that is the writer's alone", .filesOnly("it is about the file"))
    func readersDoNotCheckpoint() throws {
        let store = try place.open()
        defer { store.close() }
        try store.saveAndWait(result(1)).get()
        // A writer that is idle for a while writes the log back.
        let gate = Gate(store)
        let before = try Data(contentsOf: URL(fileURLWithPath: place.file))
        try reader().close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == before)
        gate.open()
        #expect(try store.findAndWait(key(1)).get() != nil)
    }

    @Test("a reader's connection cannot write", .filesOnly("it is about connections to the file"))
    func readersCannotWrite() throws {
        let store = try place.open()
        defer { store.close() }
        let reader = try reader()
        let answer = Answer<Result<Void, StoreFault>>()
        reader.submit(ReadOperation({ try $0.run("DELETE FROM results") }, then: { answer.give($0) }))
        #expect(#expect(throws: StoreFault.self) { try answer.wait().get() }?.code == .readOnly)
        reader.close()
    }

    @Test(
        "commits are synchronous and no connection checkpoints by itself",
        .filesOnly("it is about connections to the file")
    )
    func pragmas() throws {
        let store = try place.open()
        defer { store.close() }
        let answer = store.performAndWait { connection in
            try ["synchronous", "wal_autocheckpoint"].map { name in
                try Int.fetchOne(connection.database, sql: "PRAGMA \(name)")!
            }
        }
        #expect(try answer.get() == [2, 0])
    }

    @Test("saves and look-ups from eight threads all succeed")
    func hammer() throws {
        let store = try place.open()
        defer { store.close() }
        let failures = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<50 {
                let number = UInt64(thread * 50 + round)
                if case .failure = store.saveAndWait(result(number)) { failures.add(1, ordering: .relaxed) }
                let found = try? store.findAndWait(key(number)).get()
                if found?.body != result(number).body { failures.add(1, ordering: .relaxed) }
            }
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        #expect(store.commitCount <= 800)
    }
}
