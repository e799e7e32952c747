import Authentication
import Budgeting
import Cryptography
import Forms
import JSON
import UpstreamKeys
import Vocabulary

@testable import Registry

/// Sample teams and keys.
enum Samples {
    static let now = Timestamp(seconds: 1_700_000_000)
    static let master = SealingKey(bytes: [UInt8](repeating: 7, count: 32))!
    static let sealer = SecretSealer(master: master)

    static func digest(_ text: String) -> Digest { SHA256Hasher().digest(Array(text.utf8)) }

    static func team(_ id: String, budgets: [Budget] = []) -> TeamRecord {
        TeamRecord(id: TeamID(rawValue: id), name: id, account: AccountID(rawValue: "default"), budgets: budgets)
    }

    static func fileKey(_ id: String, of team: String, secret: String) -> TeamKeyRecord {
        TeamKeyRecord(id: TeamKeyID(rawValue: id), team: TeamID(rawValue: team), secretDigest: digest(secret))
    }

    static func upstreamKey(_ id: String, secret: String, account: String = "default") -> UpstreamKeyEntry {
        let key = UpstreamKey(
            id: UpstreamKeyID(rawValue: id),
            account: AccountID(rawValue: account),
            secret: Array(secret.utf8),
            secretDigest: digest(secret)
        )
        return UpstreamKeyEntry(key: key, monthlyCredits: nil)
    }

    /// A file with one team, its key and one upstream key.
    static func file(keySecret: String = "file-key-secret-1", vendorSecret: String = "vendor-secret-1") -> FileRegistry
    {
        FileRegistry(
            teams: [team("filed", budgets: [Budget(window: .day, limit: MicroCredits(micros: 5), isEnforced: true)])],
            teamKeys: [fileKey("filed-key", of: "filed", secret: keySecret)],
            upstreamKeys: [upstreamKey("primary", secret: vendorSecret)]
        )
    }

    static func registry(_ file: FileRegistry = file(), _ rows: RegistryRows = RegistryRows()) throws -> Registry {
        try Registry(file: file, rows: rows, sealer: sealer)
    }

    static func secret(_ number: Int, publicID: String? = nil) -> TeamKeySecret {
        TeamKeySecret(
            publicID: publicID ?? "public\(number)",
            text: "tg_\(publicID ?? "public\(number)")_secret-\(number)"
        )
    }
}

extension TeamID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(rawValue: value) }
}

extension TeamKeyID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(rawValue: value) }
}

extension UpstreamKeyID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(rawValue: value) }
}

extension AccountID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(rawValue: value) }
}

extension Registry {
    /// Makes a change as its keeper would.
    @discardableResult
    mutating func make(_ change: RegistryChange) -> RegistryChange {
        for write in change.writes { apply(write) }
        return change
    }

    mutating func issue(
        _ id: TeamKeyID?,
        for team: TeamID,
        _ secret: TeamKeySecret,
        notAfter: Timestamp? = nil,
        budgets: [Budget] = [],
        at now: Timestamp = Samples.now
    ) throws -> TeamKeyID {
        let change = try issuing(
            id,
            for: team,
            name: "",
            notAfter: notAfter,
            budgets: budgets,
            secret: secret,
            at: now
        )
        make(change)
        return id ?? TeamKeyID(rawValue: secret.publicID)
    }

    mutating func rotate(_ id: TeamKeyID, of team: TeamID, _ secret: TeamKeySecret, grace: Duration, at now: Timestamp)
        throws
    {
        make(try rotating(id, of: team, grace: grace, secret: secret, at: now))
    }

    mutating func revoke(_ id: TeamKeyID, of team: TeamID, at now: Timestamp = Samples.now) throws {
        if let change = try revoking(id, of: team, at: now) { make(change) }
    }

    /// The key that this secret belongs to.
    func holder(of secret: String, at now: Timestamp = Samples.now) -> TeamKeyID? {
        directory().find(secretDigest: Samples.digest(secret), at: now)?.id
    }
}

/// The content of the store after these steps.
struct StoreModel {
    private(set) var rows = RegistryRows()

    mutating func apply(_ write: RegistryWrite) {
        switch write {
        case .saveTeam(let team):
            rows.teams.removeAll { $0.id == team.id }
            rows.teams.append(team)
        case .removeTeam(let id):
            rows.teams.removeAll { $0.id == id }
            rows.teamKeys.removeAll { $0.team == id }
        case .saveTeamKey(let key):
            rows.teamKeys.removeAll { $0.id == key.id }
            rows.teamKeys.append(key)
        case .saveUpstreamKey(let key):
            rows.upstreamKeys.removeAll { $0.id == key.id }
            rows.upstreamKeys.append(key)
        case .removeUpstreamKey(let id): rows.upstreamKeys.removeAll { $0.id == id }
        case .saveRuling(let ruling):
            rows.rulings.removeAll { $0.subject == ruling.subject }
            rows.rulings.append(ruling)
        case .removeRuling(let subject): rows.rulings.removeAll { $0.subject == subject }
        case .saveReceipt(let receipt, _): rows.receipts.append(receipt)
        case .enableUpstreamKey: break
        }
    }
}
