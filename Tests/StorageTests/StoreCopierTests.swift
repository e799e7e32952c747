import Cryptography
import Foundation
import GRDB
import Reporting
import Synchronization
import Testing
import Vocabulary

@testable import Storage

@Suite("A copy of a store that is in use", .filesOnly("only files are copied"))
struct StoreCopierTests {
    private let place = TemporaryStore()

    private func copy(_ store: Store) -> Result<any StoreCopy, BackupFault> {
        let answer = Answer<Result<any StoreCopy, BackupFault>>()
        store.copyAll { answer.give($0) }
        return answer.wait()
    }

    private func piece(_ copy: any StoreCopy) -> Result<[UInt8], StoreFault> {
        let answer = Answer<Result<[UInt8], StoreFault>>()
        copy.next { answer.give($0) }
        return answer.wait()
    }

    /// Reads a copy to its end into a file of a folder of its own.
    private func save(_ copy: any StoreCopy) throws -> TemporaryStore {
        let target = TemporaryStore()
        var bytes: [UInt8] = []
        while case let piece = try piece(copy).get(), !piece.isEmpty {
            #expect(piece.count <= StoreCopyLimits.pieceBytes)
            bytes += piece
        }
        #expect(Int64(bytes.count) == copy.byteCount)
        #expect(SHA256Hasher().digest(bytes) == copy.digest)
        try Data(bytes).write(to: URL(fileURLWithPath: target.file))
        return target
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() }
    }

    @Test("has all that was durable before it was asked for, needs no other file, and is found sound")
    func whole() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 1...40 as ClosedRange<UInt64> { try store.saveAndWait(result(number, bodyBytes: 9_000)).get() }
        let copy = try copy(store).get()
        #expect(copy.schemaVersion == StoreSchema.version)
        let saved = try save(copy)
        let (survey, faults) = try StoreInspection.inspect(saved.file)
        #expect(survey.ledgerCount == 40 && survey.resultCount == 40 && survey.openCount == 0)
        #expect(survey.total.spent == MicroCredits(micros: 100_000_000) && faults == [])
        #expect(survey.byteCount == copy.byteCount && survey.schemaVersion == StoreSchema.version)
        #expect(try FileManager.default.contentsOfDirectory(atPath: saved.path) == ["tollgate.db"])
        copy.close()
        #expect(try names == ["tollgate.db", "tollgate.db-shm", "tollgate.db-wal", "tollgate.db.lock"])
    }

    @Test("is of one moment, whatever is written while it is made")
    func oneMoment() throws {
        let store = try place.open()
        defer { store.close() }
        // Enough pages for several steps.
        for number in 1...900 as ClosedRange<UInt64> { store.save(result(number, bodyBytes: 9_000)) { _ in } }
        try store.saveAndWait(result(901)).get()
        let isDone = Atomic<Bool>(false)
        let written = Atomic<Int64>(901)
        let writing = Answer<Bool>()
        Thread.detachNewThread {
            var number: UInt64 = 1_000
            while !isDone.load(ordering: .relaxed) {
                number += 1
                if case .success = store.saveAndWait(result(number, bodyBytes: 5_000)) {
                    written.add(1, ordering: .relaxed)
                }
            }
            writing.give(true)
        }
        for _ in 1...3 {
            let before = written.load(ordering: .relaxed)
            let copy = try copy(store).get()
            let after = written.load(ordering: .relaxed)
            let saved = try save(copy)
            let (survey, faults) = try withExtendedLifetime(saved) { try StoreInspection.inspect(saved.file) }
            copy.close()
            #expect((before...(after + 1)).contains(survey.resultCount))
            #expect(survey.ledgerCount - survey.openCount == survey.resultCount, "a settlement without its result")
            #expect(survey.total.spent.micros == survey.resultCount * 2_500_000)
            #expect(faults == [])
        }
        isDone.store(true, ordering: .relaxed)
        _ = writing.wait()
    }

    @Test("is one at a time, until it is given up")
    func oneAtATime() throws {
        let store = try place.open()
        defer { store.close() }
        let first = try copy(store).get()
        guard case .failure(.underWay) = copy(store) else {
            Issue.record("a second copy was made")
            return
        }
        _ = try piece(first).get()
        guard case .failure(.underWay) = copy(store) else {
            Issue.record("a second copy was made")
            return
        }
        first.close()
        #expect(throws: StoreFault.self) { try piece(first).get() }
        var second: (any StoreCopy)? = try copy(store).get()
        #expect(second != nil)
        // The last reference gives it up too, which may be one of the copier's thread.
        second = nil
        let deadline = ContinuousClock.now + .seconds(600)
        var third = copy(store)
        while case .failure(.underWay) = third, ContinuousClock.now < deadline { third = copy(store) }
        _ = try third.get()
    }

    @Test("gives its room on the disk back when it is given up, and has no name before")
    func room() throws {
        let store = try place.open()
        defer { store.close() }
        let copy = try copy(store).get()
        func open() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                return target?.hasPrefix(place.file + ".unfinished-copy") == true
            }
        }
        #expect(try open() == 1)
        copy.close()
        // Its thread ends by itself; the end of the store waits for it.
        store.close()
        #expect(try open() == 0)
    }

    @Test("that a killed process left unfinished is removed by the next start, and nothing else is")
    func leftovers() throws {
        try place.open().close()
        for suffix in [".unfinished-copy", ".unfinished-copy-journal", ".backup", ".copy"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: place.file + suffix))
        }
        try place.open().close()
        #expect(try names == ["tollgate.db", "tollgate.db.backup", "tollgate.db.copy", "tollgate.db.lock"])
    }

    @Test("ends with the store, and none is begun behind it")
    func closing() throws {
        let store = try place.open()
        let copy = try copy(store).get()
        store.close()
        #expect(throws: StoreFault.self) { try piece(copy).get() }
        guard case .failure(.failed(let fault)) = self.copy(store) else {
            Issue.record("a copy of a closed store")
            return
        }
        #expect(fault.code == .unavailable)
    }
}
