import ArgumentParser
import Configuration
import Foundation
import Registry

/// `tollgate check --config FILE`: lists all faults of a configuration, one per line.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a configuration and every secret it names.",
        discussion: """
            Makes everything that serve makes of it but sockets, and does not open the store; a database is asked whether it \
            can be used. Exits with 0 when nothing is wrong, else prints one line per fault and exits with 1.

            EXAMPLES
              tollgate check --config tollgate.json && kill -HUP "$(pidof tollgate)"
            """
    )

    @Option(name: .customLong("config"), help: "The configuration file.")
    var file: String

    func run() throws {
        // The faults are the result of this command, so they go to standard output.
        let loaded = try LoadedConfiguration.load(file) { print($0) }
        let (faults, found) = StartRehearsal.run(loaded.configuration)
        for line in faults { print("\(file): \(line)") }
        if !faults.isEmpty { throw ExitCode(1) }
        let remarks = loaded.remarks + found + loaded.configuration.accountsElsewhere.map(\.remark)
        for line in remarks { print("\(file): \(line)") }
        print("\(file): in order")
    }
}

/// A configuration loaded for a command. Faults are printed and end the program with status 1.
struct LoadedConfiguration {
    let configuration: GatewayConfiguration
    /// Warnings, each with its path.
    let remarks: [String]

    /// - Parameter tell: called with each fault, as one line.
    static func load(
        _ file: String,
        tell: (String) -> Void = StandardError.print
    ) throws -> LoadedConfiguration {
        let environment = ProcessInfo.processInfo.environment
        var lines: [String] = []
        // The master key is not a member of the file, but a start would fail without it.
        do throws(SealerFault) { _ = try SecretSealer(environment: environment) } catch {
            lines.append("\(file): \(error)")
        }
        let result = ConfigurationFile.load(path: file, environment: environment)
        if case .success(let configuration) = result, lines.isEmpty {
            return LoadedConfiguration(configuration: configuration, remarks: configuration.warnings)
        }
        var linesToType: [String] = []
        if case .failure(let faults) = result {
            lines = faults.faults.map { "\(file): \($0)" } + lines
            linesToType = faults.linesToType
        }
        lines.forEach(tell)
        if !linesToType.isEmpty {
            let lines = linesToType.map { "\n    " + $0 }.joined()
            StandardError.print("Set what is missing and run this again:" + lines)
        }
        throw ExitCode(1)
    }
}
