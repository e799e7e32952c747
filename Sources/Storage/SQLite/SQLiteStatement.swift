import GRDB
internal import GRDBSQLite
import Vocabulary

/// A prepared statement of SQLite: values are bound and read without an intermediate form. Confined to its connection's
/// thread.
@safe
final class SQLiteStatement: PreparedStatement {
    /// Room for all texts and keys of a usual statement; what does not fit is copied by SQLite.
    private static let scratchBytes = 1_024

    private let statement: OpaquePointer  // sqlite3_stmt *, owned: finalized in deinit
    private let connection: OpaquePointer  // sqlite3 *, of GRDB, which closes it after this has ended
    /// What is bound is here, so that SQLite need not copy it; it is filled from the start again after each run.
    private let scratch: UnsafeMutableRawPointer  // owned: freed in deinit
    private var scratchUsed = 0
    private var bindingCode = SQLITE_OK

    init(_ sql: StaticString, on connection: OpaquePointer) throws {
        let text = unsafe UnsafeBufferPointer(start: sql.utf8Start, count: sql.utf8CodeUnitCount)
        unsafe statement = try unsafe Self.prepare(text, on: connection)
        unsafe self.connection = connection
        unsafe scratch = .allocate(byteCount: Self.scratchBytes, alignment: 8)
    }

    /// Of a text that was put together: names in it are this program's own.
    init(text sql: String, on database: Database) throws {
        // GRDB lends a connection that is open.
        let connection = unsafe database.sqliteConnection!
        var sql = sql
        unsafe statement = try sql.withUTF8 { text in try unsafe Self.prepare(text, on: connection) }
        unsafe self.connection = connection
        unsafe scratch = .allocate(byteCount: Self.scratchBytes, alignment: 8)
    }

    private static func prepare(
        _ sql: UnsafeBufferPointer<UInt8>,
        on connection: OpaquePointer
    ) throws -> OpaquePointer {
        var statement: OpaquePointer?
        let text = unsafe UnsafeRawPointer(sql.baseAddress!).assumingMemoryBound(to: CChar.self)
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        let code = unsafe sqlite3_prepare_v3(connection, text, Int32(sql.count), flags, &statement, nil)
        guard code == SQLITE_OK, let statement = unsafe statement else {
            throw unsafe DatabaseError(code, of: connection)
        }
        return unsafe statement
    }

    deinit {
        unsafe sqlite3_finalize(statement)
        unsafe scratch.deallocate()
    }

    // MARK: Running

    func run() throws {
        defer { reset() }
        while try step() {}
    }

    func runCounting() throws -> Int {
        try run()
        return Int(unsafe sqlite3_changes(connection))
    }

    func sendCounting(_ then: @escaping (Int) throws -> Void) throws { try then(try runCounting()) }

    func sendForEachRow(about name: StaticString, _ read: @escaping (StoreRow) throws -> Void) throws {
        try forEachRow(about: name, read)
    }

