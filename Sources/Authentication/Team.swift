public import Vocabulary

/// Who asks and is billed: one team, as the current configuration has it. Immutable; replaced whole by a reload.
public final class Team: Sendable {
    public let id: TeamID
    /// For people; not unique.
    public let name: String
    /// The vendor account that the team's documents belong to.
    public let account: AccountID
    /// Whether the team has results of its own instead of sharing those of the organization.
    public let cacheScopeIsTeam: Bool
    /// How much the team may ask, apart from what it costs.
    public let limits: TeamLimits

    public init(
        id: TeamID,
        name: String,
        account: AccountID,
        cacheScopeIsTeam: Bool,
        limits: TeamLimits = TeamLimits()
    ) {
        self.id = id
        self.name = name
        self.account = account
        self.cacheScopeIsTeam = cacheScopeIsTeam
        self.limits = limits
    }

    /// Whether the team may ask this model.
    public func mayUse(model: String) -> Bool { limits.models?.contains(model) ?? true }
}

/// What a team may ask for; nil where there is no limit.
public struct TeamLimits: Sendable, Equatable {
    /// Requests per second, in millionths; above zero.
    public var requestsPerSecondMillionths: Int64?
    /// Requests that wait for an answer at one moment; at least 1.
    public var concurrencyMax: Int?
    public var models: Set<String>?

    public init(requestsPerSecondMillionths: Int64? = nil, concurrencyMax: Int? = nil, models: Set<String>? = nil) {
        self.requestsPerSecondMillionths = requestsPerSecondMillionths
        self.concurrencyMax = concurrencyMax
        self.models = models
    }
}

/// One key by which a team's programs ask. Immutable; the secret itself is not kept, only its digest.
public final class TeamKey: Sendable {
    public let id: TeamKeyID
    public let team: Team
    /// SHA-256 of the secret: it has to be long and random, so a slow hash would protect nothing more.
    public let secretDigest: Digest
    /// The key is no longer valid from this moment on; nil for no end.
    public let notAfter: Timestamp?

    public init(id: TeamKeyID, team: Team, secretDigest: Digest, notAfter: Timestamp?) {
        self.id = id
        self.team = team
        self.secretDigest = secretDigest
        self.notAfter = notAfter
    }

    /// Whether the key may be used at that moment.
    public func isValid(at now: Timestamp) -> Bool { now < notAfter ?? Timestamp(microseconds: .max) }
}
