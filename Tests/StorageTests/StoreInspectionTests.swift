import Foundation
import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("A file that may become a store is looked at whole", .filesOnly("it is about files"))
struct StoreInspectionTests {
    private let place = TemporaryStore()

    /// A store of one file: `count` settled reservations with their results.
    private func make(_ count: UInt64 = 3) throws {
        let store = try place.open()
        for number in 1...count { try store.saveAndWait(result(number, bodyBytes: 3_000)).get() }
        store.close()
        try place.edit { _ = try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
    }

    private func fault() -> StoreFault? {
        do throws(StoreFault) {
            _ = try StoreInspection.inspect(place.file)
            return nil
        } catch {
            return error
        }
    }

    @Test("a store is found sound, and neither changed nor given files beside it")
    func sound() throws {
        try make()
        let before = try Data(contentsOf: URL(fileURLWithPath: place.file))
        let (survey, faults) = try StoreInspection.inspect(place.file)
        #expect(faults == [])
        #expect(survey.teams == ["accounts-payable": .init(spent: MicroCredits(micros: 7_500_000))])
        #expect(survey.lastReservationAt == Timestamp(seconds: 1_728_000_000))
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.file)) == before)
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        #expect(names == ["tollgate.db", "tollgate.db.lock"])
    }

    @Test(
        "what is not the schema of its version is refused",
        arguments: [
            ("CREATE TRIGGER t AFTER INSERT ON ledger BEGIN DELETE FROM ledger; END", "has t, which no gateway made"),
            ("CREATE VIEW v AS SELECT 1", "has v, which"), ("CREATE TABLE extra (x)", "has extra, which"),
            ("DROP TABLE grants", "lacks grants"), ("DROP INDEX ledger_resolved", "lacks ledger_resolved"),
            ("ALTER TABLE grants ADD COLUMN more TEXT", "has another grants than schema"),
        ]
    )
    func tables(_ change: String, _ words: String) throws {
        try make()
        try place.edit { try $0.execute(sql: change) }
        #expect(fault()?.code == .corrupt)
        #expect(fault()?.detail.contains(words) == true, "\(fault()?.detail ?? "")")
    }

    @Test("an index beside those that are needed does no harm")
    func extraIndex() throws {
        try make()
        try place.edit { try $0.execute(sql: "CREATE INDEX mine ON ledger (document_id)") }
        #expect(fault() == nil)
    }

    @Test("a file of another program, a newer schema, an empty one, one that is no database")
    func foreign() throws {
        try make()
        try place.edit { try $0.execute(sql: "PRAGMA user_version = \(StoreSchema.version + 1)") }
        #expect(fault()?.code == .newerSchema)
        #expect(fault()?.detail.contains("use the program that wrote it or a newer one") == true)
        try place.edit { try $0.execute(sql: "PRAGMA user_version = 1; PRAGMA application_id = 7") }
        #expect(fault()?.detail.contains("of another program") == true)
        try Data().write(to: URL(fileURLWithPath: place.file))
        #expect(fault()?.code == .corrupt)
        try Data("no database, but long enough for a header of one".utf8).write(to: URL(fileURLWithPath: place.file))
        #expect(fault()?.code == .corrupt)
        try FileManager.default.removeItem(atPath: place.file)
        #expect(fault()?.code == .unavailable)
    }

    @Test("a damaged page in the middle of a table, which no start would notice")
    func damage() throws {
        try make(60)
        try place.edit { _ = try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
        let (root, size) = try place.edit { database in
            let page = try Int.fetchOne(
                database,
                sql:
                    "SELECT pageno FROM dbstat WHERE name = 'results' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 5"
            )
            return (try #require(page), try Int.fetchOne(database, sql: "PRAGMA page_size")!)
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: place.file))
        bytes.replaceSubrange((root - 1) * size..<(root - 1) * size + 100, with: Data(repeating: 0xFF, count: 100))
        try bytes.write(to: URL(fileURLWithPath: place.file))
        #expect(fault()?.code == .corrupt)
        // A start looks at both ends of each table and would take it.
        try place.open().close()
    }

    @Test("a file with a log beside it is not whole by itself")
    func log() throws {
        let store = try place.open()
        try store.saveAndWait(result(1)).get()
        #expect(fault()?.detail.contains("tollgate.db-wal lies beside the file") == true)
        store.close()
        #expect(fault()?.detail.contains("running or killed store") == true)
    }

    @Test(
        "sums that do not agree are told with day, names and both amounts",
        arguments: [
            "UPDATE ledger SET credits = credits + 1 WHERE id = (SELECT max(id) FROM ledger)",
            "UPDATE ledger SET state = 3, credits = NULL WHERE id = (SELECT max(id) FROM ledger)",
            "DELETE FROM ledger WHERE id = (SELECT max(id) FROM ledger)",
            "UPDATE usage SET spent = spent - 1", "UPDATE usage SET unconfirmed = 1",
            "UPDATE usage_accounts SET spent = spent - 1", "DELETE FROM usage_accounts",
            "UPDATE usage_documents SET spent = spent + 1 WHERE spent > 0", "UPDATE usage SET day = day + 1",
            "UPDATE ledger SET account = 'another'",
        ]
    )
    func sums(_ change: String) throws {
        try make()
        try place.edit { try $0.execute(sql: change) }
        let (_, faults) = try StoreInspection.inspect(place.file)
        #expect(!faults.isEmpty)
        #expect(faults.allSatisfy { $0.hasPrefix("on 2024-10-") }, "\(faults)")
    }

    @Test("rows of the ledger that were removed for their age are no fault, and those of recent days are")
    func retention() throws {
        let store = try place.open()
        for (day, number) in [(19_000, 1), (19_050, 2), (19_200, 3), (19_201, 4)] as [(Int32, UInt64)] {
            let reservation = reservation(day: day, document: number)
            try store.reserveAndWait(reservation).get()
            _ = try store.endAndWait(settlement(of: reservation)).get()
        }
        store.close()
        try place.edit { database in
            _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE")
            try database.execute(sql: "DELETE FROM ledger WHERE day < 19100")
        }
        #expect(try StoreInspection.inspect(place.file).sumFaults == [])
        try place.edit { try $0.execute(sql: "DELETE FROM ledger WHERE day = 19200") }
        #expect(try StoreInspection.inspect(place.file).sumFaults.count == 1)
    }
}
