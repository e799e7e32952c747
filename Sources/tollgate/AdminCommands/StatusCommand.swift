import AdminClient
import ArgumentParser

/// `tollgate status`: the state of the gateway.
struct StatusCommand: AdminCallCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show version, uptime and the health of the vendor's keys.",
        discussion: """
            Needs TOLLGATE_ADMIN_TOKEN in the environment.

            EXAMPLES
              tollgate status
              tollgate status --admin https://gate.example --output json | jq .upstream
            """
    )
    static let resource = ResourceMembers.status

    @OptionGroup var options: AdminOptions

    func call() -> AdminCall { AdminCall(.get, ["status"]) }
}
