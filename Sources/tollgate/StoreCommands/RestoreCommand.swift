import ArgumentParser
import Configuration
import EventLoops
import Foundation
import Storage
import Vocabulary

/// `tollgate restore FILE --config FILE`: a backup in the place of the store.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup in the place of the store, with the gateway stopped.",
        discussion: """
            The backup is checked from its first page to its last, and its sums against its ledger, before anything is \
            replaced. The store that was there is kept beside it as NAME.before-restore-TIME; restoring that undoes this. \
            It may be interrupted at any moment: the store is then the old one or the new one, whole.

            What was spent after the backup was made is not in it: the command says what that is and what to do.

            EXAMPLES
              tollgate restore tollgate-backup.db --config tollgate.json
            """
    )

    @Argument(help: "A file that `tollgate backup` made.") var file: String
    @Option(name: .customLong("config"), help: "The configuration file; only its section store is read.")
    var configurationFile: String
    @Flag(help: "Restore a backup whose sums do not agree with its ledger.") var acceptSums = false

    func run() throws {
        // The store has document content, which no core dump may have.
        ProcessMemory.hide()
        let target = try StoreConfiguration.load(configurationFile)
        guard let path = target.sqlitePath else {
            throw UsageFault(
                description: "the store is in PostgreSQL: restore it with pg_restore, with the gateway stopped, as "
                    + "docs/operations.md shows"
            )
        }
        let progress = ProgressLine()
        let outcome: StoreRestore.Outcome
        do throws(StoreFault) {
            outcome = try StoreRestore.run(
                path: path,
                from: file,
                acceptsSums: acceptSums,
                at: SystemClock.wall()
            ) { progress.show(Self.text($0)) }
            progress.end()
        } catch {
            progress.end()
            throw StoreConfiguration.failure(error)
        }
        for line in RestoreReport.lines(outcome, file: file, path: path) { print(line) }
    }

    private static func text(_ step: StoreRestore.Step) -> String {
        switch step {
        case .copying(let done, let all): "copying, \(StoreSurveyText.percent(done, of: all))"
        case .checking: "checking the backup"
        case .replacing: "replacing the store"
        }
    }
}

/// The store that a configuration names, for commands that need a stopped gateway.
enum StoreConfiguration {
    /// Faults are printed and end the program with status 1.
    static func load(_ file: String) throws -> StoreTarget {
        switch ConfigurationFile.loadStore(path: file, environment: ProcessInfo.processInfo.environment) {
        case .success(let configuration):
            do throws(StoreFault) { return try configuration.storeTarget() } catch {
                StandardError.print("\(file): store.url: \(error.detail)")
                throw ExitCode(1)
            }
        case .failure(let faults):
            for fault in faults.faults { StandardError.print("\(file): \(fault)") }
            throw ExitCode(1)
        }
    }

    /// Prints what prevented it.
    static func failure(_ fault: StoreFault) -> ExitCode {
        let advice = fault.code == .inUse ? "; stop the gateway first" : ""
        StandardError.print("tollgate: \(fault.detail)\(advice)")
        return ExitCode(1)
    }
}
