import AdminClient
import ArgumentParser

extension TeamsCommand {
    /// `tollgate teams create ID`
    struct Create: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a team.",
            discussion: "It has no key yet: issue one with `tollgate keys issue ID`.",
            aliases: ["add", "issue"]
        )
        static let resource = ResourceMembers.team

        @Argument(help: "The new team's identifier: 1 to 64 letters, digits, dots, hyphens or underscores.")
        var id: IdentifierArgument
        @OptionGroup var team: TeamOptions
        @OptionGroup var options: AdminOptions

        func call() -> AdminCall {
            var members = MemberList()
            members.set("id", id.text)
            team.write(to: &members)
            return AdminCall(.post, ["teams"], body: members.object)
        }
    }

    /// `tollgate teams update ID`
    struct Update: AdminCallCommand {
        static let configuration = CommandConfiguration(
            commandName: "update",
            abstract: "Change what is set for a team.",
            discussion: "Only what is given changes. --budget and --model replace the whole list; what was spent "
                + "stays.",
            aliases: ["set"]
        )
        static let resource = ResourceMembers.team

        @Argument(help: "The team.") var id: IdentifierArgument
        @OptionGroup var team: TeamOptions
        @OptionGroup var removals: TeamRemovals
        @OptionGroup var options: AdminOptions

        private var members: MemberList {
            var members = MemberList()
            team.write(to: &members)
            removals.write(to: &members)
            return members
        }

        func validate() throws {
            if members.isEmpty { throw ValidationError("nothing is given that is to change") }
            try removals.validate(beside: team)
        }

        func call() -> AdminCall { AdminCall(.patch, ["teams", id.text], body: members.object) }
    }
}
