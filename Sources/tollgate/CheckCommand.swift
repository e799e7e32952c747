import ArgumentParser
import Configuration
import Foundation

/// `tollgate check --config FILE`: every fault of a configuration, each on a line of its own.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a configuration and every secret it names.",
        discussion: "Exits with 0 when nothing is wrong, else prints one line per fault and exits with 1."
    )

    @Option(name: .customLong("config"), help: "The configuration file.")
    var file: String

    func run() throws {
        // The faults are what this command is asked for: they are its output.
        let configuration = try LoadedConfiguration.load(file) { print($0) }
        for line in configuration.remarks { print("\(file): \(line)") }
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
        switch ConfigurationFile.load(path: file, environment: ProcessInfo.processInfo.environment) {
        case .success(let configuration):
            return LoadedConfiguration(
                configuration: configuration,
                remarks: configuration.warnings + configuration.withoutEffectYet
            )
        case .failure(let faults):
            for fault in faults.faults { tell("\(file): \(fault)") }
            if !faults.linesToType.isEmpty {
                let lines = faults.linesToType.map { "\n    " + $0 }.joined()
                StandardError.print("Set what is missing and run this again:" + lines)
            }
            throw ExitCode(1)
        }
    }
}
