import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("A backup in the place of a store", .filesOnly("only files are put in place"))
struct StoreRestoreTests {
    private let place = TemporaryStore()
    private let backup = TemporaryStore()
    private static let now = Timestamp(seconds: 1_796_000_000)
    private static let keptName = "tollgate.db.before-restore-20261130T005320Z"

    /// A file like those that `tollgate backup` makes, with so many settled reservations.
    private func makeBackup(_ count: UInt64 = 2) throws {
        let store = try backup.open()
        for number in 1...count { try store.saveAndWait(result(number)).get() }
        store.close()
        try backup.edit { _ = try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
    }

    /// The store at the place, with so many settled reservations; stopped, or with the log that a killed one leaves.
    private func makeStore(_ count: UInt64 = 5, killed: Bool = false) throws {
        let other = TemporaryStore()
        let store = try other.open()
        for number in 1...count { try store.saveAndWait(result(number)).get() }
        if killed {
            let copy = try other.killed()
            for name in ["tollgate.db", "tollgate.db-wal"] {
                try FileManager.default.moveItem(atPath: copy.path + "/" + name, toPath: place.path + "/" + name)
            }
        }
        store.close()
        if !killed { try FileManager.default.moveItem(atPath: other.file, toPath: place.file) }
    }

    private func restore(acceptsSums: Bool = false) throws(StoreFault) -> StoreRestore.Outcome {
        try StoreRestore.run(path: place.file, from: backup.file, acceptsSums: acceptsSums, at: Self.now)
    }

    private func fault() -> StoreFault? {
        do throws(StoreFault) {
            _ = try restore()
            return nil
        } catch {
            return error
        }
    }

    private func ledgerCount(_ place: TemporaryStore) throws -> Int {
        let store = try place.open()
        defer { store.close() }
        return try Int(store.rows("SELECT count(*) FROM ledger")[0])!
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() }
    }

    /// What was kept, as a store of its own.
    private func kept() throws -> TemporaryStore {
        let copy = TemporaryStore()
        for suffix in ["", "-wal"]
        where FileManager.default.fileExists(atPath: place.path + "/" + Self.keptName + suffix) {
            try FileManager.default.copyItem(
                atPath: place.path + "/" + Self.keptName + suffix,
                toPath: copy.file + suffix
            )
        }
        return copy
    }

