public import Budgeting
import Forms
public import Vocabulary

/// Changes of teams' keys.
extension Registry {
    /// Bounds the memory of all keys to 1 GiB.
    static let teamKeysMax = 1_000_000
    /// The maximum number of keys of one team, including revoked keys and keys of the file.
    static let keysPerTeamMax = FormLimits.teamKeys
    /// The maximum number of replaced secrets in their grace period; one more ends the oldest.
    static let retiringMax = 8

    /// Issues a key.
    ///
    /// - Parameter id: nil for the public identifier contained in the secret.
    public func issuing(
        _ id: TeamKeyID?,
        for team: TeamID,
        name: String,
        notAfter: Timestamp?,
        budgets: [Budget],
        secret: TeamKeySecret,
        at now: Timestamp
    ) throws(RegistryRefusal) -> RegistryChange {
        guard self.team(team) != nil else { throw .notFound("team \(team)") }
        let id = id ?? TeamKeyID(rawValue: secret.publicID)
        if teamKey(id) != nil { throw .conflict("key \(id) is there already; rotate it or choose another id") }
        guard storedTeamKeys.count < Self.teamKeysMax else {
            throw .conflict("there are \(Self.teamKeysMax) keys already; delete teams that are not used any more")
        }
        guard teamKeyIDs[team]?.ids.count ?? 0 < Self.keysPerTeamMax else {
            let what = "team \(team) has \(Self.keysPerTeamMax) keys already, revoked ones included"
            throw .conflict("\(what); make another team")
        }
        let key = TeamKeyRecord(
            id: id,
            team: team,
            publicID: secret.publicID,
            name: name,
            secretDigest: secret.digest,
            notAfter: notAfter,
            budgets: budgets,
            createdAt: now
        )
        return change("team_key.create", key, before: nil, at: now)
    }

    /// Gives a key a new secret; the previous one stays valid for `grace`.
    public func rotating(
        _ id: TeamKeyID,
        of team: TeamID,
        grace: Duration,
        secret: TeamKeySecret,
        at now: Timestamp
    ) throws(RegistryRefusal) -> RegistryChange {
        let before = try key(id, of: team)
        guard before.source == .store else {
            throw .conflict("key \(id) is named in the configuration file; change its secret there and send SIGHUP")
        }
        switch before.record.state(at: now) {
        case .active: break
        case .expired: throw .conflict("key \(id) has expired; issue another one")
        case .revoked: throw .conflict("key \(id) is revoked; issue another one")
        }
        var key = before.record
        let retired = TeamKeyRecord.RetiringSecret(digest: key.secretDigest, until: now + grace)
        key.retiring = Array(([retired] + key.retiring).filter { $0.until > now }.prefix(Self.retiringMax))
        key.secretDigest = secret.digest
        key.rotatedAt = now
        return change("team_key.rotate", key, before: before.record, at: now)
    }

    /// Revokes a key for good, or a key of the file until the file gives it another secret. Nil when it is already
    /// revoked.
    public func revoking(_ id: TeamKeyID, of team: TeamID, at now: Timestamp) throws(RegistryRefusal) -> RegistryChange?
    {
        let (before, source) = try key(id, of: team)
        guard before.revokedAt == nil else { return nil }
        var key = before
        key.revokedAt = now
        key.retiring = []
        var change = change("team_key.revoke", key, before: before, source, at: now)
        if source == .file {
            change.writes = [
                .saveRuling(
                    KeyRuling(subject: .teamKey(id), secretDigest: key.secretDigest, verdict: .revoked, at: now)
                )
            ]
        }
        return change
    }

    /// The key, which must belong to the team.
    public func key(
        _ id: TeamKeyID,
        of team: TeamID
    ) throws(RegistryRefusal) -> (record: TeamKeyRecord, source: RegistrySource) {
        guard self.team(team) != nil else { throw .notFound("team \(team)") }
        guard let found = teamKey(id), found.record.team == team else { throw .notFound("key \(id) of team \(team)") }
        return found
    }

    private func change(
        _ action: String,
        _ key: TeamKeyRecord,
        before: TeamKeyRecord?,
        _ source: RegistrySource = .store,
        at now: Timestamp
    ) -> RegistryChange {
        RegistryChange(
            writes: [.saveTeamKey(key)],
            action: action,
            target: "team/\(key.team)/key/\(key.id)",
            before: before.map { .teamKey($0, source, at: now) },
            after: .teamKey(key, source, at: now)
        )
    }
}

/// The answers to rotations, kept across a restart.
extension Registry {
    /// The secret of a rotation, sealed for the store; nil without a master key.
    public func seal(rotation secret: String, of key: TeamKeyID) -> [UInt8]? {
        sealer.seal(Array(secret.utf8), .rotation(key))
    }

    /// The rotations remembered by the store. One that cannot be opened is dropped: it has minutes to live.
    public func memory(of receipts: [RotationReceipt], at now: Timestamp) -> RotationMemory {
        var memory = RotationMemory()
        for receipt in receipts where receipt.until > now {
            guard let secret = try? sealer.open(receipt.sealedSecret, .rotation(receipt.key)) else { continue }
            memory.remember(
                String(decoding: secret, as: UTF8.self),
                of: receipt.key,
                requestDigest: receipt.requestDigest,
                until: receipt.until,
                now: now
            )
        }
        return memory
    }
}
