import Cryptography
import Registry
import Vocabulary

/// One rotation of a team's key: makes a new secret, or returns the previous one on an idempotent replay. Confined to
/// the keeper's loop.
final class KeyRotation {
    private let keeper: RegistryKeeper
    private let team: TeamID
    private let key: TeamKeyID
    /// SHA-256 of the `Idempotency-Key`; nil without one.
    private let requestDigest: Digest?
    private var decidedAt: Timestamp?
    /// The secret to answer with; set by `decide`.
    private(set) var secret = ""

    init(keeper: RegistryKeeper, team: TeamID, key: TeamKeyID, idempotencyKey: String?) {
        self.keeper = keeper
        self.team = team
        self.key = key
        requestDigest = idempotencyKey.map { SHA256Hasher().digest(Array($0.utf8)) }
    }

    /// Nil on an idempotent replay: nothing changes.
    func decide(_ registry: Registry, grace: Duration, at now: Timestamp) throws(AdminFault) -> RegistryChange? {
        let (key, team) = (key, team)
        let known = try AdminFault.deciding { () throws(RegistryRefusal) in try registry.key(key, of: team) }
        if known.record.revokedAt == nil, let requestDigest,
            let before = keeper.rotations.secret(of: key, requestDigest: requestDigest, at: now)
        {
            secret = before
            return nil
        }
        let made = TeamKeySecret.make(publicID: known.record.publicID)
        var change = try AdminFault.deciding { () throws(RegistryRefusal) in
            try registry.rotating(key, of: team, grace: grace, secret: made, at: now)
        }
        secret = made.text
        decidedAt = now
        if let requestDigest, let sealed = registry.seal(rotation: made.text, of: key) {
            let until = now + RotationMemory.lifetime
            let receipt = RotationReceipt(key: key, requestDigest: requestDigest, sealedSecret: sealed, until: until)
            change.writes.append(.saveReceipt(receipt, now: now))
        }
        return change
    }

    /// Call once the rotation is in effect.
    func remember() {
        guard let requestDigest, let decidedAt else { return }
        let until = decidedAt + RotationMemory.lifetime
        keeper.rotations.remember(secret, of: key, requestDigest: requestDigest, until: until, now: decidedAt)
    }
}
