import Cryptography
public import Vocabulary

/// What a configuration was read from. Immutable.
public struct ConfigurationOrigin: Sendable, Equatable {
    public let source: ConfigurationSource
    /// The files that it names, as they were when they were read.
    public let files: FileStates
}

/// The text of a configuration file as it was read. Printing, dumping or reflecting it shows the path alone, since it may
/// hold secrets. Immutable.
public struct ConfigurationSource: Sendable, Equatable {
    public let path: String
    let bytes: [UInt8]
    let othersMayRead: Bool

    /// SHA-256 of the text.
    public var digest: Digest {
        let hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.finalize()
    }
}

extension ConfigurationSource: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { path }
    public var debugDescription: String { path }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
