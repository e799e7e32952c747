import Authentication
import Budgeting
import Vocabulary

// The teams, team keys and upstream keys that exist, and who may change them. Some are named in the configuration file,
// others were made through the admin API and live in the store. The invariants:
//
// R1. Items named in the file belong to the file: they cannot be changed here except by a ruling on a key
//     (`docs/api.md` §6). Where file and store have the same identifier the file's item counts, and the store's has no
//     effect meanwhile.
// R2. A change is first decided, from the current state, as a list of steps (`RegistryWrite`). The same steps are made
//     durable in the store and then applied here, so that memory equals what the next start would read.
// R3. Spend belongs to the identifier: a rotation, another name or another budget never makes a new one.
// R4. No secret of a team's key is here, only digests; the vendor's secrets are, since they have to be sent.
// R5. A ruling applies to a key with one secret. It is gone for good once the file, or a rotation, replaces that
//     secret.
//
// The owner of the registry makes one change at a time; the registry has neither lock nor clock.

/// The current teams and keys. Pure; confined to its owner.
public struct Registry: Sendable {
    /// An upstream key of the store, with its secret decrypted.
    struct OpenedUpstreamKey {
        var stored: StoredUpstreamKey
        var secret: [UInt8]
    }

    var file = FileRegistry()
    var fileTeams: [TeamID: TeamRecord] = [:]
    var fileTeamKeys: [TeamKeyID: TeamKeyRecord] = [:]
    var fileUpstreamKeys: [UpstreamKeyID: UpstreamKeyEntry] = [:]
    var storedTeams: [TeamID: TeamRecord] = [:]
    var storedTeamKeys: [TeamKeyID: TeamKeyRecord] = [:]
    var storedUpstreamKeys: [UpstreamKeyID: OpenedUpstreamKey] = [:]
    var rulings: [KeyRuling.Subject: KeyRuling] = [:]
    /// The keys of each team, from file and store, sorted: a page of them is found without sorting them all.
    var teamKeyIDs: [TeamID: SortedKeys] = [:]
    let sealer: SecretSealer

    /// - Parameter sealer: opens the vendor's secrets in the store, and seals new ones.
    /// - Throws: when a secret in the store cannot be opened.
    public init(file: FileRegistry, rows: RegistryRows, sealer: SecretSealer) throws(SealerFault) {
        self.sealer = sealer
        // A store edited by hand may hold numbers that no form accepts and later arithmetic does not expect.
        for var team in rows.teams {
            team.budgets = team.budgets.map(\.bounded)
            storedTeams[team.id] = team
        }
        for var key in rows.teamKeys {
            key.budgets = key.budgets.map(\.bounded)
            storedTeamKeys[key.id] = key
        }
        for var key in rows.upstreamKeys {
            key.weight = min(max(1, key.weight), UpstreamKeyTerms.weightMax)
            key.monthlyCredits = key.monthlyCredits?.bounded
            storedUpstreamKeys[key.id] = OpenedUpstreamKey(stored: key, secret: try sealer.open(key))
        }
        for ruling in rows.rulings { rulings[ruling.subject] = ruling }
        replace(file: file)
    }

    /// The registry with the same file, and with other rows of the store.
    ///
    /// An upstream key whose secret cannot be opened keeps what is known of it, or is left out: what else the rows say,
    /// such as a revocation, must not wait for it.
    ///
    /// - Returns: with the keys that are concerned.
    public func replacing(rows: RegistryRows) -> (registry: Registry, unopened: [UpstreamKeyID]) {
        var (openable, unopened) = (rows, [UpstreamKeyID]())
        var kept: [OpenedUpstreamKey] = []
        openable.upstreamKeys = rows.upstreamKeys.filter { key in
            if (try? sealer.open(key)) != nil { return true }
            unopened.append(key.id)
            if let known = storedUpstreamKeys[key.id] { kept.append(known) }
            return false
        }
        guard var next = try? Registry(file: file, rows: openable, sealer: sealer) else {
            preconditionFailure("a secret that can be opened once and not twice")
        }
        for key in kept { next.storedUpstreamKeys[key.stored.id] = key }
        return (next, unopened)
    }

