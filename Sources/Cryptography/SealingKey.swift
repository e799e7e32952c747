/// A key under which secrets are kept at rest, by AES-256-GCM. Immutable. Printing, dumping or reflecting it shows
/// nothing of it.
///
/// A sealed value is, in bytes:
///
///     version (1) | the key's fingerprint (8) | nonce (12) | ciphertext (as long as the content) | tag (16)
///
/// The tag vouches for all of it and for a context: opening it takes the context that it was sealed in, so that a
/// value cannot be moved to another row or serve another purpose. The fingerprint tells another key from damage; it is
/// derived from the key by SHA-256 and says nothing more about it.
///
/// Nonces are random, and two that are equal under one key would give both contents away. NIST SP 800-38D §8.3 allows
/// 2^32 seals per key for that: far more than there are ever secrets to keep.
public struct SealingKey: Sendable {
    /// The first byte of a sealed value; another layout or cipher has another one.
    private static let version: UInt8 = 1
    private static let fingerprintBytes = 8
    private static let label = Array("tollgate: the fingerprint of a sealing key".utf8)

    private let bytes: [UInt8]
    /// What every value begins with that this key has sealed.
    private let header: [UInt8]

    /// - Parameter bytes: 32 unpredictable ones; nil when there are more or fewer.
    public init?(bytes: [UInt8]) {
        guard bytes.count == GCMCipher.keyBytes else { return nil }
        self.bytes = bytes
        header = [Self.version] + SHA256Hasher().digest(Self.label + bytes).bytes.prefix(Self.fingerprintBytes)
    }

    /// Any thread.
    ///
    /// - Parameter context: where the value is kept and what for; `open` must name the same.
    public func seal(_ content: [UInt8], context: String) -> [UInt8] {
        seal(content, context: context, nonce: RandomBytes.make(count: GCMCipher.nonceBytes))
    }

    /// - Parameter nonce: never one that this key had before.
    func seal(_ content: [UInt8], context: String, nonce: [UInt8]) -> [UInt8] {
        let cipher = cipher(.sealing, nonce: nonce, context: context)
        let ciphertext = cipher.transform(content)
        return header + nonce + ciphertext + cipher.makeTag()
    }

    /// Gives the content of a sealed value. Any thread.
    public func open(_ sealed: [UInt8], context: String) throws(SealingFault) -> [UInt8] {
        let frameBytes = header.count + GCMCipher.nonceBytes + GCMCipher.tagBytes
        guard sealed.count >= frameBytes, sealed.first == Self.version else { throw .malformed }
        guard opens(sealed) else { throw .otherKey }
        let ciphertext = sealed.dropFirst(header.count + GCMCipher.nonceBytes).dropLast(GCMCipher.tagBytes)
        let nonce = Array(sealed[header.count..<ciphertext.startIndex])
        let cipher = cipher(.opening, nonce: nonce, context: context)
        let content = cipher.transform(Array(ciphertext))
        guard cipher.accepts(tag: Array(sealed[ciphertext.endIndex...])) else { throw .notAuthentic }
        return content
    }

    private func cipher(_ direction: GCMCipher.Direction, nonce: [UInt8], context: String) -> GCMCipher {
        let cipher = GCMCipher(direction, key: bytes, nonce: nonce)
        // The header's length is always the same, so no context runs together with it.
        cipher.authenticate(header + context.utf8)
        return cipher
    }

    /// Whether a sealed value says that this key has sealed it.
    public func opens(_ sealed: [UInt8]) -> Bool { sealed.starts(with: header) }
}

extension SealingKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "•••" }
    public var debugDescription: String { "•••" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a sealed value was not opened.
public enum SealingFault: Error, Equatable, Sendable {
    /// It is too short, or of a version that is not known.
    case malformed
    /// It was sealed with another key than this one.
    case otherKey
    /// It was sealed with this key, but was altered since, or was sealed in another context.
    case notAuthentic
}

extension SealingFault: CustomStringConvertible {
    /// What happened and what an operator can do.
    public var description: String {
        switch self {
        case .malformed:
            "it is no sealed value that this version reads; restore it from a backup, or set what was sealed anew"
        case .otherKey:
            "it was sealed with another key; give the key that it was sealed with, or set what was sealed anew"
        case .notAuthentic:
            "it was altered, or belongs elsewhere; restore it from a backup, or set what was sealed anew"
        }
    }
}
