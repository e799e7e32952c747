import Foundation
import GRDB
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// A store with rows in every table, one open reservation among them, at places of both kinds.
@Suite("A copy of a whole store")
struct WholeStoreCopyTests {
    private let file = TemporaryStore(.file)

    private typealias Rows = [String: [String]]

    /// What neither engine may change or confuse, in columns where it may stand.
    private static let hostile = [
        "INSERT INTO teams VALUES ('nul' || char(0) || 'x', char(1114111) || '0', char(1114111), 1, NULL, 0, NULL)",
        "INSERT INTO teams VALUES ('', '', char(0), 1, NULL, 0, '''; DROP TABLE teams; --')",
        "INSERT INTO usage VALUES (-9223372036854775808, 'o', 'k', 'm', '', 9223372036854775807, 9223372036854775807, "
            + "-9223372036854775808, 9223372036854775807, 0, 0, 0)",
        "INSERT INTO usage VALUES (9223372036854775807, 'o', 'k', 'm', 'u', 9223372036854775807, 1, 0, 0, 0, 0, 0)",
        "INSERT INTO results VALUES (9223372036854775807, zeroblob(32), 200, x'', 0, 0, 0, 0, '', '', '', '', '', '', '')",
        "INSERT INTO results VALUES (4, randomblob(32), 200, zeroblob(5000000), 0, 0, 0, 0, '', '', '', '', '', '', '')",
        "INSERT INTO results VALUES (5, randomblob(32), 200, randomblob(5000000), 0, 0, 0, 0, 'é', '😀', '', '', '', '', '')",
        "WITH RECURSIVE n (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 3300) "
            + "INSERT INTO documents SELECT 'a' || n % 3, 'document ' || n, n FROM n",
    ]

