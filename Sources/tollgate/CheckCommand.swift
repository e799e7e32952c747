import ArgumentParser
import Configuration
import Foundation
import Registry

/// `tollgate check --config FILE`: every fault of a configuration, each on a line of its own.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a configuration and every secret it names.",
        discussion: "Makes everything that serve makes of it but sockets, and does not open the store. Exits with 0 "
            + "when nothing is wrong, else prints one line per fault and exits with 1."
    )

    @Option(name: .customLong("config"), help: "The configuration file.")
    var file: String

    func run() throws {
        // The faults are what this command is asked for: they are its output.
        let loaded = try LoadedConfiguration.load(file) { print($0) }
        let faults = StartRehearsal.faults(loaded.configuration)
        for line in faults { print("\(file): \(line)") }
        if !faults.isEmpty { throw ExitCode(1) }
        let remarks = loaded.remarks + loaded.configuration.accountsElsewhere.map(\.remark)
        for line in remarks { print("\(file): \(line)") }
        print("\(file): in order")
    }
}

/// A configuration read for a command, whose faults are printed and end the program with 1.
struct LoadedConfiguration {
    let configuration: GatewayConfiguration
    /// Warnings, and members that have no effect yet; each with its path.
    let remarks: [String]

    /// - Parameter tell: is given each fault as a line.
    static func load(
        _ file: String,
        tell: (String) -> Void = StandardError.print
    ) throws -> LoadedConfiguration {
        let environment = ProcessInfo.processInfo.environment
        var lines: [String] = []
        // No member names the master key, and a start would fail without it all the same.
        do throws(SealerFault) { _ = try SecretSealer(environment: environment) } catch {
            lines.append("\(file): \(error)")
        }
        let result = ConfigurationFile.load(path: file, environment: environment)
        if case .success(let configuration) = result, lines.isEmpty {
            let remarks = configuration.warnings + configuration.withoutEffectYet
            return LoadedConfiguration(configuration: configuration, remarks: remarks)
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
