/// One thing that is wrong with a configuration.
public struct ConfigurationFault: Sendable, Equatable, CustomStringConvertible {
    /// The member's path, `upstream.keys[0].secret`; empty for the file as a whole.
    public let path: String
    /// What is wrong and what to do; holds no secret.
    public let message: String

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// Everything that is wrong with a configuration, in the order of the file.
public struct ConfigurationFaults: Error, Sendable, Equatable {
    public let faults: [ConfigurationFault]
}
