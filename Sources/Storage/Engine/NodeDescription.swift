public import Vocabulary

/// What other nodes and operators are told of a node.
public struct NodeDescription: Sendable {
    public let name: String
    /// Where its clients find it.
    public let address: String
    /// Of the program.
    public let version: String
    /// SHA-256 of its configuration file.
    public let configurationDigest: Digest

    public init(name: String, address: String, version: String, configurationDigest: Digest) {
        self.name = name
        self.address = address
        self.version = version
        self.configurationDigest = configurationDigest
    }
}
