import Cryptography
public import Vocabulary

/// The secret of a team's key as it is made here: `tg_`, the key's public identifier, `_` and 32 random characters.
///
/// It is shown once, and only its digest is kept. Printing it shows nothing.
public struct TeamKeySecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Characters that stand in no two ways in a URL, a shell or a field line. 62 to the 32nd is 190 bits.
    private static let secretCharacters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    /// Without those that people mistake for one another.
    private static let publicCharacters = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
    private static let secretLength = 32
    private static let publicLength = 8

    public let publicID: String
    /// The whole secret, for the one who asked for it.
    public let text: String
    /// SHA-256 of `text`.
    public let digest: Digest

    public init(publicID: String, text: String) {
        self.publicID = publicID
        self.text = text
        digest = SHA256Hasher().digest(Array(text.utf8))
    }

    /// A new secret.
    ///
    /// - Parameter publicID: of a key that gets another secret; nil for a new key's.
    public static func make(publicID: String? = nil) -> TeamKeySecret {
        let publicID = publicID ?? random(publicCharacters, count: publicLength)
        return TeamKeySecret(
            publicID: publicID,
            text: "tg_\(publicID)_\(random(secretCharacters, count: secretLength))"
        )
    }

    /// Every character as likely as every other: bytes beyond the last multiple of their number are thrown away.
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
