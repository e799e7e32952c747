import Cryptography
import JSON
public import Vocabulary

/// What a configuration was read from. Immutable.
public struct ConfigurationOrigin: Sendable, Equatable {
    public let source: ConfigurationSource
    /// The files that it names, as they were when they were read.
    public let files: FileStates
}

/// The text of a configuration file as it was read. Printing, dumping or reflecting it shows the path alone, since it
/// may hold secrets. Immutable.
public struct ConfigurationSource: Sendable, Equatable {
    public let path: String
    let bytes: [UInt8]
    let othersMayRead: Bool

    /// SHA-256 of what the text says, without where clients and operators connect: nodes that are to behave alike may
    /// have addresses of their own. White space does not matter; the order of members does.
    public var digest: Digest {
        let hasher = SHA256Hasher()
        hasher.update(withoutAddresses ?? bytes)
        return hasher.finalize()
    }

    /// Nil for a text that is no JSON, which no process runs with.
    private var withoutAddresses: [UInt8]? {
        guard let value = try? JSONValue.parse(bytes.span), case .object(let members) = value else { return nil }
        let kept = members.map { name, value in
            guard name == "listen" || name == "admin", case .object(let settings) = value else { return (name, value) }
            return (name, JSONValue.object(settings.filter { $0.name != "address" }))
        }
        return JSONValue.object(kept).text
    }
}

extension ConfigurationSource: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { path }
    public var debugDescription: String { path }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
