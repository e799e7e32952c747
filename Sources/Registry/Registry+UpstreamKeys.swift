import Cryptography
import Forms
public import UpstreamKeys
public import Vocabulary

/// Changes of upstream keys.
extension Registry {
    static let upstreamKeysMax = FormLimits.upstreamKeys

    /// Adds a key.
    ///
    /// - Throws: also when there is no master key to seal the secret with.
    public func adding(
        _ id: UpstreamKeyID,
        account: AccountID,
        terms: UpstreamKeyTerms,
        secret: [UInt8],
        at now: Timestamp
    ) throws(RegistryRefusal) -> RegistryChange {
        if upstreamKey(id) != nil {
            throw .conflict("upstream key \(id) is there already; rotate it or choose another id")
        }
        guard storedUpstreamKeys.count < Self.upstreamKeysMax else {
            throw .conflict("there are \(Self.upstreamKeysMax) upstream keys already; delete those that are not used")
        }
        let (sealed, digest) = try seal(secret, of: id)
        let key = StoredUpstreamKey(
            id: id,
            account: account,
            weight: terms.weight,
            notBefore: terms.notBefore,
            notAfter: terms.notAfter,
            monthlyCredits: terms.monthlyCredits,
            sealedSecret: sealed,
            secretDigest: digest,
            createdAt: now
        )
        return change("upstream_key.create", [.saveUpstreamKey(key)], id)
    }

    /// Changes the terms or the state of a key.
    ///
    /// - Parameters:
    ///   - terms: nil to leave them unchanged, as is required for a key of the file.
    ///   - state: the operator's decision; nil to leave it unchanged. `active` also clears what the vendor's replies
    ///     said of the key.
    public func changing(
        _ id: UpstreamKeyID,
        terms: UpstreamKeyTerms?,
        state: UpstreamKey.OperatorState?,
        at now: Timestamp
    ) throws(RegistryRefusal) -> RegistryChange {
        let (entry, source) = try known(id)
        var writes: [RegistryWrite] = []
        if let terms {
            guard source == .store, var key = storedUpstreamKeys[id]?.stored else {
                let what = "upstream key \(id) is named in the configuration file, where all but its state is changed"
                throw .conflict("\(what); change it there and send SIGHUP")
            }
            key.weight = terms.weight
            key.notBefore = terms.notBefore
            key.notAfter = terms.notAfter
            key.monthlyCredits = terms.monthlyCredits
            writes.append(.saveUpstreamKey(key))
        }
        if let state { writes.append(Self.ruling(state, on: entry.key, at: now)) }
        if state == .active { writes.append(.enableUpstreamKey(id)) }
        return change("upstream_key.update", writes, id)
    }

    private static func ruling(
        _ state: UpstreamKey.OperatorState,
        on key: UpstreamKey,
        at now: Timestamp
    ) -> RegistryWrite {
        let verdict: KeyRuling.Verdict
        switch state {
        case .active: return .removeRuling(.upstreamKey(key.id))
        case .draining: verdict = .draining
        case .disabled: verdict = .disabled
        }
        return .saveRuling(
            KeyRuling(subject: .upstreamKey(key.id), secretDigest: key.secretDigest, verdict: verdict, at: now)
        )
    }

    /// Gives a key a new secret, which is used from the next request on. Ends the ruling on the old one (R5).
    public func rotating(upstream id: UpstreamKeyID, secret: [UInt8]) throws(RegistryRefusal) -> RegistryChange {
        let remark = sealer.hasKey ? "" : "; and without \(SecretSealer.variable) no key of the store can be rotated"
        guard var key = try ownUpstreamKey(id, remark) else {
            preconditionFailure("a key of the store that it has not")
        }
        let (sealed, digest) = try seal(secret, of: id)
        key.sealedSecret = sealed
        key.secretDigest = digest
        return change("upstream_key.rotate", [.saveUpstreamKey(key), .removeRuling(.upstreamKey(id))], id)
    }

    /// Deletes a key of the store.
    ///
    /// - Throws: also when a team of the file needs it: the next start would refuse that file.
    public func deleting(upstream id: UpstreamKeyID) throws(RegistryRefusal) -> RegistryChange {
        if let key = try ownUpstreamKey(id), let team = fileTeam(relyingOn: key) {
            throw .conflict(
                "upstream key \(id) is the last one of the account \(key.account), which the configuration file gives to "
                    + "team \(team.id); disable the key, or give the team another account first"
            )
        }
        return change("upstream_key.delete", [.removeUpstreamKey(id), .removeRuling(.upstreamKey(id))], id)
    }

    // MARK: Parts

    /// A team of the file whose account has no other key.
    private func fileTeam(relyingOn key: StoredUpstreamKey) -> TeamRecord? {
        let hasOther = upstreamKeyIDs.contains { other in
            other != key.id && upstreamKey(other)?.entry.key.account == key.account
        }
        return hasOther ? nil : file.teams.first { $0.account == key.account }
    }

    private func known(_ id: UpstreamKeyID) throws(RegistryRefusal) -> (entry: UpstreamKeyEntry, source: RegistrySource)
    {
        guard let found = upstreamKey(id) else { throw .notFound("upstream key \(id)") }
        return found
    }

    /// A key that the file does not name (R1).
    ///
    /// - Parameter remark: what is to be said besides when it does.
    private func ownUpstreamKey(
        _ id: UpstreamKeyID,
        _ remark: String = ""
    ) throws(RegistryRefusal) -> StoredUpstreamKey? {
        guard try known(id).source == .store else {
            throw .conflict(
                "upstream key \(id) is named in the configuration file; change it there and send SIGHUP" + remark
            )
        }
        return storedUpstreamKeys[id]?.stored
    }

    private func seal(_ secret: [UInt8], of id: UpstreamKeyID) throws(RegistryRefusal) -> (
        sealed: [UInt8], digest: Digest
    ) {
        guard let sealed = sealer.seal(secret, .upstreamKey(id)) else {
            throw .conflict(
                "secrets are kept sealed under a master key, and there is none; set \(SecretSealer.variable) to 32 random "
                    + "bytes in base64 or hex and start the gateway again"
            )
        }
        let digest = SHA256Hasher().digest(secret)
        // Not as one array: copying a million keys would block the loop.
        let isTeams =
            fileTeamKeys.values.contains { $0.secretDigest == digest }
            || storedTeamKeys.values.contains { $0.secretDigest == digest }
        guard !isTeams else {
            throw .unprocessable(path: "secret", message: "is the secret of a team's key; give the vendor's own")
        }
        return (sealed, digest)
    }

    /// The change made by these steps, with the key before and after it.
    private func change(_ action: String, _ writes: [RegistryWrite], _ id: UpstreamKeyID) -> RegistryChange {
        var then = self
        for write in writes { then.apply(write) }
        return RegistryChange(
            writes: writes,
            action: action,
            target: "upstream_key/\(id)",
            before: upstreamKey(id).map { .upstreamKey($0.entry, $0.source) },
            after: then.upstreamKey(id).map { .upstreamKey($0.entry, $0.source) }
        )
    }
}
