import Testing

@testable import Configuration

@Suite("Reload of a configuration")
struct GatewayConfigurationReloadTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    @Test("four members need a restart: they are named and kept, the rest is taken")
    func restart() throws {
        let old = try bench.configuration(Samples.least)
        let new = try bench.configuration(Samples.unusual)
        let paths = ["listen.address", "listen.workers", "admin.address", "store.url"]
        #expect(new.changesNeedingRestart(from: old) == paths)
        #expect(old.changesNeedingRestart(from: new) == paths)
        let kept = new.keepingWhatNeedsRestart(of: old)
        #expect(kept.changesNeedingRestart(from: old) == [])
        #expect(kept.listen.address == old.listen.address && kept.listen.workers == old.listen.workers)
        #expect(kept.admin.address == old.admin.address && kept.store.url == old.store.url)
        var expected = new
        (expected.listen.address, expected.listen.workers) = (old.listen.address, old.listen.workers)
        (expected.admin.address, expected.store.url) = (old.admin.address, old.store.url)
        #expect(kept == expected)
    }

    @Test(
        "each is named for itself",
        arguments: [
            ("listen.address", #""127.0.0.1:8081""#), ("listen.workers", "1"), ("admin.address", #""127.0.0.1:0""#),
            ("store.url", #""sqlite:other.db""#),
        ]
    )
    func each(_ path: String, _ value: String) throws {
        let old = try bench.configuration(Samples.contract)
        let new = try bench.configuration(ConfigurationText(Samples.contract).replacing(path, by: value).text)
        #expect(new.changesNeedingRestart(from: old) == [path])
        #expect(new.keepingWhatNeedsRestart(of: old) == old)
    }

    @Test(
        "any other member takes effect without one",
        arguments: [
            ("listen.max_connections", "5"), ("listen.tls.client_ca_file", #""ca.pem""#),
            ("listen.drain_timeout", #""1s""#),
            ("admin.tokens[0].role", #""viewer""#), ("upstream.base_url", #""https://elsewhere""#),
            ("upstream.keys[0].secret", #"{"value": "another"}"#), ("cache.scope", #""team""#),
            ("teams[0].keys[0].secret", #"{"value": "another-key-1234"}"#), ("log.level", #""debug""#),
        ]
    )
    func others(_ path: String, _ value: String) throws {
        let old = try bench.configuration(Samples.contract)
        let new = try bench.configuration(ConfigurationText(Samples.contract).replacing(path, by: value).text)
        #expect(new != old)
        #expect(new.changesNeedingRestart(from: old) == [])
        #expect(new.keepingWhatNeedsRestart(of: old) == new)
    }
}
