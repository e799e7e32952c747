import Forms
import Foundation
import Keying

/// A configuration file on disk.
public enum ConfigurationFile {
    private static let bytesMax = 16 << 20

    /// Reads a file and every secret it names; finds everything that is wrong, not only the first thing.
    public static func load(
        path: String,
        environment: [String: String]
    ) -> Result<GatewayConfiguration, ConfigurationFaults> {
        guard let data = FileManager.default.contents(atPath: path) else {
            return failure("cannot be read; give the path of a configuration with --config")
        }
        guard data.count <= bytesMax else { return failure("is larger than 16 MiB") }
        let url = URL(fileURLWithPath: path)
        return read(
            Array(data),
            Surroundings(folder: url.deletingLastPathComponent(), environment: environment),
            othersMayRead: FileMode.othersMayRead(path)
        )
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
        configuration.withoutEffectYet = WithoutEffect.lines(setPaths: report.setPaths, configuration)
        return .success(configuration)
    }
}