    @Test(
        "takes the place of the old one, which is kept as one file with all that was in its log",
        arguments: [false, true]
    )
    func replaced(_ isKilled: Bool) throws {
        try makeBackup()
        try makeStore(killed: isKilled)
        let outcome = try restore()
        #expect(outcome.before?.ledgerCount == 5 && outcome.after.ledgerCount == 2)
        #expect(outcome.before?.total.spent.micros == 12_500_000 && outcome.after.total.spent.micros == 5_000_000)
        #expect(outcome.keptAt == place.path + "/" + Self.keptName && outcome.beforeFault == nil)
        #expect(try names == ["tollgate.db", Self.keptName, "tollgate.db.lock"])
        #expect(try ledgerCount(kept()) == 5)
        #expect(try ledgerCount(place) == 2)
        #expect(try FileManager.default.attributesOfItem(atPath: place.file)[.posixPermissions] as? Int == 0o600)
        // What was kept can be restored in its turn, and keeps its place.
        let undone = try StoreRestore.run(path: place.file, from: try #require(outcome.keptAt), at: Self.now)
        #expect(undone.after.ledgerCount == 5 && undone.keptAt == outcome.keptAt! + "-2")
        #expect(try ledgerCount(place) == 5)
    }

    @Test("needs no store to be there")
    func nothingThere() throws {
        try makeBackup()
        let outcome = try restore()
        #expect(outcome.before == nil && outcome.keptAt == nil)
        #expect(try ledgerCount(place) == 2)
    }

    @Test("a store that cannot be read is kept, and replaced all the same")
    func damagedStore() throws {
        try makeBackup()
        let garbage = Data(repeating: 0xA5, count: 9_000)
        try garbage.write(to: URL(fileURLWithPath: place.file))
        let outcome = try restore()
        #expect(outcome.before == nil && outcome.beforeFault?.code == .corrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: outcome.keptAt!)) == garbage)
        #expect(try ledgerCount(place) == 2)
    }

    @Test("a store whose log cannot be written back is left with it, and the fault says what to do")
    func lockedLog() throws {
        try makeBackup()
        try makeStore(killed: true)
        let files = ["tollgate.db", "tollgate.db-wal"].map { URL(fileURLWithPath: place.path + "/" + $0) }
        let before = try files.map { try Data(contentsOf: $0) }
        // The index of the log cannot be made.
        let index = place.file + "-shm"
        try FileManager.default.createDirectory(atPath: index, withIntermediateDirectories: false)
        #expect(fault()?.detail.contains("to another folder, and run this again") == true)
        #expect(try files.map { try Data(contentsOf: $0) } == before)
        #expect(try names.contains { $0.contains("restore") } == false)
        try FileManager.default.removeItem(atPath: index)
        #expect(try restore().before?.ledgerCount == 5)
    }

    @Test("is refused while a process has the store open, and by one that is of another program")
    func refused() throws {
        try makeBackup()
        try makeStore()
        let store = try place.open()
        #expect(fault()?.code == .inUse)
        store.close()
        try place.edit { database in
            try database.execute(sql: "PRAGMA application_id = 7")
            _ = try String.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        #expect(fault()?.detail.contains("of another program; is store.url right?") == true)
        #expect(try names.contains { $0.contains("restore") } == false)
        try place.edit { try $0.execute(sql: "PRAGMA application_id = \(StoreSchema.applicationID)") }
        #expect(try ledgerCount(place) == 5)
    }

    @Test("is refused when it is not sound, and the store is left as it is")
    func unsound() throws {
        try makeBackup()
        try makeStore()
        let before = try Data(contentsOf: URL(fileURLWithPath: place.file))
        func expectRefusal(_ code: StoreFault.Code, _ words: String) throws {
            let fault = fault()
            #expect(fault?.code == code && fault?.detail.contains(words) == true, "\(String(describing: fault))")
            #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == before)
            #expect(try names.contains { $0.contains("restore") } == false)
        }
        try backup.edit { try $0.execute(sql: "CREATE TABLE extra (x)") }
        try expectRefusal(.corrupt, "has extra, which no gateway made")
        try backup.edit { try $0.execute(sql: "DROP TABLE extra; UPDATE usage SET spent = spent - 1") }
        try expectRefusal(.corrupt, "--accept-sums")
        try backup.edit { try $0.execute(sql: "PRAGMA user_version = 9999") }
        try expectRefusal(.newerSchema, "use the program that wrote it or a newer one")
        try Data(repeating: 0x20, count: 5_000).write(to: URL(fileURLWithPath: backup.file))
        try expectRefusal(.corrupt, "no SQLite database")
        try FileManager.default.removeItem(atPath: backup.file)
        try expectRefusal(.unavailable, "No such file")
    }

    @Test("whose sums do not agree is taken when that is accepted, and they are told")
    func acceptedSums() throws {
        try makeBackup()
        try backup.edit { try $0.execute(sql: "UPDATE usage SET spent = spent - 1") }
        #expect(fault()?.code == .corrupt)
        #expect(try restore(acceptsSums: true).sumFaults.count == 2)
        #expect(try ledgerCount(place) == 2)
    }

    @Test("may be the file of a store that was stopped, and is not the store itself or one with a log")
    func files() throws {
        let store = try backup.open()
        try store.saveAndWait(result(1)).get()
        #expect(fault()?.detail.contains("tollgate.db-wal lies beside the file") == true)
        store.close()
        #expect(try restore().after.ledgerCount == 1)
        let fault = #expect(throws: StoreFault.self) {
            try StoreRestore.run(path: place.file, from: place.path + "/./tollgate.db", at: Self.now)
        }
        #expect(fault?.detail.contains("is the store itself") == true)
    }

    @Test("of an older schema stays what it is until a start or a migration")
    func older() throws {
        let sql = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/schema-08.sql"),
            encoding: .utf8
        )
        try backup.edit { try $0.execute(sql: sql) }
        #expect(try restore().after.schemaVersion == 8)
        #expect(try StoreMigration.run(path: place.file).from == 8)
    }

    // MARK: What a restore that was cut off leaves

    @Test("one that was cut off before there was a store refuses a start, and can be done again")
    func cutOff() throws {
        try makeBackup()
        try Data("half".utf8).write(to: URL(fileURLWithPath: place.file + ".unfinished-restore"))
        let fault = #expect(throws: StoreFault.self) { try place.open() }
        #expect(fault?.detail.contains("was cut off: run it again") == true)
        #expect(throws: StoreFault.self) { try StoreMigration.run(path: place.file) }
        #expect(!FileManager.default.fileExists(atPath: place.file))
        #expect(try restore().after.ledgerCount == 2)
        #expect(try ledgerCount(place) == 2)
        #expect(!FileManager.default.fileExists(atPath: place.file + ".unfinished-restore"))
    }

    @Test("a log without its file is not thrown away by a start")
    func logAlone() throws {
        try makeStore(killed: true)
        let log = try Data(contentsOf: URL(fileURLWithPath: place.file + "-wal"))
        try FileManager.default.moveItem(atPath: place.file, toPath: place.file + ".away")
        let fault = #expect(throws: StoreFault.self) { try place.open() }
        #expect(fault?.detail.contains("is not there, but its log") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file + "-wal")) == log)
        try FileManager.default.moveItem(atPath: place.file + ".away", toPath: place.file)
        #expect(try ledgerCount(place) == 5)
    }

    @Test("one that was cut off before it changed anything leaves nothing behind the next start")
    func leftovers() throws {
        try makeStore()
        try Data("half".utf8).write(to: URL(fileURLWithPath: place.file + ".unfinished-restore"))
        #expect(try ledgerCount(place) == 5)
        #expect(try names == ["tollgate.db", "tollgate.db.lock"])
    }
}
