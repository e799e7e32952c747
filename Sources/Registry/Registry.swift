import Authentication
import Budgeting
import Vocabulary

// Which teams, team keys and vendor's keys there are, and who may change them. Some are named in the configuration file,
// others were made through the admin API and live in the store. What holds, always:
//
// R1. What the file names belongs to the file: no change but a ruling on a key (`docs/api.md` §6). Where file and store
//     know the same identifier the file's counts, and the store's has no effect for as long as it does.
// R2. A change is decided first, from what is there, and gives steps (`RegistryWrite`). The same steps are made durable
//     in the store and then done here, so that what is in memory is what the next start finds.
// R3. An identifier keeps what was spent: rotation, another name or another budget never makes a new one.
// R4. No secret of a team's key is here, only digests; the vendor's secrets are, since they have to be sent.
// R5. A ruling is on a key with a secret. It is gone for good when the file, or a rotation, gives the key another one.
//
// Changes are made one after the other by whoever has the registry; it has neither lock nor clock.

/// The teams and keys of the moment. Pure; confined to the one who keeps it.
public struct Registry: Sendable {
    /// A vendor's key of the store, with its secret opened.
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
    /// The keys of each team, of the file and of the store, in order: a page of them is found without sorting them all.
    var teamKeyIDs: [TeamID: SortedKeys] = [:]
    let sealer: SecretSealer

    /// - Parameter sealer: opens the vendor's secrets that the store has, and seals new ones.
    /// - Throws: the secrets in the store cannot be opened.
    public init(file: FileRegistry, rows: RegistryRows, sealer: SecretSealer) throws(SealerFault) {
        self.sealer = sealer
        // A store that somebody edited by hand may hold numbers that no form takes, with which nobody reckons.
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

    /// The steps that seal anew what is sealed under the master key of before.
    public func resealing() -> [RegistryWrite] {
        storedUpstreamKeys.values.filter { sealer.isOutdated($0.stored.sealedSecret) }.compactMap { opened in
            var key = opened.stored
            guard let sealed = sealer.seal(opened.secret, .upstreamKey(key.id)) else { return nil }
            key.sealedSecret = sealed
            return .saveUpstreamKey(key)
        }
    }

    // MARK: Changing

    /// The steps that follow from another file: rulings on keys that have another secret in it (R5).
    public func following(_ file: FileRegistry) -> [RegistryWrite] {
        let team = file.teamKeys.map { (KeyRuling.Subject.teamKey($0.id), $0.secretDigest) }
        let upstream = file.upstreamKeys.map { (KeyRuling.Subject.upstreamKey($0.key.id), $0.key.secretDigest) }
        return (team + upstream).compactMap { subject, digest in
            guard let ruling = rulings[subject], ruling.secretDigest != digest else { return nil }
            return .removeRuling(subject)
        }
    }

    /// Takes what another file says into use.
    public mutating func replace(file: FileRegistry) {
        self.file = file
        fileTeams = Dictionary(uniqueKeysWithValues: file.teams.map { ($0.id, $0) })
        fileTeamKeys = Dictionary(uniqueKeysWithValues: file.teamKeys.map { ($0.id, $0) })
        fileUpstreamKeys = Dictionary(uniqueKeysWithValues: file.upstreamKeys.map { ($0.key.id, $0) })
        let keys = Array(storedTeamKeys.values) + file.teamKeys
        teamKeyIDs = Dictionary(grouping: keys, by: \.team).mapValues { SortedKeys($0.map(\.id)) }
    }

    /// Does one step, which is durable in the store (R2).
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
            // What is sealed here was sealed with this sealer, so that it can be opened.
            let secret = known?.stored.sealedSecret == key.sealedSecret ? known?.secret : try? sealer.open(key)
            guard let secret else { preconditionFailure("a sealed secret of \(key.id) that cannot be opened") }
            storedUpstreamKeys[key.id] = OpenedUpstreamKey(stored: key, secret: secret)
        case .removeUpstreamKey(let id): storedUpstreamKeys[id] = nil
        case .saveRuling(let ruling): rulings[ruling.subject] = ruling
        case .removeRuling(let subject): rulings[subject] = nil
        // Receipts are kept by `RotationMemory`, and what replies said by the rings.
        case .saveReceipt, .enableUpstreamKey: break
        }
    }

    /// What an operator has decided about a key with this secret.
    func ruling(_ subject: KeyRuling.Subject, _ digest: Digest) -> KeyRuling? {
        rulings[subject].flatMap { $0.secretDigest == digest ? $0 : nil }
    }
}

extension MicroCredits {
    /// The nearest amount that a form takes.
    fileprivate var bounded: MicroCredits { min(max(.zero, self), .maximum) }
}

extension Budget {
    /// The budget with the nearest limit that a form takes.
    fileprivate var bounded: Budget {
        Budget(window: window, limit: limit.bounded, isEnforced: isEnforced, alertAtMillionths: alertAtMillionths)
    }
}
