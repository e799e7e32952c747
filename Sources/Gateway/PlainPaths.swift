import Cryptography
import Vocabulary

/// Paths that were found to have no secret in them, by their fingerprints. Confined to its worker; made anew with each
/// configuration, since what is a secret depends on it.
///
/// Looking for secrets takes a SHA-256 for each part of a path, which is most of what a small request takes that is
/// passed through, and clients ask for the same paths again and again. A newer path replaces an older one in its slot.
struct PlainPaths {
    private static let slotCount = 1_024

    private let pathHash: KeyedHash
    private var slots: [Fingerprint?] = Array(repeating: nil, count: slotCount)

    /// - Parameter secret: the secret of the process.
    init(secret: [UInt8]) { pathHash = KeyedHash(secret: secret, purpose: Array("path".utf8)) }

    /// Whether the path was added, and no other one has its slot by now.
    func has(_ path: Span<UInt8>) -> Bool {
        let fingerprint = pathHash.fingerprint(path)
        return slots[slot(of: fingerprint)] == fingerprint
    }

    /// Adds a path without a secret in it.
    mutating func add(_ path: Span<UInt8>) {
        let fingerprint = pathHash.fingerprint(path)
        slots[slot(of: fingerprint)] = fingerprint
    }

    private func slot(of fingerprint: Fingerprint) -> Int {
        Int(truncatingIfNeeded: fingerprint.word1) & (Self.slotCount - 1)
    }
}
