import ArgumentParser
import Cryptography

/// The program `tollgate`: reads its arguments, puts the rooms together, starts them.
@main
struct TollgateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "A caching reverse proxy before a paid classification API, with budgets and keys for teams.",
        version: ProgramVersion.current,
        subcommands: [ServeCommand.self, CheckCommand.self, KeyCommand.self, DemoCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Admin API",
                subcommands: [
                    TeamsCommand.self, KeysCommand.self, UpstreamKeysCommand.self, LessonsCommand.self,
                    AuditCommand.self, StatusCommand.self,
                ]
            )
        ]
    )

    static func main() {
        ProcessStart.openStandardDescriptors()
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve", "demo":
            ProcessStart.holdSignals()
            ProcessStart.ignoreOutputSignals()
            LibraryLifetime.outlastsExit()
        case "check": ProcessStart.ignoreOutputSignals()
        // The others end by signals, like those that nobody reads any more.
        default: break
        }
        main(completed(arguments))
    }

    /// `tollgate keys --help` is asked about all that can be done with keys, not about the list that `tollgate keys` is
    /// short for.
    static func completed(_ arguments: [String]) -> [String] {
        guard arguments.count == 2, ["--help", "-h"].contains(arguments[1]) else { return arguments }
        return ["help", arguments[0]]
    }
}
