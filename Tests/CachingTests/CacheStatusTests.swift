import Caching
import HTTPMessages
import Testing

@Suite("Cache-Status")
struct CacheStatusTests {
    @Test(
        "each outcome has its text, RFC 9211",
        arguments: [
            (.hit(ttlSeconds: 2_591_990), "tollgate; hit; ttl=2591990"),
            (.hitStale(ttlSeconds: -30), "tollgate; hit; ttl=-30; detail=stale"),
            (
                .forward(fwd: .miss, status: 200, stored: true, collapsed: false),
                "tollgate; fwd=miss; fwd-status=200; stored"
            ),
            (
                .forward(fwd: .miss, status: 200, stored: true, collapsed: true),
                "tollgate; fwd=miss; fwd-status=200; stored; collapsed"
            ),
            (
                .forward(fwd: .request, status: 200, stored: false, collapsed: false),
                "tollgate; fwd=request; fwd-status=200"
            ),
            (
                .forward(fwd: .stale, status: nil, stored: false, collapsed: false),
                "tollgate; fwd=stale"
            ),
            (.detail("budget_exceeded"), "tollgate; detail=budget_exceeded"),
            (.detail("no \"token\" \\ \r\né"), "tollgate; detail=\"no \\\"token\\\" \\\\ \""),
            (.detail("9lives"), "tollgate; detail=\"9lives\""),
            (.detail(""), "tollgate; detail=\"\""),
        ] as [(CacheStatus, String)]
    )
    func texts(_ status: CacheStatus, _ text: String) {
        var writer = HeadWriter(capacity: 100)
        status.write(into: &writer)
        #expect(String(decoding: writer.bytes, as: UTF8.self).lowercased() == "cache-status: \(text)\r\n")
    }
}
