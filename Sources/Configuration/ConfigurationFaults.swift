public import Forms

/// Everything that is wrong with a configuration, in the order of the file.
public struct ConfigurationFaults: Error, Sendable, Equatable {
    public let faults: [FormFault]
    /// The lines to type for variables that are not set or empty, each once.
    public let linesToType: [String]

    init(faults: [FormFault], missingVariables: [String] = []) {
        self.faults = faults
        var lines: [String] = []
        for name in missingVariables where !lines.contains("export \(name)='…'") { lines.append("export \(name)='…'") }
        linesToType = lines
    }
}
