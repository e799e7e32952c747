import Cryptography
public import Vocabulary

/// A new secret of a team's key: `tg_`, the key's public identifier, `_` and 32 random characters.
///
/// It is shown once, and only its digest is kept. Printing the value does not reveal it.
public struct TeamKeySecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Characters that need no escaping in a URL, a shell or a field line. 62 to the 32nd is 190 bits.
    private static let secretCharacters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    /// Without characters that people confuse.
    private static let publicCharacters = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
    private static let secretLength = 32
    private static let publicLength = 8

    public let publicID: String
    /// The whole secret, for the client that asked for it.
    public let text: String
    /// SHA-256 of `text`.
    public let digest: Digest

    public init(publicID: String, text: String) {
        self.publicID = publicID
        self.text = text
        digest = SHA256Hasher().digest(Array(text.utf8))
    }

    /// Makes a new secret.
    ///
    /// - Parameter publicID: the identifier of an existing key; nil for a new key.
    public static func make(publicID: String? = nil) -> TeamKeySecret {
        let publicID = publicID ?? random(publicCharacters, count: publicLength)
        return TeamKeySecret(
            publicID: publicID,
            text: "tg_\(publicID)_\(random(secretCharacters, count: secretLength))"
        )
    }

    /// Random characters, uniformly distributed: bytes at or above the last multiple of their number are discarded.
    private static func random(_ characters: [UInt8], count: Int) -> String {
        let limit = 256 / characters.count * characters.count
        var text: [UInt8] = []
        while text.count < count {
            for byte in RandomBytes.make(count: count) where Int(byte) < limit && text.count < count {
                text.append(characters[Int(byte) % characters.count])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    public var description: String { "the secret of team key \(publicID)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["publicID": publicID]) }
}
