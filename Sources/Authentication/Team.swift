public import Vocabulary

/// Who asks and is billed: one team as the configuration of the moment has it. Immutable; replaced whole by a reload.
public final class Team: Sendable {
    public let id: TeamID
    /// For people; not unique.
    public let name: String
    /// The vendor account that the team's documents belong to.
    public let account: AccountID
    /// Whether the team has results of its own instead of sharing those of the organisation.
    public let cacheScopeIsTeam: Bool

    public init(id: TeamID, name: String, account: AccountID, cacheScopeIsTeam: Bool) {
        self.id = id
        self.name = name
        self.account = account
        self.cacheScopeIsTeam = cacheScopeIsTeam
    }
}

/// One key by which a team's programs ask. Immutable; the secret itself is not kept, only its digest.
public final class TeamKey: Sendable {
    public let id: KeyID
    public let team: Team
    /// SHA-256 of the secret: it has to be long and random, so a slow hash would protect nothing more.
    public let secretDigest: CacheKey
    /// From this moment on the key is not valid any more; nil for no end.
    public let notAfter: Timestamp?

    public init(id: KeyID, team: Team, secretDigest: CacheKey, notAfter: Timestamp?) {
        self.id = id
        self.team = team
        self.secretDigest = secretDigest
        self.notAfter = notAfter
    }

    /// Whether the key may be used at that moment.
    public func isValid(at now: Timestamp) -> Bool { now < notAfter ?? Timestamp(microseconds: .max) }
}
