public import Budgeting
public import Vocabulary

/// A team's key as the file names it or the admin API made it. The secret itself is nowhere, only its digest.
public struct TeamKeyRecord: Sendable, Equatable {
    /// A secret that was replaced and is still good for a while.
    public struct RetiringSecret: Sendable, Equatable {
        public let digest: Digest
        /// From this moment on it is not valid any more.
        public let until: Timestamp

        public init(digest: Digest, until: Timestamp) {
            self.digest = digest
            self.until = until
        }
    }

    /// Unique over all teams; what was spent belongs to it, whatever its secret is.
    public let id: TeamKeyID
    public let team: TeamID
    /// What stands in the secret for people to know the key by; nil for keys of the file.
    public let publicID: String?
    /// For people; empty when nobody gave one.
    public var name: String
    /// SHA-256 of the secret.
    public var secretDigest: Digest
    /// Secrets that were replaced and are still good, newest first.
    public var retiring: [RetiringSecret]
    /// From this moment on the key is not valid any more; nil for no end.
    public var notAfter: Timestamp?
    public var budgets: [Budget]
    /// Nil for keys of the file.
    public let createdAt: Timestamp?
    /// When the secret was replaced last; nil when it never was.
    public var rotatedAt: Timestamp?
    /// When it was revoked; nil while it is not.
    public var revokedAt: Timestamp?

    public init(
        id: TeamKeyID,
        team: TeamID,
        publicID: String? = nil,
        name: String = "",
        secretDigest: Digest,
        retiring: [RetiringSecret] = [],
        notAfter: Timestamp? = nil,
        budgets: [Budget] = [],
        createdAt: Timestamp? = nil,
        rotatedAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.team = team
        self.publicID = publicID
        self.name = name
        self.secretDigest = secretDigest
        self.retiring = retiring
        self.notAfter = notAfter
        self.budgets = budgets
        self.createdAt = createdAt
        self.rotatedAt = rotatedAt
        self.revokedAt = revokedAt
    }
}

extension TeamKeyRecord {
    /// What a key is good for at a moment.
    public enum State: String, Sendable {
        case active
        case expired
        case revoked
    }

    public func state(at now: Timestamp) -> State {
        if revokedAt != nil { return .revoked }
        if let notAfter, now >= notAfter { return .expired }
        return .active
    }
}
