import Cryptography
import Gateway
import Testing
import Upstream
import UpstreamKeys
import Vocabulary

@testable import Configuration

@Suite("From a configuration to the settings of the rooms")
struct GatewayConfigurationSettingsTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    @Test("every value reaches the setting that it is for")
    func values() throws {
        let settings = try bench.configuration(Samples.unusual).ownSettings()
        #expect(settings.bodyBytesMax == 2 << 20 && settings.connectionsMax == 20_001)
        #expect(settings.headLimits.headBytesMax == 17 << 10)
        #expect(settings.headerTimeout == .seconds(11) && settings.bodyTimeout == .seconds(31))
        #expect(settings.idleTimeout == .seconds(76) && !settings.logsAccess)
        let passed = PassthroughSettings(
            isEnabled: false,
            prefixes: ["/v2/"],
            bodyBytesMax: 1 << 30,
            spending: [PassthroughSettings.SpendingRoute(method: "PUT", path: "/v2/x")]
        )
        #expect(settings.passthrough == passed)
        #expect(
            settings.cache
                == CacheSettings(
                    timeToLive: .seconds(86_400),
                    staleIfError: .seconds(60),
                    negativeTimeToLive: .seconds(2),
                    classifierTimeToLive: .seconds(3),
                    schemaOrder: .significant,
                    hitsReportZeroCredits: true,
                    memoryBytesMax: 65_536
                )
        )
        #expect(
            settings.upstream
                == UpstreamSettings(
                    isTLS: false,
                    host: "127.0.0.1",
                    port: 8081,
                    pathPrefix: "/api",
                    connectTimeout: .milliseconds(250),
                    responseTimeout: .seconds(120),
                    idleTimeout: .seconds(21),
                    responseBytesMax: 9 << 20,
                    gate: UpstreamGate.Limits(
                        concurrencyMax: 65,
                        queueMax: 0,
                        breaker: CircuitBreaker.Settings(failures: 6, window: .seconds(12), openFor: .seconds(7))
                    ),
                    queueTimeout: .seconds(3_600)
                )
        )
        #expect(settings.upstreamKeys.map(\.id.rawValue) == ["first", "second"])
        #expect(settings.upstreamKeys.map(\.account.rawValue) == ["berlin", "zurich"])
        #expect(settings.upstreamKeys.map(\.weight) == [7, 1])
        #expect(settings.upstreamKeys[0].notBefore == Timestamp(rfc3339: "2026-02-03T04:05:06Z"))
        #expect(settings.upstreamKeys[0].notAfter == Timestamp(rfc3339: "2026-02-03T04:05:07Z"))
        #expect(settings.upstreamKeys[1].notBefore == nil && settings.upstreamKeys[1].notAfter == nil)
        #expect(settings.upstreamKeys[0].secretDigest == SHA256Hasher().digest(Array(Secrets.upstreamKey.utf8)))
        #expect(settings.upstreamTLS == nil && settings.listenerTLS == nil)
    }

    @Test("the other choices reach their settings too")
    func otherChoices() throws {
        let text = try ConfigurationText(Samples.unusual).replacing("cache", by: "{}").replacing("log", by: "{}").text
        let settings = try bench.configuration(text).ownSettings()
        #expect(settings.cache.schemaOrder == .insignificant && !settings.cache.hitsReportZeroCredits)
        #expect(settings.logsAccess)
    }

    @Test("a team's key is found by the digest of its secret, until it is not valid any more")
    func teams() throws {
        let settings = try bench.configuration(Samples.unusual).ownSettings()
        #expect(settings.teams.teams.map(\.id.rawValue) == ["legal", "sales"])
        // A team's own scope comes before that of the cache.
        #expect(settings.teams.teams.map(\.cacheScopeIsTeam) == [false, true])
        #expect(settings.teams.teams.map(\.account.rawValue) == ["zurich", "berlin"])
        let hasher = SHA256Hasher()
        let end = try #require(Timestamp(rfc3339: "2028-01-01T00:00:00Z"))
        let before = Timestamp(microseconds: end.microseconds - 1)
        let digest = hasher.digest(Array(Secrets.teamKey.utf8))
        let key = settings.teams.find(secretDigest: digest, at: before)
        #expect(key?.id.rawValue == "legal-1" && key?.team.id.rawValue == "legal")
        #expect(settings.teams.find(secretDigest: digest, at: end) == nil)
        let second = hasher.digest(Array("another-key-of-legal".utf8))
        #expect(settings.teams.find(secretDigest: second, at: end)?.id.rawValue == "legal-2")
        #expect(settings.teams.find(secretDigest: hasher.digest(Array(Secrets.adminToken.utf8)), at: before) == nil)
    }

    @Test("results are kept for as long as they may be served, and the store's path stands behind its scheme")
    func store() throws {
        let read = try bench.configuration(Samples.unusual)
        #expect(read.resultRetention == .seconds(86_460))
        #expect(read.classifierRetention == .seconds(63))
        #expect(read.store.url == "sqlite:/var/lib/other.db")
        #expect(try bench.configuration(Samples.least).store.url == "sqlite:tollgate.db")
    }

    @Test("certificates and authorities become contexts, where there are any")
    func certificates() throws {
        let settings = try bench.configuration(Samples.contract).ownSettings()
        #expect(settings.listenerTLS != nil && settings.upstreamTLS != nil)
        let unusual = try bench.configuration(Samples.unusual).ownSettings()
        #expect(unusual.listenerTLS == nil && unusual.upstreamTLS == nil)
    }
}
