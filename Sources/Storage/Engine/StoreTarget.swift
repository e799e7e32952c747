internal import PostgreSQL
public import Vocabulary

/// Where a store is: what `store.url` names. Immutable.
public struct StoreTarget: Sendable, CustomStringConvertible {
    enum Kind {
        case sqlite(path: String)
        case postgreSQL(PostgreSQLAddress)
    }

    let kind: Kind

    /// - Parameters:
    ///   - url: `sqlite:PATH`, or `postgresql://…` as libpq has it, without a password.
    ///   - password: of the role at PostgreSQL.
    /// - Throws: `unavailable` with what is wrong with the URL. It names no password.
    public init(url: String, password: String? = nil) throws(StoreFault) {
        if url.hasPrefix("sqlite:") {
            kind = .sqlite(path: String(url.dropFirst(7)))
            return
        }
        do throws(PostgreSQLAddress.Fault) {
            kind = .postgreSQL(try PostgreSQLAddress(url: url, password: password))
        } catch {
            throw StoreFault(code: .unavailable, detail: "the URL \(error)")
        }
    }

    /// For logs: the file, or hosts, database and user.
    public var description: String {
        switch kind {
        case .sqlite(let path): path
        case .postgreSQL(let address): "\(address)"
        }
    }

    /// The file of a store that is one.
    public var sqlitePath: String? {
        if case .sqlite(let path) = kind { path } else { nil }
    }

    /// Finds out whether a store could be opened or made there. A file is not opened, since a running gateway may have
    /// it open; a server is asked what it is and what the role may do. Blocks, for some seconds when there is no
    /// answer.
    ///
    /// - Returns: what an operator should know though the store can be used.
    /// - Throws: what prevents it.
    public func check() throws(StoreFault) -> [String] {
        switch kind {
        case .sqlite(let path):
            let whole = try StoreFile.resolve(path)
            try StoreFile.checkPlace(whole)
            if !DiskPlace.exists(whole) { try UnfinishedStore.refuse(whole) }
            return []
        case .postgreSQL(let address):
            do {
                let connection = try PostgreSQLConnection(to: address, within: .seconds(10))
                defer { connection.close() }
                try PostgreSQLCheck.refuse(connection)
                try PostgreSQLMigration(connection: connection, name: "tollgate check").refuse()
                return try PostgreSQLCheck.warnings(connection, address)
            } catch {
                throw StoreFault(thrown: error)
            }
        }
    }
}
