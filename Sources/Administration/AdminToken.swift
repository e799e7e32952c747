public import Vocabulary

/// One credential of the admin side, which nobody keeps in clear. Immutable.
public struct AdminToken: Sendable, Equatable {
    /// Who holds it, as the audit log names them.
    public let name: String
    public let role: AdminRole
    /// SHA-256 of the token.
    public let digest: CacheKey

    public init(name: String, role: AdminRole, digest: CacheKey) {
        self.name = name
        self.role = role
        self.digest = digest
    }
}
