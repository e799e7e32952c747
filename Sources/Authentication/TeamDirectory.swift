import Cryptography
public import Vocabulary

/// Finds the team key that a request shows, by the digest of its secret. Immutable; replaced whole by a reload.
///
/// An open-addressing table, at most half full, whose slots are found by the digest's own bits: these are evenly
/// spread whatever the secrets are. What an attacker can time is which slots a digest of his own leads to, and a
/// digest tells nothing about the secrets that stand there. Digests are compared in constant time, and a key that is
/// unknown takes the way of one that is expired.
public final class TeamDirectory: Sendable {
    /// The teams of all keys, and those that have none.
    public let teams: [Team]
    private let slots: [TeamKey?]
    private let mask: Int

    /// - Parameter keys: no two with the same digest; of such the first one counts.
    public init(teams: [Team], keys: [TeamKey]) {
        self.teams = teams
        var size = 8
        while size < keys.count * 2 { size *= 2 }
        var slots = [TeamKey?](repeating: nil, count: size)
        for key in keys {
            var index = Int(truncatingIfNeeded: key.secretDigest.word0) & (size - 1)
            while slots[index] != nil { index = (index + 1) & (size - 1) }
            slots[index] = key
        }
        self.slots = slots
        mask = size - 1
    }

    /// The key whose secret has this digest, if it is valid at that moment. Any thread.
    public func find(secretDigest: CacheKey, at now: Timestamp) -> TeamKey? {
        var found: TeamKey?
        var index = Int(truncatingIfNeeded: secretDigest.word0) & mask
        while let key = slots[index] {
            if found == nil, ConstantTime.areEqual(key.secretDigest, secretDigest) { found = key }
            index = (index + 1) & mask
        }
        guard let found, found.isValid(at: now) else { return nil }
        return found
    }
}
