import Foundation

/// What one reading of a configuration comes to beside its values, and where it stands. Confined to that reading.
final class Report {
    /// Where relative paths of secrets and certificates begin.
    let folder: URL
    let environment: [String: String]
    private(set) var faults: [ConfigurationFault] = []
    private(set) var warnings: [String] = []
    /// Paths of members that the file sets.
    private(set) var setPaths: Set<String> = []
    /// The path of each secret that was read.
    private var secretPaths: [[UInt8]: String] = [:]

    init(folder: URL, environment: [String: String]) {
        self.folder = folder
        self.environment = environment
    }

    func fault(_ path: String, _ message: String, missing variable: String? = nil) {
        faults.append(ConfigurationFault(path: path, message: message, missingVariable: variable))
    }

    func warn(_ path: String, _ message: String) { warnings.append("\(path): \(message)") }

    func note(_ path: String) { setPaths.insert(path) }

    /// Notes whose secret this is, and reports when it is another's too: then whoever shows it could not be told from
    /// the other, a team would know the vendor's key, or an admin's token would classify.
    func claim(_ secret: Secret, at path: String) {
        guard !secret.bytes.isEmpty else { return }
        guard let other = secretPaths[secret.bytes] else {
            secretPaths[secret.bytes] = path
            return
        }
        let message = "is the same secret as \(other); give each its own"
        // Two entries for one key of the vendor harm nobody else.
        if path.hasPrefix("upstream."), other.hasPrefix("upstream.") {
            warn(path, message)
        } else {
            fault(path, message)
        }
    }

    /// The file's own folder is where a relative path begins.
    func resolve(_ path: String) -> URL { URL(fileURLWithPath: path, relativeTo: folder) }
}
