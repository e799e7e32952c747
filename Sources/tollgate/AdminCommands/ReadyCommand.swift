import AdminClient
import ArgumentParser

/// `tollgate ready`: whether requests can be served, for the health checks of containers and for scripts.
struct ReadyCommand: AdminCallCommand {
    static let configuration = CommandConfiguration(
        commandName: "ready",
        abstract: "Ask whether requests can be served; no token is needed or sent.",
        discussion: """
            Exits with 0 when they can, else with 1 and the reason. The clients' side answers too, on the address \
            in listen.address.

            EXAMPLES
              tollgate ready
              tollgate ready --admin http://127.0.0.1:8080
            """
    )
    static let resource = ResourceMembers.readiness
    static let needsToken = false
    /// Shorter than the time that supervisors usually give a check.
    private static let answerTimeout = Duration.seconds(5)

    @OptionGroup var options: AdminOptions

    func call() -> AdminCall { .readiness }

    func answer(of client: AdminCaller) throws -> AdminOutput {
        let answer = try client.waiting(atMost: Self.answerTimeout).send(call())
        guard let answer, case .string("ready")? = answer["status"] else {
            throw UsageFault(
                description: "\(options.admin): the answer is not that of /readyz; is this the gateway's address?"
            )
        }
        return .one(answer, Self.resource)
    }
}
