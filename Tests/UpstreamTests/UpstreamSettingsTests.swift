import Testing

@testable import Upstream

@Suite("UpstreamSettings")
struct UpstreamSettingsTests {
    @Test(
        "the Host field has a port only when it is not the scheme's own, and brackets around IPv6; the dot of an absolute name is no part of it",
        arguments: [
            ("api.documentpro.ai", 443, true, "api.documentpro.ai"),
            ("api.documentpro.ai", 80, false, "api.documentpro.ai"),
            ("api.documentpro.ai", 80, true, "api.documentpro.ai:80"),
            ("api.documentpro.ai", 443, false, "api.documentpro.ai:443"),
            ("127.0.0.1", 8081, false, "127.0.0.1:8081"), ("::1", 443, true, "[::1]"),
            ("::1", 8443, true, "[::1]:8443"), ("api.documentpro.ai.", 443, true, "api.documentpro.ai"),
            ("localhost.", 8081, false, "localhost:8081"),
        ] as [(String, UInt16, Bool, String)]
    )
    func hostField(_ host: String, _ port: UInt16, _ isTLS: Bool, _ field: String) {
        #expect(settings(port: port, isTLS: isTLS, host: host).hostField == field)
    }
}
