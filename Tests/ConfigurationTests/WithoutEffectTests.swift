import Testing

@testable import Configuration

@Suite("Members without effect")
struct WithoutEffectTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    @Test("what is validated and does nothing yet is told, a line for each member that is set")
    func unusual() throws {
        let lines = try bench.configuration(Samples.unusual).withoutEffectYet
        #expect(
            lines
                == ["store.stale_for"].map { "\($0): has no effect yet" }
        )
    }

    @Test("what has an effect, or is not set, is not told")
    func silent() throws {
        #expect(try bench.configuration(Samples.least).withoutEffectYet == [])
        let text = """
            {"listen": {"workers": 2, "max_connections": 5},
             "upstream": {"base_url": "https://h", "max_queue": 5, "circuit_breaker": {"failures": 2},
                          "keys": [{"id": "k", "account": "a", "secret": {"env": "DOCUMENTPRO_API_KEY"}, "weight": 2,
                                    "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"},
                                   {"id": "l", "account": "a", "secret": {"value": "second-key-of-the-vendor"}}]},
             "cache": {"ttl": "1h", "scope": "team", "stale_if_error": "1h", "negative_ttl": "1s"},
             "store": {"url": "sqlite:t.db", "ledger_retention": "90d"},
             "teams": [{"id": "t", "account": "a", "cache_scope": "team",
                        "keys": [{"id": "k", "secret": {"env": "AP_BATCH_KEY"}, "not_after": "2027-01-01T00:00:00Z"}]}],
             "log": {"level": "debug"}}
            """
        #expect(try bench.configuration(text).withoutEffectYet == [])
    }
}
