public import Budgeting
public import Vocabulary

/// A team's key from the file or the admin API. The secret itself is not kept anywhere, only its digest.
public struct TeamKeyRecord: Sendable, Equatable {
    /// A replaced secret in its grace period.
    public struct RetiringSecret: Sendable, Equatable {
        public let digest: Digest
        /// The time from which it is no longer valid.
        public let until: Timestamp

        public init(digest: Digest, until: Timestamp) {
            self.digest = digest
            self.until = until
        }
    }

    /// Unique over all teams. Spend belongs to it, whatever its secret is.
    public let id: TeamKeyID
    public let team: TeamID
    /// The part of the secret by which people recognize the key; nil for keys of the file.
    public let publicID: String?
    /// For people; empty when none was given.
    public var name: String
    /// SHA-256 of the secret.
    public var secretDigest: Digest
    /// Replaced secrets in their grace period, newest first.
    public var retiring: [RetiringSecret]
    /// The time from which the key is no longer valid; nil for no end.
    public var notAfter: Timestamp?
    public var budgets: [Budget]
    /// Nil for keys of the file.
    public let createdAt: Timestamp?
    /// The time of the last rotation; nil if there was none.
    public var rotatedAt: Timestamp?
    /// The time of revocation; nil while it is not revoked.
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
    /// The validity of a key at a given time.
    public enum State: String, Sendable, CaseIterable {
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
