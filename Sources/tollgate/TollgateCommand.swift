import ArgumentParser

/// The program `tollgate`: reads its arguments, puts the rooms together, starts them.
@main
struct TollgateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "A caching reverse proxy before a paid classification API, with budgets and keys for teams.",
        subcommands: [ServeCommand.self, CheckCommand.self, KeyCommand.self, DemoCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Admin API",
                subcommands: [
                    TeamsCommand.self, KeysCommand.self, UpstreamKeysCommand.self, AuditCommand.self,
                    StatusCommand.self,
                ]
            )
        ]
    )
}
