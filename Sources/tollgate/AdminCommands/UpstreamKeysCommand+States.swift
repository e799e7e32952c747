import AdminClient
import ArgumentParser

/// The states that an operator can give a key.
extension UpstreamKeysCommand {
    private static func call(_ id: IdentifierArgument, _ state: String) -> AdminCall {
        var members = MemberList()
        members.set("state", state)
        return AdminCall(.patch, ["upstream-keys", id.text], body: members.object)
    }

    /// `tollgate upstream-keys enable ID`
    struct Enable: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "enable",
            abstract: "Use a key again that was disabled, draining or quarantined."
        )
        static let resource = ResourceMembers.upstreamKey

        @Argument(help: "The key.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall { UpstreamKeysCommand.call(id, "active") }
    }

    /// `tollgate upstream-keys drain ID`
    struct Drain: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "drain",
            abstract: "Give a key no new requests and let those under way end."
        )
        static let resource = ResourceMembers.upstreamKey

        @Argument(help: "The key.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall { UpstreamKeysCommand.call(id, "draining") }
    }

    /// `tollgate upstream-keys disable ID`
    struct Disable: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable",
            abstract: "Leave a key out until it is enabled."
        )
        static let resource = ResourceMembers.upstreamKey

        @Argument(help: "The key.") var id: IdentifierArgument
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall { UpstreamKeysCommand.call(id, "disabled") }
    }
}
