import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("A migration without a start", .filesOnly("it is about files"))
struct StoreMigrationTests {
    private let place = TemporaryStore()

    private func fault() -> StoreFault? {
        do throws(StoreFault) {
            _ = try StoreMigration.run(path: place.file)
            return nil
        } catch {
            return error
        }
    }

    @Test("is refused where there is no store, a running one, or a newer one, and makes nothing")
    func refused() throws {
        #expect(fault()?.detail.contains("there is no store at") == true)
        #expect(!FileManager.default.fileExists(atPath: place.file))
        let store = try place.open()
        #expect(fault()?.code == .inUse)
        store.close()
        #expect(
            try StoreMigration.run(path: place.file)
                == .init(from: StoreSchema.version, to: StoreSchema.version, sumFaults: [])
        )
        // No program has written this.
        try place.edit { try $0.execute(sql: "PRAGMA user_version = -1") }
        #expect(fault()?.code == .corrupt)
        // What an older program meets is the same as what this one meets on the next schema.
        try place.edit { try $0.execute(sql: "PRAGMA user_version = \(StoreSchema.version + 1)") }
        #expect(fault()?.code == .newerSchema)
        #expect(fault()?.detail.contains("restore a backup of schema \(StoreSchema.version) or older") == true)
    }

    @Test("takes all steps or none, and leaves reservations to the start")
    func whole() throws {
        try place.edit { database in
            for step in StoreSchema.steps[..<2] { try database.execute(sql: step) }
            try database.execute(
                sql: """
                    PRAGMA application_id = \(StoreSchema.applicationID); PRAGMA user_version = 2;
                    INSERT INTO ledger VALUES (7, 20000, 'a', 'k', 'default', 'main', 'd', 'm', zeroblob(32), 'r', 0, 3, NULL, 1,
                        NULL);
                    CREATE TABLE alerts (x);
                    """
            )
        }
        #expect(fault()?.detail.contains("alerts") == true)
        let (version, hasTeams) = try place.edit { database in
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version")
            let hasTeams = try database.tableExists("teams")
            try database.execute(sql: "DROP TABLE alerts")
            return (version, hasTeams)
        }
        #expect(version == 2 && !hasTeams)
        #expect(try StoreMigration.run(path: place.file).from == 2)
        #expect(try place.edit { try Int.fetchOne($0, sql: "SELECT state FROM ledger") } == 0)
    }

    @Test("tells sums that do not agree, and migrates all the same")
    func sums() throws {
        let store = try place.open()
        try store.saveAndWait(result(1)).get()
        store.close()
        try place.edit { try $0.execute(sql: "UPDATE usage SET spent = 1") }
        #expect(try StoreMigration.run(path: place.file).sumFaults.count == 2)
    }
}
