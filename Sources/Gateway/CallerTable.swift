import Authentication
import Cryptography
import Vocabulary

/// Finds the caller for a key: a cache of recent keys in front of the team directory. Confined to its worker; made anew
/// for each configuration.
///
/// The directory finds secrets by their SHA-256, which costs more than the rest of a look-up. A key that was valid
/// before is found by its fingerprint under a secret of the process instead, in a table of fixed size where a newer key
/// replaces an older one in its slot. Any other key (unknown, expired, or of another length) is looked up in the
/// directory.
struct CallerTable {
    private static let slotCount = 1_024

    private let teams: TeamDirectory
    private let makeCaller: (TeamKey) -> Caller
    private let keyHash: KeyedHash
    private var slots: [(fingerprint: Fingerprint, caller: Caller)?]

    /// - Parameter secret: the secret of the process.
    init(_ teams: TeamDirectory, secret: [UInt8], makeCaller: @escaping (TeamKey) -> Caller) {
        self.teams = teams
        self.makeCaller = makeCaller
        keyHash = KeyedHash(secret: secret, purpose: Array("key".utf8))
        slots = Array(repeating: nil, count: Self.slotCount)
    }

    /// Whether a team's key, expired or not, has this digest.
    func knows(secretDigest digest: Digest) -> Bool {
        teams.find(secretDigest: digest, at: Timestamp(microseconds: .min)) != nil
    }

    /// The caller for a key, if the key is valid at `now`.
    mutating func find(_ shown: Span<UInt8>, at now: Timestamp, with hasher: SHA256Hasher) -> Caller? {
        let fingerprint = keyHash.fingerprint(shown)
        let slot = Int(truncatingIfNeeded: fingerprint.word1) & (Self.slotCount - 1)
        // A key that has expired since is refused through the directory, in the same time as any other invalid key.
        if let known = slots[slot], known.fingerprint == fingerprint, known.caller.key.isValid(at: now) {
            return known.caller
        }
        guard let key = teams.find(secretDigest: hasher.digest(shown), at: now) else { return nil }
        let caller = makeCaller(key)
        slots[slot] = (fingerprint, caller)
        return caller
    }
}
