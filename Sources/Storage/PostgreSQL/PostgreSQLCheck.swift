internal import PostgreSQL
import Vocabulary

/// What is asked of a server before the gateway works with it.
enum PostgreSQLCheck {
    private static let versionMin = 130_000
    private static let roundTripMax = Duration.seconds(8)
    /// What the role must be allowed to do with the tables.
    private static let rights = ["SELECT", "INSERT", "UPDATE", "DELETE"]

    /// Refuses a server or a role that the gateway cannot work with.
    static func refuse(_ connection: PostgreSQLConnection) throws {
        guard connection.serverVersion >= versionMin else {
            throw StoreFault(
                code: .unavailable,
                detail: "the server is PostgreSQL \(text(connection.serverVersion)); version 13 or later is needed"
            )
        }
        let encoding = try setting("server_encoding", connection)
        guard encoding == "UTF8" else {
            throw StoreFault(
                code: .unavailable,
                detail: "the database has the encoding \(encoding), which cannot hold all that clients send: make one "
                    + "with ENCODING 'UTF8'"
            )
        }
        if let missing = try missingRights(connection) { throw StoreFault(code: .readOnly, detail: missing) }
    }

    /// What an operator should know though the gateway works.
    static func warnings(_ connection: PostgreSQLConnection, _ address: PostgreSQLAddress) throws -> [String] {
        var warnings: [String] = []
        let commit = try setting("synchronous_commit", connection)
        if commit == "off" || commit == "local" {
            let loss = commit == "off" ? "a crash of the server" : "a failover"
            warnings.append("synchronous_commit is \(commit): \(loss) can lose credits that were spent; set it to on")
        }
        if !connection.isTLS, !address.isLoopbackOrSocket {
            warnings.append("the connection is not encrypted: add sslmode=verify-full to the URL")
        } else if connection.isTLS, !address.verifiesServer, !address.isLoopbackOrSocket {
            warnings.append("the server's certificate is not verified: add sslmode=verify-full to the URL")
        }
        return warnings
    }

    private static func setting(_ name: String, _ connection: PostgreSQLConnection) throws -> String {
        var command = PostgreSQLCommand("SELECT current_setting($1)")
        command.bind(name)
        return try connection.query(command, within: roundTripMax).text(0, 0) ?? ""
    }

    /// What the role may not do and must.
    private static func missingRights(_ connection: PostgreSQLConnection) throws -> String? {
        let user = try connection.query(
            PostgreSQLCommand("SELECT current_user, current_schema()"),
            within: roundTripMax
        )
        guard let role = user.text(0, 0), let schema = user.text(0, 1) else {
            return "the search_path names no schema that exists: make one, or set search_path for the role"
        }
        let tables = try connection.query(
            PostgreSQLCommand(
                """
                SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r' AND oid = to_regclass('schema_state')
                """
            ),
            within: roundTripMax
        )
        if tables.count == 0 {
            let rows = try connection.query(
                PostgreSQLCommand("SELECT has_schema_privilege(current_schema(), 'CREATE')"),
                within: roundTripMax
            )
            return rows.integer(0, 0) == 1
                ? nil : "the role \(role) may not make tables: GRANT CREATE ON SCHEMA \(schema) TO \(role)"
        }
        for right in rights {
            var command = PostgreSQLCommand("SELECT has_table_privilege('schema_state', $1)")
            command.bind(right)
            guard try connection.query(command, within: roundTripMax).integer(0, 0) == 1 else {
                return "the role \(role) may not \(right): GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN "
                    + "SCHEMA \(schema) TO \(role)"
            }
        }
        return nil
    }

    /// 150018 is 15.18.
    private static func text(_ version: Int) -> String { "\(version / 10_000).\(version % 10_000)" }
}
