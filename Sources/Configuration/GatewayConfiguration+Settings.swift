import Authentication
import Budgeting
import Cryptography
public import Gateway
import HTTPMessages
import Keying
public import Transport
import Upstream
import Vocabulary

/// From the file's values to the settings of each room.
extension GatewayConfiguration {
    /// What the gateway's rooms need; loads certificates.
    ///
    /// - Throws: a certificate, key or CA file is not what it should be.
    public func gatewaySettings() throws(TLSConfigurationFault) -> GatewaySettings {
        let settings = upstreamSettings
        return GatewaySettings(
            headLimits: HeadLimits(headBytesMax: listen.headerBytesMax),
            bodyBytesMax: listen.bodyBytesMax,
            connectionsMax: listen.connectionsMax,
            headerTimeout: listen.headerTimeout,
            bodyTimeout: listen.bodyTimeout,
            idleTimeout: listen.idleTimeout,
            cache: cacheSettings,
            teams: teamDirectory,
            budgets: budgetPlan,
            budgetExceededStatus: budgets.exceededStatus,
            upstream: settings,
            upstreamKeys: upstreamKeys,
            upstreamTLS: settings.isTLS ? try TLSClientContext(caFile: upstream.caFile) : nil,
            listenerTLS: try listenerTLS(),
            logsAccess: log.access
        )
    }

    private var upstreamKeys: [UpstreamKey] {
        let hasher = SHA256Hasher()
        return upstream.keys.map { key in
            UpstreamKey(
                id: KeyID(rawValue: key.id),
                account: AccountID(rawValue: key.account),
                secret: key.secret.bytes,
                secretDigest: hasher.digest(key.secret.bytes),
                weight: key.weight,
                notBefore: key.notBefore,
                notAfter: key.notAfter
            )
        }
    }

    private func listenerTLS() throws(TLSConfigurationFault) -> TLSServerContext? {
        guard let tls = listen.tls else { return nil }
        return try TLSServerContext(
            certificateFile: tls.certificateFile,
            privateKeyFile: tls.privateKeyFile,
            clientCAFile: tls.clientCAFile
        )
    }

    private var cacheSettings: CacheSettings {
        CacheSettings(
            timeToLive: cache.ttl,
            staleIfError: cache.staleIfError,
            negativeTimeToLive: cache.negativeTTL,
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
            concurrencyMax: upstream.concurrencyMax,
            queueMax: upstream.queueMax,
            queueTimeout: upstream.queueTimeout,
            breaker: CircuitBreaker.Settings(
                failures: upstream.breakerFailures,
                window: upstream.breakerWindow,
                openFor: upstream.breakerOpenFor
            )
        )
    }

    /// The teams and the digests of their keys; the secrets themselves stay behind.
    private var teamDirectory: TeamDirectory {
        let hasher = SHA256Hasher()
        var all: [Team] = []
        var keys: [TeamKey] = []
        for entry in teams {
            let team = Team(
                id: TeamID(rawValue: entry.id),
                name: entry.name,
                account: AccountID(rawValue: entry.account),
                cacheScopeIsTeam: (entry.cacheScope ?? cache.scope) == .team,
                limits: TeamLimits(
                    requestsPerSecondMillionths: entry.requestsPerSecondMillionths,
                    concurrencyMax: entry.concurrencyMax,
                    models: entry.models.map { Set($0) }
                )
            )
            all.append(team)
            for key in entry.keys {
                keys.append(
                    TeamKey(
                        id: KeyID(rawValue: key.id),
                        team: team,
                        secretDigest: hasher.digest(key.secret.bytes),
                        notAfter: key.notAfter
                    )
                )
            }
        }
        return TeamDirectory(teams: all, keys: keys)
    }

    private var budgetPlan: BudgetPlan {
        var plan = BudgetPlan(
            timeZone: budgets.timeZone,
            organization: budgets.organization.map(\.budget),
            creditsPerPage: upstream.creditsPerPage,
            assumedPages: upstream.assumedPages
        )
        for team in teams {
            plan.teams[TeamID(rawValue: team.id)] = team.budgets.map(\.budget)
            for key in team.keys { plan.keys[KeyID(rawValue: key.id)] = key.budgets.map(\.budget) }
        }
        for key in upstream.keys { plan.upstreamKeys[KeyID(rawValue: key.id)] = key.monthlyCredits }
        return plan
    }

    /// How long the store keeps results: as long as anything may still be served from them.
    public var resultRetention: Duration { cache.ttl + cache.staleIfError }

    /// The path in `store.url`; nil for a store that is no SQLite file.
    public var sqlitePath: String? { store.url.hasPrefix("sqlite:") ? String(store.url.dropFirst(7)) : nil }
}

extension GatewayConfiguration.BudgetEntry {
    fileprivate var budget: Budget {
        let window: BudgetWindow =
            switch self.window {
            case .day: .day
            case .week: .week
            case .month: .month
            case .total: .total
            }
        return Budget(window: window, limit: credits, isEnforced: isEnforced)
    }
}
