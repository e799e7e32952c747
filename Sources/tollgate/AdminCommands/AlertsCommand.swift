import AdminClient
import ArgumentParser
import JSON

/// `tollgate alerts`: what operators were told of.
struct AlertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Show the alerts that were raised, and try the webhook.",
        discussion: """
            Alerts are posted to alerts.webhook_url of the configuration, each once. One that the receiver does not take \
            is tried again for a day; the list says what it answered last.

            Needs TOLLGATE_ADMIN_TOKEN in the environment; a test needs the role admin.

            EXAMPLES
              tollgate alerts
              tollgate alerts test
            """,
        subcommands: [List.self, Test.self],
        defaultSubcommand: List.self
    )

    /// `tollgate alerts list`
    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the alerts, newest first."
        )

        @OptionGroup var limits: LimitOptions
        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            .list(try client.items(of: ["alerts"], limit: limits.limit), .alert)
        }
    }

    /// `tollgate alerts test`
    struct Test: AdminCommand {
        static let configuration = CommandConfiguration(
            commandName: "test",
            abstract: "Send a test alert and show what the receiver says.",
            discussion: "Fails unless the receiver answers with a status from 200 to 299."
        )

        @OptionGroup var options: AdminOptions

        func answer(of client: AdminCaller) throws -> AdminOutput {
            let said = try client.send(AdminCall(.post, ["alerts", "test"]))
            guard case .bool(true)? = said?["delivered"] else {
                var reason = "the receiver did not take it"
                if case .string(let text)? = said?["error"] { reason = text }
                throw UsageFault(description: reason)
            }
            return .one(said ?? .object([]), .alertTest)
        }
    }
}
