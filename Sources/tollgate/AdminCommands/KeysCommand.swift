import AdminClient
import ArgumentParser

/// `tollgate keys`: the keys that a team's clients send.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List, issue, rotate and revoke the keys of teams.",
        discussion: """
            A client sends its team's key as x-api-key. The gateway makes the secret, shows it once, and keeps only \
            its digest: anyone who loses it rotates the key. A rotation makes a new secret for the same key, so that \
            spend and budgets stay, and leaves the old one valid for the grace period.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; changes need the role operator or admin.

            EXAMPLES
              tollgate keys list research
              tollgate keys issue research --id nightly --budget month=2000
              tollgate keys rotate research nightly --grace 24h
              tollgate keys revoke research nightly
              tollgate keys issue research --output json | jq -r .secret
            """,
        subcommands: [List.self, Issue.self, Rotate.self, Revoke.self],
        defaultSubcommand: List.self
    )

    /// `tollgate keys list [TEAM]`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the keys of one team or of all.",
            discussion: "Shows state, end and last use of each key; a secret is never shown again."
        )

        @Argument(help: "The team; all teams without it.") var team: IdentifierArgument?
        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items("keys", of: team, limit: limits.limit), .teamKey)
        }
    }
}
