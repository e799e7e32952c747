import GRDB

/// The tables of the store and how an older file is brought up to them.
///
/// A file of ours bears `application_id`; `user_version` counts the steps it has been through. A file with a greater
/// number is refused, since its meaning is not known here; a file of anyone else is refused too; neither is changed.
/// All missing steps are one transaction. A step that has been released is never altered.
///
/// `results` has a row number of its own and a unique index on the key, rather than the key as its primary key without
/// row numbers. Keys are digests, so the latter would put every body into a random page: each save dirties a page of
/// bodies, a page holds few of them, and a body above a quarter of a page overflows. With row numbers, bodies are
/// appended, a group commit writes its bodies to the same few pages, and only the index is random: 42 bytes a row,
/// 42 MB for a million. The other indexes then hold 8 bytes of row number instead of 32 of key.
enum StoreSchema {
    /// "Toll" in ASCII.
    static let applicationID: Int32 = 0x546F_6C6C
    static var version: Int { steps.count }

    private static let steps = [
        """
        CREATE TABLE results (
            id INTEGER PRIMARY KEY,
            key BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
            status INTEGER NOT NULL,
            body BLOB NOT NULL,
            credits_from INTEGER,
            credits_to INTEGER,
            credits_micros INTEGER NOT NULL,
            stored_at INTEGER NOT NULL, -- microseconds since 1970
            account TEXT NOT NULL,
            team TEXT NOT NULL,
            document_id TEXT NOT NULL,
            model TEXT NOT NULL,
            page_range TEXT,
            classification TEXT NOT NULL
        ) STRICT;
        CREATE INDEX results_by_document ON results (document_id);
        CREATE INDEX results_by_age ON results (stored_at);
        """
    ]

    /// Refuses a file that is not ours or is too new; reads three numbers and changes nothing.
    static func check(_ database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let mark = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let isEmpty = try !Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_schema)")!
        if mark == 0, version == 0, isEmpty { return }
        guard mark == applicationID else {
            throw StoreFault(code: .corrupt, detail: "the file is an SQLite database of another program")
        }
        if version > Self.version {
            let detail = "the file has schema \(version), this program knows up to \(Self.version): use a newer program"
            throw StoreFault(code: .newerSchema, detail: detail)
        }
    }

    /// Takes the missing steps, all or none.
    static func migrate(_ database: Database) throws {
        try database.inTransaction(.immediate) {
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            if version < Self.version {
                for step in steps[version...] { try database.execute(sql: step) }
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(Self.version)")
            }
            return .commit
        }
    }

    /// Writes the number of the schema over itself: a change of one page that changes nothing.
    static func rewriteVersion(_ database: Database) throws {
        try database.execute(sql: "PRAGMA user_version = \(Self.version)")
    }

    /// Reads both ends of each tree, so that a file cut short is found out now; takes the same time for any number
    /// of rows. What else may be damaged is found when it is read.
    static func probe(_ database: Database) throws {
        for column in ["id", "key", "document_id", "stored_at"] {
            for order in ["ASC", "DESC"] {
                let sql = "SELECT id, stored_at, length(body) FROM results ORDER BY \(column) \(order) LIMIT 1"
                _ = try Row.fetchOne(database, sql: sql)
            }
        }
    }
}
