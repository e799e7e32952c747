import Authentication
import Cryptography
import Vocabulary

/// Who shows which key: the team directory behind a table of those seen last. Confined to its worker; made anew for
/// each configuration.
///
/// The directory knows secrets by their SHA-256, which costs more than the rest of a look-up. A key that was good once
/// is found by its fingerprint under a secret of the process instead, in a table of fixed size in which a newer key
/// takes the slot of an older one. A key that is not there, be it unknown, expired or of another length, takes the way
/// through the directory.
struct CallerTable {
    private static let slotCount = 1_024

    private let teams: TeamDirectory
    private let makeCaller: (TeamKey) -> Caller
    private let keyHash: KeyedHash
    private var slots: [(fingerprint: Fingerprint, caller: Caller)?]

    /// - Parameter secret: of the process.
    init(_ teams: TeamDirectory, secret: [UInt8], makeCaller: @escaping (TeamKey) -> Caller) {
        self.teams = teams
        self.makeCaller = makeCaller
        keyHash = KeyedHash(secret: secret, purpose: Array("key".utf8))
        slots = Array(repeating: nil, count: Self.slotCount)
    }

    /// Whether it is the digest of a team's key, one that has expired included.
    func knows(secretDigest digest: Digest) -> Bool {
        teams.find(secretDigest: digest, at: Timestamp(microseconds: .min)) != nil
    }

    /// Whose key this is, if it is valid at that moment.
    mutating func find(_ shown: Span<UInt8>, at now: Timestamp, with hasher: SHA256Hasher) -> Caller? {
        let fingerprint = keyHash.fingerprint(shown)
        let slot = Int(truncatingIfNeeded: fingerprint.word1) & (Self.slotCount - 1)
        // One that has expired since is refused the long way, in the same time as any other that is no good.
        if let known = slots[slot], known.fingerprint == fingerprint, known.caller.key.isValid(at: now) {
            return known.caller
        }
        guard let key = teams.find(secretDigest: hasher.digest(shown), at: now) else { return nil }
        let caller = makeCaller(key)
        slots[slot] = (fingerprint, caller)
        return caller
    }
}
