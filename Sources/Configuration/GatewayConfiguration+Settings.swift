import Budgeting
import Cryptography
public import Gateway
import HTTPMessages
import JSON
public import Registry
public import Transport
import Upstream
import UpstreamKeys
import Vocabulary

/// From the file's values to the settings of each room.
extension GatewayConfiguration {
    /// What the gateway's rooms need.
    ///
    /// - Parameter registry: with this file's teams and keys, and those of the store.
    /// - Throws: a certificate, key or CA file is not what it should be.
    public func gatewaySettings(_ registry: Registry) throws(TLSConfigurationFault) -> GatewaySettings {
        let settings = upstreamSettings
        return GatewaySettings(
            headLimits: HeadLimits(headBytesMax: listen.headerBytesMax),
            bodyBytesMax: listen.bodyBytesMax,
            passthrough: passthroughSettings,
            connectionsMax: listen.connectionsMax,
            headerTimeout: listen.headerTimeout,
            bodyTimeout: listen.bodyTimeout,
            idleTimeout: listen.idleTimeout,
            cache: cacheSettings,
            teams: registry.directory(),
            budgets: registry.budgetPlan(budgetPlan),
            budgetExceededStatus: budgets.exceededStatus,
            upstream: settings,
            upstreamKeys: registry.upstreamKeys,
            upstreamTLS: settings.isTLS ? try TLSClientContext(authorities: upstream.authorities) : nil,
            listenerTLS: try listen.tls?.context(),
            logsAccess: log.access,
            accessSample: log.accessSample,
            adminTokenDigests: Set(adminTokens.map(\.digest))
        )
    }

    private var passthroughSettings: PassthroughSettings {
        PassthroughSettings(
            isEnabled: passthrough.isEnabled,
            prefixes: passthrough.prefixes,
            bodyBytesMax: passthrough.bodyBytesMax,
            spending: passthrough.spending.map { PassthroughSettings.SpendingRoute(method: $0.method, path: $0.path) }
        )
    }

    private var cacheSettings: CacheSettings {
        CacheSettings(
            timeToLive: cache.ttl,
            staleIfError: cache.staleIfError,
            negativeTimeToLive: cache.negativeTTL,
            classifierTimeToLive: cache.classifierTTL,
            schemaOrder: cache.schemaOrder == .significant ? .significant : .insignificant,
            hitsReportZeroCredits: cache.hitCreditsUsed == .zero,
            memoryBytesMax: cache.memoryBytesMax
        )
    }

    private var upstreamSettings: UpstreamSettings {
        guard let url = upstream.baseURL else {
            preconditionFailure("a configuration is read with an address or refused")
        }
        return UpstreamSettings(
            isTLS: url.isTLS,
            host: url.host,
            port: url.port,
            pathPrefix: url.pathPrefix,
            connectTimeout: upstream.connectTimeout,
            responseTimeout: upstream.responseTimeout,
            idleTimeout: upstream.idleTimeout,
            responseBytesMax: upstream.responseBytesMax,
            gate: UpstreamGate.Limits(
                concurrencyMax: upstream.concurrencyMax,
                queueMax: upstream.queueMax,
                breaker: CircuitBreaker.Settings(
                    failures: upstream.breakerFailures,
                    window: upstream.breakerWindow,
                    openFor: upstream.breakerOpenFor
                )
            ),
            queueTimeout: upstream.queueTimeout
        )
    }

    /// The teams and keys that the file names; of teams' secrets the digests only.
    public var fileRegistry: FileRegistry {
        let hasher = SHA256Hasher()
        return FileRegistry(
            teams: teams.map(\.record),
            teamKeys: teams.flatMap { team in
                team.keys.map { key in
                    TeamKeyRecord(
                        id: TeamKeyID(rawValue: key.id),
                        team: team.record.id,
                        secretDigest: hasher.digest(key.secret.bytes),
                        notAfter: key.notAfter,
                        budgets: key.budgets
                    )
                }
            },
            upstreamKeys: upstream.keys.map { $0.entry(hasher) },
            cacheScope: cache.scope
        )
    }

    /// What the file says of credits beside the budgets of teams and keys.
    private var budgetPlan: BudgetPlan {
        BudgetPlan(
            timeZone: budgets.timeZone,
            organization: budgets.organization,
            creditsPerPage: upstream.creditsPerPage,
            assumedPages: upstream.assumedPages
        )
    }

    /// How long the store keeps results: as long as anything may still be served from them.
    public var resultRetention: Duration { cache.ttl + cache.staleIfError }

    /// The same for results of saved classifiers.
    public var classifierRetention: Duration { cache.classifierTTL + cache.staleIfError }
}

extension GatewayConfiguration.TLS {
    func context() throws(TLSConfigurationFault) -> TLSServerContext {
        try TLSServerContext(certificate: certificate, privateKey: privateKey, clientAuthorities: clientAuthorities)
    }
}

extension GatewayConfiguration.UpstreamKeyEntry {
    fileprivate func entry(_ hasher: SHA256Hasher) -> UpstreamKeyEntry {
        let key = UpstreamKey(
            id: UpstreamKeyID(rawValue: id),
            account: AccountID(rawValue: account),
            secret: secret.bytes,
            secretDigest: hasher.digest(secret.bytes),
            weight: terms.weight,
            notBefore: terms.notBefore,
            notAfter: terms.notAfter
        )
        return UpstreamKeyEntry(key: key, monthlyCredits: terms.monthlyCredits)
    }
}
