extension PostgreSQLServer {
    /// A new database of this server with all that is committed in another one at this moment. What works there goes
    /// on.
    ///
    /// - Returns: its name.
    public func copy(of database: String) throws -> String {
        let name = String(try makeDatabase().split(separator: "/").last!)
        let folder = try TemporaryFolder()
        let script = folder.file("copy.sql")
        let dump = [
            try PostgreSQLFolder.program("pg_dump"), "--no-sync", "--file", script, socketURL(database: database),
        ]
        let load = [
            try PostgreSQLFolder.program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--output",
            "/dev/null",
            "--set", "ON_ERROR_STOP=1", "--file", script, socketURL(database: name),
        ]
        for command in [dump, load] {
            let result = try CommandResult.of(command)
            guard result.succeeded else { throw TestFailure("\(command[0]): \(result.stderr)") }
        }
        return name
    }
}
