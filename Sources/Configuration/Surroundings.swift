import Forms
import Foundation

/// Where a configuration is, and what it takes from there: secrets from variables and files. Confined to one reading.
final class Surroundings {
    /// Where relative paths of secrets and certificates begin.
    let folder: URL
    let environment: [String: String]
    let files: FileReading
    let report = FormReport()
    /// Variables that are named and have no value, in the order of the faults.
    private(set) var missingVariables: [String] = []
    /// The path of each secret that was read.
    private var secretPaths: [[UInt8]: String] = [:]

    init(folder: URL, environment: [String: String], files: FileReading = FileReading()) {
        self.folder = folder
        self.environment = environment
        self.files = files
    }

    /// Reports a variable without a value.
    func fault(_ path: String, _ message: String, missing variable: String) {
        report.fault(path, message)
        missingVariables.append(variable)
    }

    /// Notes the member that has this secret, and reports when another has it too: then the two could not be told
    /// apart, a team would know the vendor's key, or an admin's token would classify.
    func claim(_ secret: Secret, at path: String) {
        guard !secret.bytes.isEmpty else { return }
        guard let other = secretPaths[secret.bytes] else {
            secretPaths[secret.bytes] = path
            return
        }
        let message = "is the same secret as \(other); give each its own"
        // Two entries for one key of the vendor do no other harm.
        if path.hasPrefix("upstream."), other.hasPrefix("upstream.") {
            report.warn(path, message)
        } else {
            report.fault(path, message)
        }
    }

    /// The file's own folder is where a relative path begins.
    func resolve(_ path: String) -> URL { URL(fileURLWithPath: path, relativeTo: folder) }
}
