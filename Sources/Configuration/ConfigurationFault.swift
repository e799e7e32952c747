/// One thing that is wrong with a configuration.
public struct ConfigurationFault: Sendable, Equatable, CustomStringConvertible {
    /// The member's path, `upstream.keys[0].secret`; empty for the file as a whole.
    public let path: String
    /// What is wrong and what to do; holds no secret.
    public let message: String
    /// The environment variable whose value is what is missing, so that the line to type can be shown.
    public let missingVariable: String?

    init(path: String, message: String, missingVariable: String? = nil) {
        self.path = path
        self.message = message
        self.missingVariable = missingVariable
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// Everything that is wrong with a configuration, in the order of the file.
public struct ConfigurationFaults: Error, Sendable, Equatable {
    public let faults: [ConfigurationFault]

    /// The lines to type for variables that are not set or empty, each once.
    public var linesToType: [String] {
        var lines: [String] = []
        for case let name? in faults.map(\.missingVariable) where !lines.contains("export \(name)='…'") {
            lines.append("export \(name)='…'")
        }
        return lines
    }
}
