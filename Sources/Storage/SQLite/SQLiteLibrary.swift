internal import CSQLite

/// What holds for all of SQLite in this process.
enum SQLiteLibrary {
    /// Has SQLite keep no count of its memory: it would take a lock of all connections at each allocation, of which a
    /// statement that is run makes several. Nothing here asks for the count, and no limit of SQLite's depends on it.
    ///
    /// Before the first connection of the process; later it does nothing. Callable from any thread.
    static func setUp() { _ = isSetUp }

    private static let isSetUp = tollgate_sqlite3_config_memstatus(0) == SQLITE_OK
}
