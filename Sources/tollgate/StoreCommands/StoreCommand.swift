import ArgumentParser
import Configuration
import Cryptography
import EventLoops
import Foundation
import Storage
import Vocabulary

/// `tollgate store`: what is done with whole stores, with the gateways stopped.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Copy a whole store between a file and PostgreSQL.",
        discussion: """
            EXAMPLES
              tollgate store copy --help
              tollgate store copy --to-password-file secret sqlite:a.db postgresql://u@db/d
            """,
        subcommands: [Copy.self]
    )

    /// `tollgate store copy FROM TO`
    struct Copy: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy",
            abstract: "Copy a whole store to a place where there is none, with the gateways stopped.",
            discussion: """
                FROM and TO are written as store.url: sqlite:PATH or postgresql://USER@HOST:PORT/DATABASE. Results, the \
                ledger, budgets, teams, keys, the audit log and all else are carried over; FROM stays as it is. TO is a \
                new file or an empty database. Both sides are counted, row by row and sum by sum, before the copy is \
                valid. One that was cut off is refused by gateways; run the command again.

                A password of PostgreSQL is never part of a URL: it would be seen in the process list. Without an option \
                for it, libpq looks at PGPASSWORD and ~/.pgpass.

                Vendor's keys stay sealed with TOLLGATE_MASTER_KEY: give the gateways at TO the same one.

                EXAMPLES
                  tollgate store copy --to-password-file secret sqlite:a.db postgresql://u@db/d
                  tollgate store copy --from-password-env DB postgresql://u@db/d sqlite:b.db
                """
        )

        @Argument(help: "The URL of the store that is copied.") var from: String
        @Argument(help: "The URL of the new store.") var to: String
        @Option(help: ArgumentHelp("A file that holds the password of FROM alone.", valueName: "path"))
        var fromPasswordFile: String?
        @Option(help: ArgumentHelp("The environment variable that holds the password of FROM.", valueName: "name"))
        var fromPasswordEnv: String?
        @Option(help: ArgumentHelp("A file that holds the password of TO alone.", valueName: "path"))
        var toPasswordFile: String?
        @Option(help: ArgumentHelp("The environment variable that holds the password of TO.", valueName: "name"))
        var toPasswordEnv: String?

        func validate() throws {
            for (end, file, variable) in [
                ("from", fromPasswordFile, fromPasswordEnv), ("to", toPasswordFile, toPasswordEnv),
            ] where file != nil && variable != nil {
                throw ValidationError("give either --\(end)-password-file or --\(end)-password-env")
            }
        }

        func run() throws {
            // Stores have document content, which no core dump may have.
            ProcessMemory.hide()
            let source = try target(from, "FROM", fromPasswordFile, fromPasswordEnv)
            let target = try target(to, "TO", toPasswordFile, toPasswordEnv)
            let node = NodeDescription(
                name: "tollgate store copy at \(HostName.current)",
                address: "",
                version: ProgramVersion.current,
                configurationDigest: SHA256Hasher().finalize()
            )
            let progress = ProgressLine()
            let outcome: WholeStoreCopy.Outcome
            do throws(StoreFault) {
                outcome = try WholeStoreCopy.run(from: source, to: target, as: node) { progress.show(Self.text($0)) }
                progress.end()
            } catch {
                progress.end()
                throw StoreConfiguration.failure(error)
            }
            print(Self.report(outcome, to: target), terminator: "")
        }

        private func target(
            _ url: String,
            _ name: String,
            _ file: String?,
            _ variable: String?
        ) throws -> StoreTarget {
            if StoreURL.hasPassword(url) {
                let option = "--\(name.lowercased())-password-file"
                throw UsageFault(description: "\(name): the URL has a password; put it into a file, and add \(option)")
            }
            var password: String?
            if file != nil || variable != nil {
                guard StoreURL.isPostgreSQL(url) else {
                    throw UsageFault(description: "\(name) is a file, which has no password")
                }
                password = try SecretInput(name: "the password of \(name)", file: file, variable: variable)
                    .read(environment: ProcessInfo.processInfo.environment)
            }
            guard StoreURL.isSound(url) else {
                throw UsageFault(description: "\(name): give sqlite:PATH or postgresql://…")
            }
            do throws(StoreFault) {
                return try StoreTarget(url: url, password: password)
            } catch {
                throw UsageFault(description: "\(name): \(error.detail)")
            }
        }

        private static func text(_ step: WholeStoreCopy.Step) -> String {
            switch step {
            case .copying(let table, let rows, let all): "copying \(table), \(rows) of \(all) rows"
            case .checking(let table): "counting \(table)"
            }
        }

        /// What was copied, and what to do next.
        static func report(_ outcome: WholeStoreCopy.Outcome, to target: StoreTarget) -> String {
            let rows = outcome.tables.map { table in
                [
                    table.name, "\(table.rows)", "\(table.bytes)",
                    table.credits.map(WholeStoreCopy.text(ofMicroCredits:)) ?? "",
                ]
            }
            var text = TableText.amounts(["table", "rows", "bytes", "credits"], rows)
            text += "\(target): copied; both sides were counted and agree\n"
            if outcome.openCount > 0 {
                text +=
                    "\(outcome.openCount) reservations were under way; the first start there makes them unconfirmed "
                    + "(tollgate ledger unconfirmed)\n"
            }
            return text
        }
    }
}
