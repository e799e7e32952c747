internal import Registry
import Vocabulary

/// The statements on `audit`: who changed what.
///
/// Numbers ascend by one and are not used again: each row gets the number after the greatest one, and the newest entry
/// is never removed. So the entries to keep are a range of numbers, and so are those to remove.
enum AuditTable {
    /// How many entries are kept, the newest ones.
    static let entriesMax: Int64 = 1_000_000

    /// Adds the entry, and removes what is older than the newest ones. Where nodes share the store, at the end of the
    /// transaction: two would else give the same number.
    static func append(
        _ entry: AuditEntry,
        keeping count: Int64 = entriesMax,
        on connection: StoreConnection
    ) throws {
        guard connection.isShared else { return try insert(entry, keeping: count, on: connection) }
        connection.gather { $0.feed.append(entry, keeping: count) }
    }

    static func insert(_ entry: AuditEntry, keeping count: Int64, on connection: StoreConnection) throws {
        try insertion(of: entry, connection).run()
        try removeOldest(keeping: count, on: connection)
    }

    /// Does the same, and gives the entry's number.
    static func appendNumbered(_ entry: AuditEntry, on connection: StoreConnection) throws -> Int64 {
        let id = try insertion(of: entry, connection).insertedID(about: "an entry of the audit log")
        try removeOldest(keeping: entriesMax, on: connection)
        return id
    }

    private static func insertion(of entry: AuditEntry, _ connection: StoreConnection) throws -> any PreparedStatement {
        let statement = try connection.statement(
            """
            INSERT INTO audit (id, at, actor, role, action, target, address, before, after)
            VALUES ((SELECT coalesce(max(id), 0) + 1 FROM audit), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            RETURNING id
            """
        )
        statement.bind(entry.at, at: 1)
        statement.bind(entry.actor, at: 2)
        statement.bind(entry.role, at: 3)
        statement.bind(entry.action, at: 4)
        statement.bind(entry.target, at: 5)
        statement.bind(entry.address, at: 6)
        statement.bind(entry.before.map { String(decoding: $0, as: UTF8.self) }, at: 7)
        statement.bind(entry.after.map { String(decoding: $0, as: UTF8.self) }, at: 8)
        return statement
    }

    /// Says in the entry of a purge how many results it removed, which is known when it is finished.
    static func complete(_ id: Int64, purged: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE audit SET after = ?2 WHERE id = ?1")
        statement.bind(id, at: 1)
        statement.bind(String(decoding: purgedText(purged), as: UTF8.self), at: 2)
        try statement.run()
    }

    /// What the entry of a purge says then, in JSON.
    static func purgedText(_ purged: Int64) -> [UInt8] { Array("{\"purged\": \(purged)}".utf8) }

    private static func removeOldest(keeping count: Int64, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1")
        statement.bind(count, at: 1)
        try statement.run()
    }

    /// How many bytes of `before` and `after` are read for one page; the entry that exceeds them is read too. Not less
    /// than a page of the admin side holds, which would take what is read for all there is.
    static let pageBytesMax = 512 * 1_024

    /// A page, newest first. It has fewer entries than are asked for, and at least two, when they are long.
    ///
    /// - Parameter before: only entries with a lesser number; nil from the newest on.
    static func page(
        before: Int64?,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> [AuditRecord] {
        let statement = try connection.statement(
            """
            SELECT id, at, actor, role, action, target, address, before, after FROM audit WHERE id < ?1
            ORDER BY id DESC LIMIT ?2
            """
        )
        statement.bind(before ?? .max, at: 1)
        statement.bind(Int64(max(0, count)), at: 2)  // a negative one would be no limit, or an error
        defer { statement.reset() }
        let row = StoreRow(statement, about: "an entry of the audit log")
        var (records, bytes) = ([AuditRecord](), 0)
        while records.count < 2 || bytes <= pageBytesMax, try statement.step() {
            let entry = try entry(row)
            bytes += (entry.before?.count ?? 0) + (entry.after?.count ?? 0)
            records.append(AuditRecord(id: try row.integer(at: 0), entry: entry))
        }
        return records
    }

    private static func entry(_ row: StoreRow) throws(StoreFault) -> AuditEntry {
        AuditEntry(
            at: try row.moment(at: 1),
            actor: try row.text(at: 2),
            role: try row.text(at: 3),
            action: try row.text(at: 4),
            target: try row.text(at: 5),
            address: try row.text(at: 6),
            before: try row.ifAny(row.text, at: 7).map { Array($0.utf8) },
            after: try row.ifAny(row.text, at: 8).map { Array($0.utf8) }
        )
    }
}
