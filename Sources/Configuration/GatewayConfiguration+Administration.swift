public import Administration
import Cryptography
import HTTPMessages

/// From the file's values to the settings of the admin side.
extension GatewayConfiguration {
    /// Who may do what there; of the tokens only the digests.
    public var adminSettings: AdminSettings {
        let hasher = SHA256Hasher()
        return AdminSettings(
            tokens: admin.tokens.map { token in
                AdminToken(name: token.name, role: token.role.role, digest: hasher.digest(token.secret.bytes))
            },
            headLimits: HeadLimits(headBytesMax: listen.headerBytesMax),
            headerTimeout: listen.headerTimeout,
            bodyTimeout: listen.bodyTimeout,
            idleTimeout: listen.idleTimeout
        )
    }
}

extension GatewayConfiguration.Token.Role {
    fileprivate var role: AdminRole {
        switch self {
        case .viewer: .viewer
        case .operator: .operator
        case .admin: .admin
        }
    }
}
