public import Forms
import Foundation
import JSON

/// A configuration file on disk.
public enum ConfigurationFile {
    private static let bytesMax = 16 << 20

    /// Reads a file and every secret and certificate it names; finds everything that is wrong, not only the first
    /// thing. Blocks, but no longer than `FileReading` waits for files.
    public static func load(
        path: String,
        environment: [String: String]
    ) -> Result<GatewayConfiguration, ConfigurationFaults> {
        let files = FileReading()
        switch source(path, files) {
        case .success(let source): return load(source, environment: environment, files)
        case .failure(let faults): return .failure(faults)
        }
    }

    /// Reads the files again that a configuration names, which itself is taken as it was read.
    public static func load(
        _ source: ConfigurationSource,
        environment: [String: String]
    ) -> Result<GatewayConfiguration, ConfigurationFaults> {
        load(source, environment: environment, FileReading())
    }

    private static func load(
        _ source: ConfigurationSource,
        environment: [String: String],
        _ files: FileReading
    ) -> Result<GatewayConfiguration, ConfigurationFaults> {
        let folder = URL(fileURLWithPath: source.path).deletingLastPathComponent()
        let result = read(
            source.bytes,
            Surroundings(folder: folder, environment: environment, files: files),
            othersMayRead: source.othersMayRead
        )
        switch result {
        case .success(var configuration):
            configuration.origin = ConfigurationOrigin(source: source, files: files.states)
            return .success(configuration)
        case .failure(var faults):
            faults.files = files.states
            return .failure(faults)
        }
    }

    /// Reads which store a file names, and nothing else of it: for programs that work on the store while the gateway is
    /// stopped, where its secrets need not be at hand.
    public static func loadStore(
        path: String,
        environment: [String: String]
    ) -> Result<GatewayConfiguration, ConfigurationFaults> {
        let files = FileReading()
        switch source(path, files) {
        case .success(let source):
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            return readStore(source.bytes, Surroundings(folder: folder, environment: environment, files: files))
        case .failure(let faults): return .failure(faults)
        }
    }

    /// Reads the file alone, which is none of those that it names.
    private static func source(
        _ path: String,
        _ files: FileReading
    ) -> Result<ConfigurationSource, ConfigurationFaults> {
        do throws(FileReading.Failure) {
            let content = try files.read(path, bytesMax: bytesMax)
            files.forget(path)
            return .success(
                ConfigurationSource(path: path, bytes: content.bytes, othersMayRead: content.othersMayRead)
            )
        } catch {
            return .failure(ConfigurationFaults(faults: [FormFault(path: "", message: reason(error))]))
        }
    }

    static func readStore(
        _ bytes: [UInt8],
        _ surroundings: Surroundings
    ) -> Result<GatewayConfiguration, ConfigurationFaults> {
        let root: JSONValue
        do throws(JSONFault) { root = try JSONValue.parse(bytes.span) } catch {
            return failure("is not valid JSON: \(error)")
        }
        var reader = ConfigurationReader(surroundings)
        reader.readStoreAlone(root)
        let faults = surroundings.report.faults
        guard faults.isEmpty else {
            return .failure(
                ConfigurationFaults(
                    faults: FileOrder(root).sorted(faults),
                    missingVariables: surroundings.missingVariables
                )
            )
        }
        return .success(reader.configuration)
    }

    private static func reason(_ failure: FileReading.Failure) -> String {
        switch failure {
        case .unreadable: "cannot be read; give the path of a configuration with --config"
        case .notRegular: "is no regular file; give the path of a configuration with --config"
        case .tooLong: "is larger than 16 MiB"
        case .slow: "does not answer; is its file system there?"
        }
    }

    private static func failure(_ message: String) -> Result<GatewayConfiguration, ConfigurationFaults> {
        .failure(ConfigurationFaults(faults: [FormFault(path: "", message: message)]))
    }

    static func read(
        _ bytes: [UInt8],
        _ surroundings: Surroundings,
        othersMayRead: Bool
    ) -> Result<GatewayConfiguration, ConfigurationFaults> {
        let report = surroundings.report
        let root: JSONValue
        do throws(JSONFault) { root = try JSONValue.parse(bytes.span) } catch {
            return failure("is not valid JSON: \(error)")
        }
        var reader = ConfigurationReader(surroundings)
        reader.read(root)
        guard report.faults.isEmpty else {
            let faults = FileOrder(root).sorted(report.faults)
            return .failure(ConfigurationFaults(faults: faults, missingVariables: surroundings.missingVariables))
        }
        var configuration = reader.configuration
        if othersMayRead, report.warnings.contains(where: { $0.contains("stands in the configuration itself") }) {
            report.warn("the file", "holds secrets and may be read by others; type: chmod 600")
        }
        configuration.warnings = report.warnings
        configuration.accountsElsewhere = reader.accountsElsewhere
        return .success(configuration)
    }
}

/// Everything that is wrong with a configuration, in the order of the file.
public struct ConfigurationFaults: Error, Sendable, Equatable {
    public let faults: [FormFault]
    /// The lines to type for variables that are not set or empty, each once.
    public let linesToType: [String]
    /// The files that were read, as they were then.
    public internal(set) var files: FileStates = [:]

    init(faults: [FormFault], missingVariables: [String] = []) {
        self.faults = faults
        var lines: [String] = []
        for name in missingVariables where !lines.contains("export \(name)='…'") { lines.append("export \(name)='…'") }
        linesToType = lines
    }
}
