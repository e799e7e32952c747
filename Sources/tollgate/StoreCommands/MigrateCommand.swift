import ArgumentParser
import Storage
import Vocabulary

/// `tollgate migrate --config FILE`: brings a store to this version's schema.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the store to this version's schema, with the gateway stopped.",
        discussion: """
            With store.migrate true, the default, a start does the same. All missing steps are taken, or none. There is no \
            way back but a backup: make one with the version that runs before you stop it, or, of a database, with pg_dump.

            EXAMPLES
              tollgate backup before-upgrade.db
              tollgate migrate --config tollgate.json
            """
    )

    @Option(name: .customLong("config"), help: "The configuration file; only its section store is read.")
    var file: String

    func run() throws {
        let target = try StoreConfiguration.load(file)
        let progress = ProgressLine()
        let outcome: StoreMigration.Outcome
        do throws(StoreFault) {
            outcome = try StoreMigration.run(target) { progress.show("step \($0) of \($1)") }
            progress.end()
        } catch {
            progress.end()
            throw StoreConfiguration.failure(error)
        }
        print(
            outcome.from == outcome.to
                ? "\(target): schema \(outcome.to) already; nothing was changed"
                : "\(target): schema \(outcome.from) brought to \(outcome.to)"
        )
        for fault in outcome.sumFaults {
            StandardError.print("tollgate: the sums do not agree with the ledger: \(fault)")
        }
    }
}
