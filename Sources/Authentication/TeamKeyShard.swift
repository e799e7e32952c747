import Cryptography
import Vocabulary

/// One part of a team directory's table: the keys whose digests begin with the same bits. Immutable.
///
/// An open-addressing table, at most half full, whose slots are found by the last bits of a digest's first word; the
/// part is chosen by the first ones. No digest is in it twice.
final class TeamKeyShard: Sendable {
    private let slots: [TeamKey?]
    private let mask: Int

    /// - Parameter keys: of two with the same digest the first one counts.
    init(_ keys: [TeamKey]) {
        var size = 8
        while size < keys.count * 2 { size *= 2 }
        var slots = [TeamKey?](repeating: nil, count: size)
        for key in keys {
            var index = Int(truncatingIfNeeded: key.secretDigest.word0) & (size - 1)
            while let other = slots[index], other.secretDigest != key.secretDigest { index = (index + 1) & (size - 1) }
            if slots[index] == nil { slots[index] = key }
        }
        self.slots = slots
        mask = size - 1
    }

    /// The key whose secret has this digest, valid or not.
    func find(_ secretDigest: Digest) -> TeamKey? {
        var found: TeamKey?
        var index = Int(truncatingIfNeeded: secretDigest.word0) & mask
        while let key = slots[index] {
            if found == nil, ConstantTime.areEqual(key.secretDigest, secretDigest) { found = key }
            index = (index + 1) & mask
        }
        return found
    }

    /// The part without the keys of some digests and with others; what stays takes precedence over what comes.
    func replacing(_ gone: Set<Digest>, with new: [TeamKey]) -> TeamKeyShard {
        TeamKeyShard(slots.compactMap { $0 }.filter { !gone.contains($0.secretDigest) } + new)
    }
}
