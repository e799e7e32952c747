import AdminClient
import ArgumentParser

/// `tollgate teams`: the teams that are billed, and their limits.
struct TeamsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teams",
        abstract: "List, make and change teams.",
        discussion: """
            A team is who is billed inside the organization. Its budgets limit what it may spend, its keys are what \
            its clients send. Teams that stand in the configuration file belong to the file and are changed there.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; changes need the role admin.

            EXAMPLES
              tollgate teams
              tollgate teams create research --budget day=500 --budget month=10000:alert=0.8,1
              tollgate teams update research --max-concurrency 16 --no-models
            """,
        subcommands: [List.self, Show.self, Create.self, Update.self, Delete.self],
        defaultSubcommand: List.self
    )

    /// `tollgate teams list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List all teams with their limits."
        )

        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items(of: ["teams"], limit: limits.limit), .team)
        }
    }

    /// `tollgate teams show ID`
    struct Show: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show all that is set for one team.",
            aliases: ["get"]
        )
        static let resource = ResourceMembers.team

        @Argument(help: "The team.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall { AdminCall(.get, ["teams", id.text]) }
    }

    /// `tollgate teams delete ID`
    struct Delete: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Delete a team and revoke its keys.",
            discussion: "What it spent stays in the ledger, and its identifier is not given to another team.",
            aliases: ["remove"]
        )
        static let resource = ResourceMembers.team

        @Argument(help: "The team.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        var doneText: String { "team \(id.text) is deleted" }

        func call() -> AdminCall { AdminCall(.delete, ["teams", id.text]) }
    }
}
