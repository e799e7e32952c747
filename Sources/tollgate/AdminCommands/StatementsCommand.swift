import AdminClient
import ArgumentParser

/// `tollgate statements`: the vendor's bills beside the ledger.
struct StatementsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statements",
        abstract: "Compare the vendor's bills with the ledger.",
        discussion: """
            A statement is what the vendor billed to an account for some days. Beside it stand what the ledger has \
            booked as spent on these days, what is unconfirmed, and the drift: billed minus spent. A drift up to the \
            unconfirmed amount is what there is to resolve; any other tells of use that did not go through the gateway.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; changes need the role admin.

            EXAMPLES
              tollgate statements
              tollgate statements create --account default --from 2026-11-01 --to 2026-11-30 --credits 1234.5
              tollgate statements delete 1796083200000000
            """,
        subcommands: [List.self, Create.self, Delete.self],
        defaultSubcommand: List.self
    )

    /// `tollgate statements list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the statements with their drift, newest first."
        )

        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items(of: ["statements"], limit: limits.limit), .statement)
        }
    }

    /// `tollgate statements create`
    struct Create: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Enter what the vendor billed.",
            discussion: "The period is whole days of budgets.time_zone. Periods of one account may not overlap.",
            aliases: ["add"]
        )
        static let resource = ResourceMembers.statement

        @Option(help: "The account at the vendor.") var account = "default"
        @Option(help: ArgumentHelp("The first day, or a moment in it (RFC 3339).", valueName: "time")) var from: String
        @Option(help: ArgumentHelp("The last day, or the moment at which it ends.", valueName: "time")) var to: String
        @Option(help: ArgumentHelp("What was billed.", valueName: "credits")) var credits: DecimalArgument
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall {
            var members = MemberList()
            members.set("account", account)
            members.set("from", from)
            members.set("to", to)
            members.set("credits", credits.value)
            return AdminCall(.post, ["statements"], body: members.object)
        }
    }

    /// `tollgate statements delete ID`
    struct Delete: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Withdraw a statement that was entered wrongly.",
            aliases: ["remove", "withdraw"]
        )
        static let resource = ResourceMembers.statement

        @Argument(help: "The statement, as the list names it.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        var doneText: String { "statement \(id.text) is withdrawn" }

        func call() -> AdminCall { AdminCall(.delete, ["statements", id.text]) }
    }
}
