import AdminClient
import ArgumentParser

/// `tollgate audit`: who changed what.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who changed what, when and whence.",
        discussion: """
            Every change through the admin API is in the audit log, with what was there before and after it; json and \
            csv show both. No secret is in it.

            Needs TOLLGATE_ADMIN_TOKEN in the environment.

            EXAMPLES
              tollgate audit
              tollgate audit --limit 1000 --output csv >audit.csv
            """,
        subcommands: [List.self],
        defaultSubcommand: List.self
    )

    /// `tollgate audit list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the changes, newest first."
        )

        @Option(help: "Stop after so many entries.") var limit = 50
        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
        }

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items(of: ["audit"], limit: limit), .auditEntry)
        }
    }
}
