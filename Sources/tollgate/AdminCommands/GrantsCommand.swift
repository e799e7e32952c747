import AdminClient
import ArgumentParser

/// `tollgate grants`: one-off extra room in a team's budgets.
struct GrantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grants",
        abstract: "List, make and withdraw one-off grants of credits.",
        discussion: """
            A grant adds credits to the team's budgets of one window in the period that is running: this month's, say. \
            It ends with the period, or at --expires before that; one for the total lasts until it is withdrawn or \
            expires. Teams of the configuration file can be granted credits too.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; changes need the role operator or admin.

            EXAMPLES
              tollgate grants
              tollgate grants list research
              tollgate grants add research --window month --credits 500 --reason "audit"
              tollgate grants add research --window total --credits 50 \\
                --expires 2027-01-01T18:00:00Z --reason "until the new contract"
              tollgate grants remove research 1767225600000000
            """,
        subcommands: [List.self, Add.self, Remove.self],
        defaultSubcommand: List.self
    )

    /// `tollgate grants list [TEAM]`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the grants of one team or of all, of each team the newest first.",
            discussion: "Those that have ended are listed too; in_force tells."
        )

        @Argument(help: "The team; all teams without it.") var team: IdentifierArgument?
        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items("grants", of: team, limit: limits.limit), .grant)
        }
    }

    /// `tollgate grants add TEAM`
    struct Add: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Grant a team more credits in the running period.",
            aliases: ["create"]
        )
        static let resource = ResourceMembers.grant

        @Argument(help: "The team.") var team: IdentifierArgument
        @Option(
            help: ArgumentHelp("day, week, month or total; the team must have a budget of it.", valueName: "window")
        )
        var window: String
        @Option(help: ArgumentHelp("The credits to add.", valueName: "credits")) var credits: DecimalArgument
        @Option(
            name: .customLong("expires"),
            help: ArgumentHelp("When it ends, if before the period does, RFC 3339.", valueName: "time")
        )
        var expiresAt: TimeArgument?
        @Option(help: ArgumentHelp("Why, in at most 200 characters; it is in the audit log.", valueName: "text"))
        var reason: String
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall {
            var members = MemberList()
            members.set("window", window)
            members.set("credits", credits.value)
            members.set("expires_at", expiresAt?.value)
            members.set("reason", reason)
            return AdminCall(.post, ["teams", team.text, "grants"], body: members.object)
        }
    }

    /// `tollgate grants remove TEAM ID`
    struct Remove: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Withdraw a grant.",
            discussion: "What was spent of it stays spent.",
            aliases: ["delete", "withdraw"]
        )
        static let resource = ResourceMembers.grant

        @Argument(help: "The team.") var team: IdentifierArgument
        @Argument(help: "The grant, as the list names it.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        var doneText: String { "grant \(id.text) of team \(team.text) is withdrawn" }

        func call() -> AdminCall { AdminCall(.delete, ["teams", team.text, "grants", id.text]) }
    }
}
