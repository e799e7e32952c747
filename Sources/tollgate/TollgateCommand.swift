import ArgumentParser
import Cryptography

/// The program `tollgate`: parses its arguments, assembles the rooms and starts them.
@main
struct TollgateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "A caching reverse proxy before a paid classification API, with budgets and keys for teams.",
        version: ProgramVersion.current,
        subcommands: [ServeCommand.self, CheckCommand.self, KeyCommand.self, DemoCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Store",
                subcommands: [BackupCommand.self, RestoreCommand.self, MigrateCommand.self, StoreCommand.self]
            ),
            CommandGroup(
                name: "Admin API",
                subcommands: [
                    TeamsCommand.self, KeysCommand.self, UpstreamKeysCommand.self, LessonsCommand.self,
                    BudgetsCommand.self, GrantsCommand.self, SpendCommand.self, InsightsCommand.self,
                    LedgerCommand.self, StatementsCommand.self, CacheCommand.self, RequestsCommand.self,
                    SimulateCommand.self, AlertsCommand.self, AuditCommand.self, StatusCommand.self,
                    ReadyCommand.self,
                ]
            ),
        ]
    )

    static func main() {
        ProcessStart.openStandardDescriptors()
        // Not the help of a command without arguments: a health check would take its exit status for good news.
        if CommandLine.arguments.isEmpty {
            StandardError.print("tollgate: no arguments can be read: is /proc mounted?")
            exit(withError: ExitCode.failure)
        }
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve", "demo":
            ProcessStart.holdSignals()
            ProcessStart.ignoreOutputSignals()
            ProcessStart.endOnAbort()
            LibraryLifetime.outlastsExit()
        case "check": ProcessStart.ignoreOutputSignals()
        // Other commands keep the default signals: they end when their reader is gone.
        default: break
        }
        main(completed(arguments))
    }

    /// Rewrites `tollgate keys --help` to show all subcommands of `keys`, not the help of the list that `tollgate keys`
    /// defaults to.
    static func completed(_ arguments: [String]) -> [String] {
        guard arguments.count == 2, ["--help", "-h"].contains(arguments[1]) else { return arguments }
        return ["help", arguments[0]]
    }
}
