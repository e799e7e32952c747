import AdminClient
import ArgumentParser

extension UpstreamKeysCommand {
    /// `tollgate upstream-keys add ID`
    struct Add: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Give the gateway another key at the vendor.",
            aliases: ["create", "issue"]
        )
        static let resource = ResourceMembers.upstreamKey

        @Argument(help: "The new key's identifier: 1 to 64 letters, digits, dots, hyphens or underscores.")
        var id: IdentifierArgument
        @Option(help: "The vendor account that it belongs to.") var account: String?
        @OptionGroup var key: UpstreamKeyOptions
        @OptionGroup var secret: VendorSecretOptions
        @OptionGroup var options: AdminOptions

        func call() throws -> AdminCall {
            var members = MemberList()
            members.set("id", id.text)
            members.set("account", account)
            key.write(to: &members)
            members.set("secret", try secret.read())
            return AdminCall(.post, ["upstream-keys"], body: members.object)
        }
    }

    /// `tollgate upstream-keys update ID`
    struct Update: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "update",
            abstract: "Change what is set for a key.",
            discussion: "Only what is given changes. The account of a key stays; `rotate` changes its secret, and "
                + "`enable`, `drain` and `disable` its state.",
            aliases: ["set"]
        )
        static let resource = ResourceMembers.upstreamKey

        @Argument(help: "The key.") var id: IdentifierArgument
        @OptionGroup var key: UpstreamKeyOptions
        @OptionGroup var removals: UpstreamKeyRemovals
        @OptionGroup var options: AdminOptions

        private var members: MemberList {
            var members = MemberList()
            key.write(to: &members)
            removals.write(to: &members)
            return members
        }

        func validate() throws {
            if members.isEmpty { throw ValidationError("nothing is given that is to change") }
            try removals.validate(beside: key)
        }

        func call() -> AdminCall { AdminCall(.patch, ["upstream-keys", id.text], body: members.object) }
    }

    /// `tollgate upstream-keys rotate ID`
    struct Rotate: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Replace the secret of a key.",
            discussion: "The new one is used from the next request on; requests under way end on the old one. "
                + "A quarantine ends with it."
        )
        static let resource = ResourceMembers.upstreamKey

        @Argument(help: "The key.") var id: IdentifierArgument
        @OptionGroup var secret: VendorSecretOptions
        @OptionGroup var options: AdminOptions

        var doneText: String { "upstream key \(id.text) has its new secret" }

        func call() throws -> AdminCall {
            var members = MemberList()
            members.set("secret", try secret.read())
            return AdminCall(.post, ["upstream-keys", id.text, "rotate"], body: members.object)
        }
    }
}
