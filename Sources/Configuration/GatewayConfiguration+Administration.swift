public import Administration
public import Alerting
import Cryptography
import Forms
import HTTPMessages
public import Transport

/// From the file's values to the settings of the admin side.
extension GatewayConfiguration {
    /// Who may do what there; of the tokens only the digests.
    ///
    /// - Throws: a certificate, key or CA file is not what it should be.
    public func adminSettings() throws(TLSConfigurationFault) -> AdminSettings {
        AdminSettings(
            tokens: adminTokens,
            tls: try admin.tls?.context(),
            hosts: AdminHosts(further: admin.hosts + [admin.address.host]),
            headLimits: HeadLimits(headBytesMax: listen.headerBytesMax),
            headerTimeout: listen.headerTimeout,
            bodyTimeout: listen.bodyTimeout,
            idleTimeout: listen.idleTimeout
        )
    }

    var adminTokens: [AdminToken] {
        let hasher = SHA256Hasher()
        return admin.tokens.map { token in
            AdminToken(name: token.name, role: token.role.role, digest: hasher.digest(token.secret.bytes))
        }
    }
}

/// From the file's values to the settings of the alerts.
extension GatewayConfiguration {
    /// Nil when there is no webhook.
    public var alertSettings: AlertSettings? {
        guard let alerts, let receiver = alerts.receiver else { return nil }
        return AlertSettings(
            receiver: receiver,
            secret: alerts.secret.bytes,
            expiryNotice: alerts.expiryNotice,
            unconfirmedShare: alerts.unconfirmedShare,
            driftShare: alerts.driftShare
        )
    }
}

extension GatewayConfiguration.Alerts {
    /// `docs/settings.md` §10: https, or http to loopback. Unlike the vendor's address it may have a query. Nil for any
    /// other.
    var receiver: AlertSettings.Receiver? {
        let address = webhookURL.prefix { $0 != "?" }
        guard webhookURL.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }),
            webhookURL.utf8.count <= FormLimits.addressCharacters, let url = try? BaseURL(parsing: String(address)),
            url.isTLS || url.isLoopback
        else { return nil }
        // The path as it stands: one that ends with a slash is another one.
        let start = address.firstIndex(of: ":").flatMap { address[$0...].dropFirst(3).firstIndex(of: "/") }
        let target = start.map { String(webhookURL[$0...]) } ?? "/" + webhookURL[address.endIndex...]
        return AlertSettings.Receiver(
            isTLS: url.isTLS,
            host: url.host,
            port: url.port,
            authority: url.authority,
            target: target
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