    func step() throws -> Bool {
        guard bindingCode == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: bindingCode)) }
        let code = unsafe sqlite3_step(statement)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw unsafe DatabaseError(code, of: connection)
        }
    }

    func reset() {
        unsafe sqlite3_reset(statement)
        scratchUsed = 0
        bindingCode = SQLITE_OK
    }

    // MARK: Parameters

    func bind(_ value: Int64?, at index: Int32) {
        if let value {
            note(unsafe sqlite3_bind_int64(statement, index, value))
        } else {
            note(unsafe sqlite3_bind_null(statement, index))
        }
    }

    func bind(_ digest: Digest?, at index: Int32) {
        guard let digest else { return note(unsafe sqlite3_bind_null(statement, index)) }
        var words = (digest.word0.bigEndian, digest.word1.bigEndian, digest.word2.bigEndian, digest.word3.bigEndian)
        unsafe withUnsafeBytes(of: &words) { bytes in
            if let kept = unsafe keep(bytes) {
                note(unsafe sqlite3_bind_blob(statement, index, kept, Int32(bytes.count), nil))
            } else {
                note(unsafe sqlite3_bind_blob(statement, index, bytes.baseAddress, Int32(bytes.count), copied))
            }
        }
    }

    func bind(_ document: PackedDocument?, at index: Int32) {
        var words = document.map { ($0.high.bigEndian, $0.low.bigEndian) } ?? (0, 0)
        unsafe withUnsafeBytes(of: &words) { bytes in
            let bytes = unsafe document == nil ? UnsafeRawBufferPointer(rebasing: bytes[..<0]) : bytes
            note(unsafe sqlite3_bind_blob(statement, index, bytes.baseAddress, Int32(bytes.count), copied))
        }
    }

    func bind(_ text: String?, atMost bytesMax: Int, at index: Int32) {
        guard var text else { return note(unsafe sqlite3_bind_null(statement, index)) }
        text.withUTF8 { whole in
            let length = unsafe StoredText.length(of: whole, atMost: bytesMax)
            let bytes = unsafe UnsafeRawBufferPointer(start: whole.baseAddress, count: length)
            let kept = unsafe keep(bytes)
            let start = unsafe (kept ?? bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            let ownership = unsafe kept == nil ? copied : nil
            note(unsafe sqlite3_bind_text64(statement, index, start, UInt64(length), ownership, UInt8(SQLITE_UTF8)))
        }
    }

    /// Copied: they may be gone when it runs.
    func bind(bytes: [UInt8], at index: Int32) {
        unsafe bytes.withUnsafeBytes { bytes in
            // An empty array may have no address, and no address would mean NULL.
            let start = unsafe bytes.baseAddress ?? UnsafeRawPointer(scratch)
            note(unsafe sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), copied))
        }
    }

    func run(binding bytes: [UInt8], at index: Int32) throws {
        try unsafe bytes.withUnsafeBytes { bytes in
            // An empty array may have no address, and no address would mean NULL.
            let start = unsafe bytes.baseAddress ?? UnsafeRawPointer(scratch)
            note(unsafe sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), nil))
            defer { unsafe sqlite3_bind_null(statement, index) }  // the bytes are the caller's again
            try run()
        }
    }

    private func note(_ code: Int32) {
        if code != SQLITE_OK, bindingCode == SQLITE_OK { bindingCode = code }
    }

    /// A copy that lasts until the next run; nil when there is no room for it.
    private func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
        guard bytes.count <= Self.scratchBytes - scratchUsed else { return nil }
        let start = unsafe scratch + scratchUsed
        if let source = bytes.baseAddress { unsafe start.copyMemory(from: source, byteCount: bytes.count) }
        scratchUsed += bytes.count
        return UnsafeRawPointer(start)
    }

    // MARK: Columns of the present row

    func isNull(at index: Int32) -> Bool { unsafe sqlite3_column_type(statement, index) == SQLITE_NULL }

    func integer(at index: Int32) -> Int64? {
        unsafe sqlite3_column_type(statement, index) == SQLITE_INTEGER ? sqlite3_column_int64(statement, index) : nil
    }

    func text(at index: Int32) -> String? {
        guard unsafe sqlite3_column_type(statement, index) == SQLITE_TEXT else { return nil }
        guard let start = unsafe sqlite3_column_text(statement, index) else { return nil }
        let count = Int(unsafe sqlite3_column_bytes(statement, index))
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// Nil also for a text that is no UTF-8, which `text` would mend.
    func soundText(at index: Int32) -> String? {
        guard unsafe sqlite3_column_type(statement, index) == SQLITE_TEXT else { return nil }
        guard let start = unsafe sqlite3_column_text(statement, index) else { return nil }
        let count = Int(unsafe sqlite3_column_bytes(statement, index))
        return unsafe String(validating: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(at index: Int32) -> [UInt8]? {
        guard unsafe sqlite3_column_type(statement, index) == SQLITE_BLOB else { return nil }
        // In this order: asked for the size first, SQLite could move the bytes when it is asked for the address.
        let start = unsafe sqlite3_column_blob(statement, index)
        let count = Int(unsafe sqlite3_column_bytes(statement, index))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    func document(at index: Int32) -> PackedDocument?? {
        guard unsafe sqlite3_column_type(statement, index) == SQLITE_BLOB else { return nil }
        let start = unsafe sqlite3_column_blob(statement, index)
        switch unsafe sqlite3_column_bytes(statement, index) {
        case 0: return .some(nil)
        case 16:
            guard let start = unsafe start else { return nil }
            let word = { unsafe UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
            return PackedDocument(high: word(0), low: word(1))
        default: return nil
        }
    }

    func digest(at index: Int32) -> Digest? {
        guard unsafe sqlite3_column_type(statement, index) == SQLITE_BLOB else { return nil }
        guard let start = unsafe sqlite3_column_blob(statement, index) else { return nil }
        guard unsafe sqlite3_column_bytes(statement, index) == 32 else { return nil }
        let word = { unsafe UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
        return Digest(word(0), word(1), word(2), word(3))
    }
}

/// SQLITE_TRANSIENT, which is a cast in the header and so not visible from Swift: SQLite copies what is bound.
private var copied: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

extension DatabaseError {
    /// What the last call on the connection failed with.
    fileprivate init(_ code: Int32, of connection: OpaquePointer) {
        let message = unsafe String(cString: sqlite3_errmsg(connection))
        self.init(resultCode: ResultCode(rawValue: code), message: message)
    }
}
