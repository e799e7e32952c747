import Budgeting
import Caching
import Foundation
import GRDB
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("What a store may have", .filesOnly("other nodes write to a database"))
struct StorePresenceTests {
    private let place = TemporaryStore()

    private func document(_ number: UInt64) -> DocumentKey {
        DocumentKey(account: AccountID(rawValue: "default"), documentID: result(number).documentID)
    }

    private func settle(_ store: Store, _ number: UInt64) throws {
        let reservation = reservation(document: number)
        try store.reserveAndWait(reservation).get()
        let ending = ReservationEnding(
            reservation: reservation,
            outcome: .settled(MicroCredits(micros: 2)),
            endedAt: Timestamp(seconds: 1_728_000_001),
            lesson: Lesson(documentPages: 4)
        )
        #expect(try store.endAndWait(ending, storing: result(number)).get() == .done)
    }

    /// Lets the thread that lists do all that was asked before, until it is known what is there.
    private func waitUntilKnown(_ store: Store) throws {
        let deadline = Deadline.generous
        while !store.lacks(key(.max), pagesOf: nil) {
            try #require(!deadline.hasPassed)
            try store.readAndWait { _ in }
        }
    }

    // MARK: A store

    @Test("has what was written, before it is answered, and what an earlier process wrote")
    func written() throws {
        let store = try place.open()
        try waitUntilKnown(store)
        #expect(store.lacks(key(1), pagesOf: document(1)) && store.lacks(nil, pagesOf: nil))
        try settle(store, 1)
        func check(_ store: Store) {
            #expect(!store.lacks(key(1), pagesOf: nil) && !store.lacks(nil, pagesOf: document(1)))
            #expect(!store.lacks(key(1), pagesOf: document(2)) && !store.lacks(key(2), pagesOf: document(1)))
            #expect(store.lacks(key(2), pagesOf: document(2)))
        }
        check(store)
        store.close()
        let next = try place.open()
        defer { next.close() }
        #expect(!next.lacks(key(1), pagesOf: document(1)))
        try waitUntilKnown(next)
        check(next)
    }

    @Test("may have what was removed")
    func removed() throws {
        let store = try place.open()
        defer { store.close() }
        try waitUntilKnown(store)
        try settle(store, 1)
        #expect(try store.removeExpiredAndWait(before: Timestamp(seconds: 2_000)).get() == 1)
        #expect(!store.lacks(key(1), pagesOf: nil))
        #expect(try store.findAndWait(key(1)).get() == nil)
    }

    @Test("nodes that share a database are asked each time")
    func shared() throws {
        let node = try TemporaryStore(.postgreSQL).open()
        defer { node.close() }
        try node.readAndWait { _ in }
        #expect(!node.lacks(key(1), pagesOf: document(1)))
    }

    // MARK: Filling

    /// Reads that were asked for and wait, with a connection on which they can be done.
    private final class Reads: Sendable {
        private let waiting = Guarded<[ReadOperation]>([])

        func add(_ read: ReadOperation) { waiting.withLock { $0.append(read) } }

        var next: ReadOperation? { waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

        /// Does one; false when none waits.
        func run(on connection: StoreConnection) -> Bool {
            guard let next else { return false }
            next.run(connection)
            return true
        }
    }

    private static let sql = """
        INSERT INTO results (id, key, status, body, credits_micros, stored_at, account, team, document_id, model, classification)
        VALUES (?1, ?2, 200, x'', 1, 1, 'default', 'a', 'd', 'm', 'c')
        """

    private func insert(_ numbers: ClosedRange<UInt64>, _ database: Database) throws {
        let statement = try database.makeStatement(sql: Self.sql)
        for number in numbers { try statement.execute(arguments: [Int64(number), Data(digest(number).bytes)]) }
    }

    private func withFile(_ work: (Database, StoreConnection, Reads) throws -> Void) throws {
        try place.open().close()
        try place.edit { database in try work(database, StoreConnection(database), Reads()) }
    }

    @Test("anything may be there until the last row was read, and after a read that failed")
    func failed() throws {
        try withFile { database, connection, reads in
            try insert(1...5_000, database)
            let presence = StorePresence()
            presence.fill { reads.add($0) }
            #expect(reads.run(on: connection) && !presence.lacks(key(9_999), pagesOf: nil))
            while reads.run(on: connection) {}
            #expect(presence.lacks(key(9_999), pagesOf: document(1)))
            #expect((1...5_000).allSatisfy { !presence.lacks(key($0), pagesOf: nil) })

            let other = StorePresence()
            other.fill { reads.add($0) }
            #expect(reads.run(on: connection))
            try #require(reads.next).refuse(StoreFault(code: .unavailable, detail: "closed"))
            #expect(reads.next == nil && !other.lacks(key(9_999), pagesOf: nil))
        }
    }

    @Test("a filter that becomes full makes room by another one, which has what is written meanwhile")
    func grows() throws {
        try withFile { database, connection, reads in
            let presence = StorePresence(capacityMin: 64, capacityMax: 1 << 16)
            presence.fill { reads.add($0) }
            while reads.run(on: connection) {}
            for first in stride(from: UInt64(1), through: 2_000, by: 10) {
                presence.noteBegin()
                try database.inTransaction {
                    for number in first..<first + 10 { presence.note(key(number)) }
                    // What is read of the next filter before the COMMIT cannot have this transaction.
                    while let read = reads.next { try withReader { read.run($0) } }
                    try insert(first...first + 9, database)
                    return .commit
                }
                #expect((1..<first + 10).allSatisfy { !presence.lacks(key($0), pagesOf: nil) }, "\(first)")
                if first % 3 == 0 { while reads.run(on: connection) {} }
            }
            while reads.run(on: connection) {}
            #expect((10_000..<11_000).count { presence.lacks(key($0), pagesOf: nil) } > 900)
        }
    }

    /// A connection that sees what is committed.
    private func withReader(_ work: (StoreConnection) -> Void) throws {
        let database = try DatabaseQueue(path: place.file)
        defer { try? database.close() }
        database.unsafeRead { work(StoreConnection($0)) }
    }

    @Test("a store with more than there is room for is always asked")
    func tooMany() throws {
        try withFile { database, connection, reads in
            try insert(1...200, database)
            let presence = StorePresence(capacityMin: 64, capacityMax: 256)
            presence.fill { reads.add($0) }
            while reads.run(on: connection) {}
            #expect(!presence.lacks(key(9_999), pagesOf: nil))
            let roomy = StorePresence(capacityMin: 64, capacityMax: 512)
            roomy.fill { reads.add($0) }
            while reads.run(on: connection) {}
            #expect(roomy.lacks(key(9_999), pagesOf: nil))
        }
    }
}
