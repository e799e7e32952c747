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

    init(folder: URL, environment: [String: String]) {
        self.folder = folder
        self.environment = environment
    }

    func fault(_ path: String, _ message: String) {
        faults.append(ConfigurationFault(path: path, message: message))
    }

    func warn(_ path: String, _ message: String) { warnings.append("\(path): \(message)") }

    func note(_ path: String) { setPaths.insert(path) }

    /// The file's own folder is where a relative path begins.
    func resolve(_ path: String) -> URL { URL(fileURLWithPath: path, relativeTo: folder) }
}
