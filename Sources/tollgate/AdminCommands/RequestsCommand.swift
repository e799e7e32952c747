import AdminClient
import ArgumentParser

/// `tollgate requests`: what the gateway answered last.
struct RequestsCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "List the last requests of teams, newest first.",
        discussion: """
            The last 1,000 of this node are in its memory; a restart forgets them. Checks of health are not listed.

            Needs TOLLGATE_ADMIN_TOKEN in the environment.

            EXAMPLES
              tollgate requests --limit 20
              tollgate requests --team research --status 4xx
              tollgate requests --status 402 --output csv
            """
    )

    @Option(help: "Only requests of this team.") var team: IdentifierArgument?
    @Option(help: ArgumentHelp("Only this status, or a class of them such as 4xx.", valueName: "status"))
    var status: String?
    @OptionGroup var limits: LimitOptions
    @OptionGroup var options: AdminOptions

    func answer(of client: AdminCaller) throws -> AdminOutput {
        var query: [(name: String, value: String)] = []
        if let team { query.append(("team", team.text)) }
        if let status { query.append(("status", status)) }
        return .list(try client.items(of: ["requests"], query: query, limit: limits.limit), .request)
    }
}