    /// The steps that reseal the secrets sealed under the previous master key.
    public func resealing() -> [RegistryWrite] {
        storedUpstreamKeys.values.filter { sealer.isOutdated($0.stored.sealedSecret) }.compactMap { opened in
            var key = opened.stored
            guard let sealed = sealer.seal(opened.secret, .upstreamKey(key.id)) else { return nil }
            key.sealedSecret = sealed
            return .saveUpstreamKey(key)
        }
    }

    // MARK: Changing

    /// The steps that follow from a new file: it ends the rulings on keys whose secret it replaces (R5).
    public func following(_ file: FileRegistry) -> [RegistryWrite] {
        let team = file.teamKeys.map { (KeyRuling.Subject.teamKey($0.id), $0.secretDigest) }
        let upstream = file.upstreamKeys.map { (KeyRuling.Subject.upstreamKey($0.key.id), $0.key.secretDigest) }
        return (team + upstream).compactMap { subject, digest in
            guard let ruling = rulings[subject], ruling.secretDigest != digest else { return nil }
            return .removeRuling(subject)
        }
    }

    /// The steps that follow from the file and are not made yet.
    public var endedRulings: [RegistryWrite] { following(file) }

    /// Replaces the items of the file.
    public mutating func replace(file: FileRegistry) {
        self.file = file
        fileTeams = Dictionary(uniqueKeysWithValues: file.teams.map { ($0.id, $0) })
        fileTeamKeys = Dictionary(uniqueKeysWithValues: file.teamKeys.map { ($0.id, $0) })
        fileUpstreamKeys = Dictionary(uniqueKeysWithValues: file.upstreamKeys.map { ($0.key.id, $0) })
        let keys = Array(storedTeamKeys.values) + file.teamKeys
        teamKeyIDs = Dictionary(grouping: keys, by: \.team).mapValues { SortedKeys($0.map(\.id)) }
    }

    /// Applies one step that is durable in the store (R2).
    public mutating func apply(_ write: RegistryWrite) {
        switch write {
        case .saveTeam(let team): storedTeams[team.id] = team
        case .removeTeam(let id):
            storedTeams[id] = nil
            for key in teamKeyIDs[id]?.ids ?? [] where storedTeamKeys[key]?.team == id { storedTeamKeys[key] = nil }
            teamKeyIDs[id] = SortedKeys(file.teamKeys.filter { $0.team == id }.map(\.id))
        case .saveTeamKey(let key):
            storedTeamKeys[key.id] = key
            teamKeyIDs[key.team, default: SortedKeys([])].insert(key.id)
        case .saveUpstreamKey(let key):
            let known = storedUpstreamKeys[key.id]
            // This sealer sealed it, so it can be opened.
            let secret = known?.stored.sealedSecret == key.sealedSecret ? known?.secret : try? sealer.open(key)
            guard let secret else { preconditionFailure("a sealed secret of \(key.id) that cannot be opened") }
            storedUpstreamKeys[key.id] = OpenedUpstreamKey(stored: key, secret: secret)
        case .removeUpstreamKey(let id): storedUpstreamKeys[id] = nil
        case .saveRuling(let ruling): rulings[ruling.subject] = ruling
        case .removeRuling(let subject): rulings[subject] = nil
        // `RotationMemory` keeps receipts; the rings keep what replies said of a key.
        case .saveReceipt, .enableUpstreamKey: break
        }
    }

    /// The ruling on a key with this secret.
    func ruling(_ subject: KeyRuling.Subject, _ digest: Digest) -> KeyRuling? {
        rulings[subject].flatMap { $0.secretDigest == digest ? $0 : nil }
    }
}

extension MicroCredits {
    /// The nearest amount that a form accepts.
    fileprivate var bounded: MicroCredits { min(max(.zero, self), .maximum) }
}

extension Budget {
    /// The budget with the nearest limit that a form accepts.
    fileprivate var bounded: Budget {
        Budget(window: window, limit: limit.bounded, isEnforced: isEnforced, alertAtMillionths: alertAtMillionths)
    }
}
