import Testing

@testable import Upstream

@Suite("IdleTime")
struct IdleTimeTests {
    @Test(
        "is the operator's, or what the vendor says less a margin",
        arguments: [
            (nil, 20_000), (120, 20_000), (21, 20_000), (20, 19_000), (5, 4_000), (2, 1_000), (1, 500), (0, 0),
            (.max, 20_000),
        ] as [(Int64?, Int)]
    )
    func idleTime(_ vendorsSeconds: Int64?, _ milliseconds: Int) {
        #expect(IdleTime.of(.seconds(20), vendorsSeconds: vendorsSeconds) == .milliseconds(milliseconds))
    }
}