    private func make(_ changes: [String] = hostile, in place: TemporaryStore? = nil, isBooked: Bool = true) throws {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/schema-\(StoreSchema.version).sql")
        let sql = try String(contentsOf: fixture, encoding: .utf8)
        try (place ?? file).edit { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: sql)
            if isBooked { try UnbookedEndings.bookLeft(on: StoreConnection(database)) }
            for change in changes { try database.execute(sql: change) }
        }
    }

    private func rows(of place: TemporaryStore) throws -> Rows {
        let tables = try CopiedTable.all()
        return try place.edit { database in
            var rows: Rows = [:]
            for table in tables {
                // A text is quoted up to its first NUL only.
                let values = table.columns.map { column in
                    column.kind == .text
                        ? "coalesce(hex(\(column.name)), 'NULL')" : "quote(\(column.name))"
                }
                let row = values.joined(separator: " || ' ' || ")
                let sql = "SELECT \(row) FROM \(table.name) ORDER BY \(table.keyList)"
                rows[table.name] = try String.fetchAll(database, sql: sql)
            }
            return rows
        }
    }

    @discardableResult
    private func copy(
        _ source: TemporaryStore,
        _ target: TemporaryStore,
        onStep: (WholeStoreCopy.Step) -> Void = { _ in }
    ) throws -> WholeStoreCopy.Outcome {
        try WholeStoreCopy.run(from: source.target, to: target.target, as: TestDatabases.node, onStep: onStep)
    }

    private func fault(_ source: TemporaryStore, _ target: TemporaryStore) -> StoreFault? {
        #expect(throws: StoreFault.self) { try copy(source, target) }
    }

    private func open(_ place: TemporaryStore) throws -> Store {
        try Store.open(place.target, as: TestDatabases.node) { Issue.record("fatal: \($0)") }
    }

    private func names(_ place: TemporaryStore) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
    }

    // MARK: What is copied

    @Test("every table of either engine is copied, or made anew for a reason that is written down")
    func tables() throws {
        let place = TemporaryStore(.postgreSQL)
        let shared = try place.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        #expect(Set(shared) == Set(CopiedTable.names + CopiedTable.madeAnew))
        #expect(shared.count == CopiedTable.names.count + CopiedTable.madeAnew.count)
        try make([])
        let own = try file.edit {
            try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
        #expect(own.sorted() == (CopiedTable.names + CopiedTable.ofFiles).sorted())
        for (table, rows) in try rows(of: file) { #expect(!rows.isEmpty, "\(table) is tried without a row") }
    }

    @Test("from a file to PostgreSQL, to another database and back to a file every value of every row is the same")
    func roundTrip() throws {
        try make()
        let before = try rows(of: file)
        let (first, second, back, again) = (
            TemporaryStore(.postgreSQL), TemporaryStore(.postgreSQL), TemporaryStore(.file), TemporaryStore(.file)
        )
        let outcome = try copy(file, first)
        #expect(outcome.openCount == 1)
        for table in outcome.tables { #expect(table.rows == Int64(before[table.name]!.count), "\(table.name)") }
        let usage = outcome.tables.first { $0.name == "usage" }!
        #expect(usage.credits == 2 * Int128(Int64.max) + 6_000_000)
        #expect(WholeStoreCopy.text(ofMicroCredits: usage.credits!) == "18446744073715.551614")
        let onward = [try copy(first, second), try copy(second, back), try copy(back, again)]
        for other in onward { #expect(other == outcome) }
        for place in [back, again] {
            let after = try rows(of: place)
            for table in CopiedTable.names { #expect(after[table] == before[table], "\(table)") }
            #expect(try names(place).filter { !$0.hasSuffix(".lock") } == ["tollgate.db"])
            try place.edit { try StoreSchema.checkTables($0, schema: StoreSchema.version) }
        }
        #expect(try rows(of: file) == before, "the source is as it was")
        #expect(try first.rows("SELECT version, min_reader, migrating_by FROM schema_state") == ["2 2 -"])
    }

    @Test("balances of a database are those of the roll-ups and of open reservations, for any number of digits")
    func balances() throws {
        try make()
        let place = TemporaryStore(.postgreSQL)
        try copy(file, place)
        let sum = "SELECT sum(spent), sum(unconfirmed), sum(reserved) FROM balances WHERE scope = "
        let all = "18446744073715551614 9223372036859775808 4000000"
        for scope in ["organization", "team", "key"] { #expect(try place.rows(sum + "'\(scope)'") == [all]) }
        #expect(try place.rows(sum + "'upstream_key'") == ["9223372036860775807 5000001 4000000"])
        #expect(try place.rows("SELECT DISTINCT node FROM balances") == ["-1"])
        #expect(try place.rows("SELECT number, state, name FROM nodes") == ["0 dead tollgate store copy"])
    }

    @Test(
        "an open reservation is unconfirmed once the gateway starts there, and is in the balances",
        arguments: [1, 2]
    )
    func open(_ hops: Int) throws {
        try make([])
        let shared = TemporaryStore(.postgreSQL)
        try copy(file, shared)
        let end = hops == 1 ? shared : TemporaryStore(.file)
        if hops == 2 { try copy(shared, end) }
        let store = try open(end)
        defer { store.close() }
        let opening = try store.opening()
        #expect(opening.recoveredCount == 1)
        #expect(try store.rows("SELECT id, state FROM ledger WHERE state IN (0, 3) ORDER BY id") == ["103 3", "105 3"])
        #expect(try store.rows("SELECT sum(unconfirmed) FROM usage") == ["9000000"])
        #expect(try store.findAndWait(CacheKey(Digest(bytes: [UInt8](repeating: 1, count: 32))!)).get() != nil)
        #expect(try store.rows("SELECT count(*), max(id) FROM audit") == ["2 2"])
        guard hops == 1 else { return }
        let balances = opening.balances + opening.elsewhere
        let own = balances.filter { $0.scope == .team(TeamID(rawValue: "sales")) }
        #expect(own.reduce(0) { $0 + $1.unconfirmed } == 9_000_000 && own.reduce(0) { $0 + $1.reserved } == 0)
        #expect(own.reduce(0) { $0 + $1.spent } == 3_500_000)
    }

    // MARK: What is refused

    @Test("a store that a process has open is refused at either end, and so is a place that is not empty")
    func inUse() throws {
        try make([])
        let (shared, empty, target) = (
            TemporaryStore(.postgreSQL), TemporaryStore(.postgreSQL), TemporaryStore(.file)
        )
        try copy(file, shared)
        for (place, source, end) in [(file, file, empty), (shared, shared, target), (empty, file, empty)] {
            let store = try place.open()
            let refusal = fault(source, end)
            #expect(refusal?.code == .inUse, "\(String(describing: refusal))")
            store.close()
        }
        for end in [file, shared] {
            let refusal = fault(end === file ? shared : file, end)
            #expect(refusal?.detail.contains("already") == true, "\(String(describing: refusal))")
        }
        #expect(fault(file, file)?.code == .inUse)
        #expect(fault(shared, shared)?.code == .inUse)
        try copy(shared, target)
        #expect(fault(target, shared)?.detail.contains("rows in results, purges") == true)
        try copy(target, empty)
    }

    @Test("an older schema is refused with the command that helps, and a source where there is none is said to be none")
    func schemas() throws {
        try make([])
        let (shared, target) = (TemporaryStore(.postgreSQL), TemporaryStore(.file))
        #expect(fault(target, shared)?.detail.contains("there is no store") == true)
        try copy(file, shared)
        try file.execute("PRAGMA user_version = 13")
        try shared.execute("UPDATE schema_state SET version = version - 1")
        for (source, end) in [(file, TemporaryStore(.postgreSQL)), (shared, target)] {
            let refusal = fault(source, end)
            #expect(refusal?.code == .olderSchema && refusal?.detail.contains("type tollgate migrate") == true)
        }
        try shared.execute("UPDATE schema_state SET version = version + 2, min_reader = 1")
        #expect(fault(shared, target)?.code == .newerSchema)
    }

    @Test(
        "a value that cannot be read is named, and the target is as it was",
        arguments: [StoreKind.file, .postgreSQL]
    )
    func unsound(_ kind: StoreKind) throws {
        try make(["UPDATE teams SET name = CAST(x'41F09F98' AS TEXT) WHERE id = 'sales'"])
        let target = TemporaryStore(kind)
        let refusal = fault(file, target)
        #expect(refusal?.code == .corrupt && refusal?.detail.contains("table teams has a value in name") == true)
        let store = try open(target)
        defer { store.close() }
        #expect(try store.rows("SELECT count(*) FROM ledger") == ["0"])
    }

    @Test("a text of PostgreSQL with an escape that is none is named")
    func unsoundEscape() throws {
        let (shared, target) = (TemporaryStore(.postgreSQL), TemporaryStore(.file))
        try make([])
        try copy(file, shared)
        try shared.execute("UPDATE teams SET name = chr(1114111) || 'x' WHERE id = 'sales'")
        #expect(fault(shared, target)?.detail.contains("table teams has a value in name") == true)
        #expect(try names(target) == ["tollgate.db.lock"])
    }

    // MARK: What goes wrong

    /// Changes what comes to one table.
    private final class Falsifier: CopyTarget {
        let target: any CopyTarget
        let table: String
        let change: (inout [[CopiedValue]]) -> Void

        init(_ target: any CopyTarget, _ table: String, _ change: @escaping (inout [[CopiedValue]]) -> Void) {
            (self.target, self.table, self.change) = (target, table, change)
        }

        func insert(_ rows: [[CopiedValue]], into table: CopiedTable) throws {
            var rows = rows
            if table.name == self.table { change(&rows) }
            if !rows.isEmpty { try target.insert(rows, into: table) }
        }

        func tally(of table: CopiedTable) throws -> CopyTally { try target.tally(of: table) }

        func derive(from tallies: [String: CopyTally]) throws { try target.derive(from: tallies) }
    }

    private func falsified(
        _ kind: StoreKind,
        _ table: String,
        _ change: @escaping (inout [[CopiedValue]]) -> Void
    ) throws -> String? {
        let place = TemporaryStore(kind)
        let tables = try CopiedTable.all()
        let fault = #expect(throws: (any Error).self) {
            try SQLiteCopySource.open(file.file) { source in
                func fill(_ target: any CopyTarget) throws {
                    _ = try WholeStoreCopy.copy(tables, from: source, to: Falsifier(target, table, change)) { _ in }
                }
                switch try place.target.kind {
                case .sqlite(let path): try SQLiteCopyTarget.make(path) { try fill($0) }
                case .postgreSQL(let address): try PostgreSQLCopyTarget.make(address) { try fill($0) }
                }
            }
        }
        if kind == .file {
            #expect(try names(place) == ["tollgate.db.lock"])
        } else {
            #expect(try place.rows("SELECT count(*) FROM \(table == "usage_quarters" ? "ledger" : table)") != ["9"])
            #expect(try place.rows("SELECT count(*) FROM ledger") == ["0"])
        }
        return fault.map { StoreFault(thrown: $0).detail }
    }

    @Test("what a crash left unbooked is booked before it is copied")
    func unbooked() throws {
        try make([], isBooked: false)
        let target = TemporaryStore(.postgreSQL)
        let usage = try #require(try copy(file, target).tables.first { $0.name == "usage" })
        #expect(usage.credits == 6_000_000)
        let store = try open(target)
        defer { store.close() }
        #expect(try store.rows("SELECT spent FROM usage_accounts WHERE day = 20001") == ["2500000"])
        #expect(try store.rows("SELECT count(*) FROM payments WHERE id = 106") == ["1"])
        #expect(try file.edit { try Int.fetchOne($0, sql: "SELECT count(*) FROM unbooked") } == 0)
    }

    @Test("a row that is lost is noticed in each table", arguments: CopiedTable.names)
    func lostRow(_ table: String) throws {
        try make([])
        for kind in [StoreKind.file, .postgreSQL] {
            let detail = try falsified(kind, table) { $0.removeLast() }
            #expect(detail?.contains("table \(table) ") == true, "\(detail ?? "")")
            #expect(detail?.contains("rows, the copy") == true, "\(detail ?? "")")
        }
    }

    @Test("a value that changes is noticed in each column of each table", arguments: CopiedTable.names)
    func changedValue(_ name: String) throws {
        try make([])
        let table = try #require(try CopiedTable.all().first { $0.name == name })
        for (index, column) in table.columns.enumerated() {
            let detail = try falsified(.file, name) { rows in
                switch rows[0][index] {
                case .integer(let number): rows[0][index] = .integer(number + 1)
                case .text(let text): rows[0][index] = .text(text + "x")
                case .bytes(let bytes): rows[0][index] = .bytes(bytes + [0])
                case .null:
                    switch column.kind {
                    case .integer: rows[0][index] = .integer(1)
                    case .text: rows[0][index] = .text("x")
                    case .bytes: rows[0][index] = .bytes([1])
                    }
                }
            }
            // A check or a key of the table may be quicker.
            let isFound = detail?.contains("table \(name) ") == true && detail?.contains("the copy") == true
            #expect(isFound || detail?.contains("constraint failed") == true, "\(column.name): \(detail ?? "")")
        }
    }

    @Test("balances that do not come to what the roll-ups say are noticed")
    func wrongBalances() throws {
        try make([])
        let place = TemporaryStore(.postgreSQL)
        try place.execute(
            "CREATE FUNCTION wrong() RETURNS trigger LANGUAGE plpgsql "
                + "AS $$ BEGIN NEW.spent := NEW.spent + 1; RETURN NEW; END $$",
            "CREATE TRIGGER wrong BEFORE INSERT ON balances FOR EACH ROW WHEN (NEW.scope = 'key') "
                + "EXECUTE FUNCTION wrong()"
        )
        let refusal = fault(file, place)
        let words = "come to 6000000 micro-credits spent, table balances to 6000002 in scope key"
        #expect(refusal?.detail.contains(words) == true, "\(String(describing: refusal))")
        #expect(try place.rows("SELECT count(*) FROM balances") == ["0"])
    }

    @Test("a full disk is told as one, and leaves nothing")
    func full() throws {
        try make()
        let place = TemporaryStore(.file)
        let refusal = #expect(throws: (any Error).self) {
            try SQLiteCopySource.open(file.file) { source in
                try SQLiteCopyTarget.make(place.file) { target in
                    try target.limit(pages: 400)
                    _ = try WholeStoreCopy.copy(try CopiedTable.all(), from: source, to: target) { _ in }
                }
            }
        }
        #expect(refusal.map { StoreFault(thrown: $0).code } == .full)
        #expect(try names(place) == ["tollgate.db.lock"])
    }

    @Test("a connection that is lost leaves a database that no gateway takes, and that the next copy fills")
    func cutOff() throws {
        try make([])
        let server = try TestDatabases.server
        let place = TemporaryStore(.postgreSQL)
        let proxy = try PostgreSQLProxy(to: server.port) { $0.isCommand("INSERT INTO audit") ? .cut : .pass }
        let url = try "postgresql://\(PostgreSQLServer.user)@127.0.0.1:\(proxy.port)/\(place.database)?sslmode=disable"
        let target = try StoreTarget(url: url, password: PostgreSQLServer.password)
        #expect(throws: StoreFault.self) {
            try WholeStoreCopy.run(from: file.target, to: target, as: TestDatabases.node)
        }
        #expect(try place.rows("SELECT version, min_reader FROM schema_state") == ["1000002 1000002"])
        for refused in [
            { try open(place).close() }, { _ = try StoreMigration.run(place.target) },
            { _ = try place.target.check() },
        ] {
            let refusal = #expect(throws: StoreFault.self) { try refused() }
            #expect(refusal?.detail.contains("was cut off or is under way: run tollgate store copy again") == true)
        }
        #expect(fault(place, TemporaryStore(.file))?.detail.contains("was cut off") == true)
        #expect(try place.rows("SELECT count(*) FROM ledger") == ["0"])
        try copy(file, place)
        try open(place).close()
    }

    @Test("a connection that is lost at the COMMIT is told as what became of it", arguments: [true, false])
    func commitInDoubt(_ isCommitted: Bool) throws {
        try make([])
        let server = try TestDatabases.server
        let place = TemporaryStore(.postgreSQL)
        let isFilled = Guarded(false)
        let proxy = try PostgreSQLProxy(to: server.port) { message in
            if message.isCommand("INSERT INTO nodes") { isFilled.withLock { $0 = true } }
            guard isFilled.withLock({ $0 }) else { return .pass }
            let isCut = isCommitted ? message.isCompletion("COMMIT") : message.isCommand("COMMIT")
            return isCut ? .cut : .pass
        }
        let url = try "postgresql://\(PostgreSQLServer.user)@127.0.0.1:\(proxy.port)/\(place.database)?sslmode=disable"
        let target = try StoreTarget(url: url, password: PostgreSQLServer.password)
        let outcome = Result { try WholeStoreCopy.run(from: file.target, to: target, as: TestDatabases.node) }
        #expect(((try? outcome.get()) != nil) == isCommitted)
        #expect(try place.rows("SELECT count(*) FROM ledger") == [isCommitted ? "6" : "0"])
        if isCommitted { try open(place).close() } else { try copy(file, place) }
    }

    @Test("one to a file that was cut off is refused by a gateway, and the next one goes through")
    func unfinishedFile() throws {
        try make([])
        let place = TemporaryStore(.file)
        let unfinished = place.file + ".unfinished-store"
        try Data("half of it".utf8).write(to: URL(fileURLWithPath: unfinished))
        for refused in [
            { try open(place).close() }, { _ = try StoreMigration.run(place.target) },
            { _ = try place.target.check() },
        ] {
            let refusal = #expect(throws: StoreFault.self) { try refused() }
            #expect(refusal?.detail.contains("was cut off: run tollgate store copy again") == true)
        }
        #expect(try names(place).contains("tollgate.db.unfinished-store"))
        try copy(file, place)
        #expect(try names(place).filter { !$0.hasSuffix(".lock") } == ["tollgate.db"])
        // Beside a store it means nothing.
        try Data("half of it".utf8).write(to: URL(fileURLWithPath: unfinished))
        try open(place).close()
        #expect(!FileManager.default.fileExists(atPath: unfinished))
    }

    @Test("no gateway starts at either end while it copies")
    func held() throws {
        try make([])
        let (first, second, back) = (
            TemporaryStore(.postgreSQL), TemporaryStore(.postgreSQL), TemporaryStore(.file)
        )
        func expectRefusals(_ source: TemporaryStore, _ target: TemporaryStore) throws {
            var refusals: [StoreFault?] = []
            try copy(source, target) { step in
                guard case .checking("audit") = step else { return }
                for place in [source, target] {
                    refusals.append(#expect(throws: StoreFault.self) { try open(place).close() })
                }
            }
            #expect(refusals.count == 2)
            for refusal in refusals {
                let detail = refusal?.detail ?? ""
                #expect(detail.contains("store copy") || detail.contains("another process"), "\(detail)")
            }
        }
        try expectRefusals(file, first)
        try expectRefusals(first, second)
        try expectRefusals(second, back)
        try open(first).close()
    }

    @Test("a node that died while it changed a document is ended before, and one that lives on loses its seat")
    func deadNode() throws {
        try make(["UPDATE ledger SET id = id + 28672 WHERE state = 0"])  // of node 7
        let (shared, target) = (TemporaryStore(.postgreSQL), TemporaryStore(.file))
        try copy(file, shared)
        try shared.execute(
            """
            UPDATE nodes SET state = 'live', lease_until = 1 WHERE number = 7
            """,
            "INSERT INTO document_changes VALUES ('0b13c9f2-5148-4ffb-bb7b-000000000001', 1, 7)",
            "INSERT INTO classifier_changes VALUES ('default', 'c-1', 7, 3)"
        )
        #expect(try copy(shared, target).openCount == 1)
        #expect(try shared.rows("SELECT state FROM nodes WHERE number = 7") == ["dead"])
        #expect(try shared.rows("SELECT count(*) FROM document_changes") == ["0"])
        #expect(try shared.rows("SELECT count(*) FROM ledger WHERE state = 0") == ["1"], "that is for a gateway to end")
        let store = try open(target)
        defer { store.close() }
        #expect(try store.rows("SELECT action, target FROM audit ORDER BY id DESC LIMIT 1") == ["node.dead node/7"])
        #expect(try store.rows("SELECT id FROM results") == ["2"])
        #expect(try store.opening().recoveredCount == 1)
    }
}

extension SQLiteCopyTarget {
    /// A limit of SQLite's is the full disk.
    func limit(pages: Int) throws { try database.execute(sql: "PRAGMA max_page_count = \(pages)") }
}
