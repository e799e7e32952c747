import AdminClient
import ArgumentParser

/// `tollgate upstream-keys`: the keys that the gateway sends to the vendor.
struct UpstreamKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstream-keys",
        abstract: "List, add, change and rotate the keys at the vendor.",
        discussion: """
            The gateway sends requests with the active keys of a team's account, chosen by weight. A draining key \
            takes no new requests, a disabled one is not used at all; cooling and quarantined are states that the \
            gateway itself puts a key into, and `enable` ends a quarantine.

            The vendor's secret is read from a file, a variable or standard input, never from an argument. The gateway \
            keeps it sealed with TOLLGATE_MASTER_KEY, and refuses to take one without that.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; states need the role operator or admin, the rest admin.

            EXAMPLES
              tollgate upstream-keys
              tollgate upstream-keys add second --account default --secret-file /run/secrets/documentpro
              pass show documentpro | tollgate upstream-keys rotate second --secret-file -
              tollgate upstream-keys drain second
            """,
        subcommands: [
            List.self, Add.self, Update.self, Rotate.self, Enable.self, Drain.self, Disable.self, Delete.self,
        ],
        defaultSubcommand: List.self
    )

    /// `tollgate upstream-keys list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the keys with state, weight and what is left of the month."
        )

        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items(of: ["upstream-keys"], limit: limits.limit), .upstreamKey)
        }
    }

    /// `tollgate upstream-keys delete ID`
    struct Delete: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Delete a key that was added here.",
            discussion: "Requests under way end on it. A key of the configuration file is taken out of the file.",
            aliases: ["remove"]
        )
        static let resource = ResourceMembers.upstreamKey

        @Argument(help: "The key.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        var doneText: String { "upstream key \(id.text) is deleted" }

        func call() -> AdminCall { AdminCall(.delete, ["upstream-keys", id.text]) }
    }
}
