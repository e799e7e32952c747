import GRDB
import Testing
import Vocabulary

@testable import Storage

@Suite("SQLiteStatement", .filesOnly("it is about SQLite"))
struct SQLiteStatementTests {
    private func with<Value>(_ sql: StaticString, _ body: (PreparedStatement) throws -> Value) throws -> Value {
        try DatabaseQueue().inDatabase { database in try body(StoreConnection(database).statement(sql)) }
    }

    @Test(
        "a text comes back as it went in, also when it is empty, long, with a NUL or with characters of several bytes",
        arguments: [
            "", "a", "a\0b", "naïve 🧾", String(repeating: "x", count: 1_023), String(repeating: "é", count: 3_000),
        ]
    )
    func texts(_ text: String) throws {
        try with("SELECT ?1, ?2, typeof(?3)") { (statement) throws -> Void in
            for _ in 1...2 {
                for index in 1...3 as ClosedRange<Int32> { statement.bind(text, at: index) }
                #expect(try statement.step())
                #expect(statement.text(at: 0).map { Array($0.utf8) } == Array(text.utf8))
                #expect(statement.text(at: 1).map { Array($0.utf8) } == Array(text.utf8))
                #expect(statement.text(at: 2) == "text")
                #expect(try !statement.step())
                statement.reset()
            }
        }
    }

    @Test("keys, numbers and NULL come back as they went in, whether there is room for them or not")
    func values() throws {
        try with("SELECT ?1, ?2, ?3, ?4, ?5, ?6") { (statement) throws -> Void in
            statement.bind(String(repeating: "x", count: 1_000), at: 1)
            for index in 2...3 as ClosedRange<Int32> { statement.bind(key(UInt64(index)), at: index) }
            statement.bind(Int64.min, at: 4)
            statement.bind(nil as Int64?, at: 5)
            statement.bind(nil as CacheKey?, at: 6)
            #expect(try statement.step())
            #expect(statement.bytes(at: 1) == key(2).digest.bytes)
            #expect(statement.bytes(at: 2) == key(3).digest.bytes)
            #expect(statement.digest(at: 1) == digest(2))
            #expect(statement.digest(at: 0) == nil && statement.digest(at: 5) == nil)
            #expect(statement.integer(at: 3) == .min)
            #expect(statement.isNull(at: 4) && statement.isNull(at: 5) && !statement.isNull(at: 3))
            // A value of another type than asked for.
            #expect(statement.integer(at: 0) == nil && statement.bytes(at: 0) == nil && statement.text(at: 3) == nil)
            statement.reset()
        }
    }

    @Test("an empty body is empty and not NULL, and none stays bound")
    func bodies() throws {
        try DatabaseQueue().inDatabase { database in
            let connection = StoreConnection(database)
            try connection.run("CREATE TABLE bodies (body BLOB)")
            let insertion = try connection.statement("INSERT INTO bodies VALUES (?1)")
            for body in [[], [1, 2, 3]] as [[UInt8]] { try insertion.run(binding: body, at: 1) }
            try insertion.run()
            let types = try String.fetchAll(
                database,
                sql: "SELECT typeof(body) || length(ifnull(body, 'null')) FROM bodies"
            )
            #expect(types == ["blob0", "blob3", "null4"])
        }
    }

    @Test(
        "a key has 32 bytes",
        arguments: [("x''", false), ("zeroblob(31)", false), ("zeroblob(33)", false), ("zeroblob(32)", true)]
    )
    func keys(_ blob: String, _ isKey: Bool) throws {
        try DatabaseQueue().inDatabase { database in
            let connection = StoreConnection(database)
            try database.execute(sql: "CREATE TABLE blobs AS SELECT \(blob) AS blob")
            let statement = try connection.statement("SELECT blob FROM blobs")
            #expect(try statement.step())
            #expect(statement.digest(at: 0) == (isKey ? Digest(0, 0, 0, 0) : nil))
            statement.reset()
        }
    }

    @Test("a run counts the rows that it changed, and no others")
    func counting() throws {
        try DatabaseQueue().inDatabase { database in
            let connection = StoreConnection(database)
            try connection.run("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
            #expect(try connection.statement("INSERT INTO numbers VALUES (1), (2), (3)").runCounting() == 3)
            let update = try connection.statement("UPDATE numbers SET n = n + 10 WHERE n >= ?1")
            for (least, count) in [(2, 2), (100, 0), (1, 3)] as [(Int64, Int)] {
                update.bind(least, at: 1)
                #expect(try update.runCounting() == count)
            }
            let insertion = try connection.statement("INSERT INTO numbers VALUES (?1) ON CONFLICT (n) DO NOTHING")
            for count in [1, 0] {
                insertion.bind(7, at: 1)
                #expect(try insertion.runCounting() == count)
            }
        }
    }

    @Test("what cannot be bound fails the run, and only this one")
    func binding() throws {
        try with("SELECT ?1") { (statement) throws -> Void in
            statement.bind(1, at: 2)
            #expect(#expect(throws: DatabaseError.self) { _ = try statement.step() }?.resultCode == .SQLITE_RANGE)
            statement.reset()
            statement.bind(1, at: 1)
            #expect(try statement.step())
            statement.reset()
        }
    }

    @Test("a statement that cannot be prepared says why")
    func preparing() throws {
        let error = #expect(throws: DatabaseError.self) { try with("SELECT * FROM nowhere") { _ in } }
        #expect(error?.message == "no such table: nowhere")
    }

    @Test(
        "a text is cut before the character that does not fit",
        arguments: [
            ("", 4, 0), ("abc", 4, 3), ("abcd", 4, 4), ("abcde", 4, 4), ("abcé", 4, 3), ("abc🧾", 4, 3), ("abc🧾", 6, 3),
            ("abc🧾", 7, 7), ("🧾", 3, 0),
        ]
    )
    func cutting(_ text: String, _ bytesMax: Int, _ expected: Int) {
        var text = text
        #expect(text.withUTF8 { StoredText.length(of: $0, atMost: bytesMax) } == expected)
    }
}
