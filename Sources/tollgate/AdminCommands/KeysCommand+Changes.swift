import AdminClient
import ArgumentParser

extension KeysCommand {
    /// `tollgate keys issue TEAM`
    struct Issue: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "issue",
            abstract: "Make a key for a team and show its secret, once.",
            aliases: ["create", "add"]
        )
        static let resource = ResourceMembers.teamKey

        @Argument(help: "The team.") var team: IdentifierArgument
        @Option(help: "The key's identifier; the gateway makes one up without it.") var id: IdentifierArgument?
        @Option(help: "What people call it.") var name: String?
        @Option(help: ArgumentHelp("From when on it is not valid any more, RFC 3339.", valueName: "time"))
        var notAfter: TimeArgument?
        @Option(
            name: .customLong("budget"),
            help: ArgumentHelp(
                "A limit of credits for this key alone, as for teams; may be given several times.",
                valueName: "window=credits[:shadow][:alert=shares]"
            )
        )
        var budgets: [BudgetArgument] = []
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall {
            var members = MemberList()
            members.set("id", id?.text)
            members.set("name", name)
            members.set("not_after", notAfter?.value)
            members.set("budgets", budgets.map(\.value))
            return AdminCall(.post, ["teams", team.text, "keys"], body: members.object)
        }
    }

    /// `tollgate keys rotate TEAM KEY`
    struct Rotate: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Make a new secret for a key and show it, once.",
            discussion: "The old secret stays valid for the grace period, so that clients can change over. With an "
                + "idempotency key the command may be repeated for 10 minutes, after a lost answer, say: it answers "
                + "the same secret and does not rotate again."
        )
        static let resource = ResourceMembers.teamKey

        @Argument(help: "The team.") var team: IdentifierArgument
        @Argument(help: "The key.") var key: IdentifierArgument
        @Option(help: ArgumentHelp("How long the old secret stays valid: 0s, 15m, 24h, 30d.", valueName: "duration"))
        var grace = DurationArgument(argument: "24h")!
        @Option(help: ArgumentHelp("A text of your own that names this rotation.", valueName: "text"))
        var idempotencyKey: String?
        @OptionGroup var options: AdminOptions

        func validate() throws {
            if let idempotencyKey, !VisibleASCII.isSound(idempotencyKey.utf8) || idempotencyKey.utf8.count > 128 {
                throw ValidationError("--idempotency-key must be 1 to 128 visible ASCII characters")
            }
        }

        func call() -> AdminCall {
            var members = MemberList()
            members.set("grace", grace.text)
            let path = ["teams", team.text, "keys", key.text, "rotate"]
            return AdminCall(.post, path, body: members.object, idempotencyKey: idempotencyKey)
        }
    }

    /// `tollgate keys revoke TEAM KEY`
    struct Revoke: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "End a key, with every secret that it has.",
            discussion: "It stops working at once on the node that is asked, within 2 seconds on the others.",
            aliases: ["delete", "remove"]
        )
        static let resource = ResourceMembers.teamKey

        @Argument(help: "The team.") var team: IdentifierArgument
        @Argument(help: "The key.") var key: IdentifierArgument
        @OptionGroup var options: AdminOptions

        var doneText: String { "key \(key.text) of team \(team.text) is revoked" }

        func call() -> AdminCall { AdminCall(.delete, ["teams", team.text, "keys", key.text]) }
    }
}
