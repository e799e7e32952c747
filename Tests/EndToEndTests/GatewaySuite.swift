import TestSupport
import Testing

/// Gives the tests of a suite one gateway in front of one simulated vendor: started before the first test, stopped with
/// SIGTERM after the last. Its end and its output are checked, too.
struct GatewaySuite: SuiteTrait, TestScoping {
    @TaskLocal static var gateway: Gateway?

    let configuration: JSON
    var isRecursive: Bool { false }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let gateway = try Gateway(configuration)
        try await Self.$gateway.withValue(gateway) { try await function() }
        try expectCleanEnd(of: gateway)
    }
}

extension Trait where Self == GatewaySuite {
    /// One gateway for the whole suite, with `configuration` merged over the base one.
    static func gateway(_ configuration: JSON = [:]) -> GatewaySuite { GatewaySuite(configuration: configuration) }
}

/// The gateway of the suite around the running test.
func suiteGateway() throws -> Gateway {
    try #require(GatewaySuite.gateway, "the suite lacks the .gateway trait")
}

/// A gateway for one test only, stopped and checked at the end.
func withGateway(_ configuration: JSON = [:], vendor: VendorSim? = nil, _ body: (Gateway) throws -> Void) throws {
    let gateway = try Gateway(configuration, vendor: vendor)
    try body(gateway)
    try expectCleanEnd(of: gateway)
}

func expectCleanEnd(of gateway: Gateway, sourceLocation: SourceLocation = #_sourceLocation) throws {
    if let complaint = try gateway.stop() {
        Issue.record("\(complaint)", sourceLocation: sourceLocation)
    }
}

/// Expects an error in the vendor's shape, with this status and code.
func expectError(
    _ response: TestResponse,
    _ status: Int,
    _ code: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(response.status == status, "\(response.text)", sourceLocation: sourceLocation)
    #expect(response.code == code, "\(response.text)", sourceLocation: sourceLocation)
    #expect(response.json["success"].bool == false, sourceLocation: sourceLocation)
    #expect(response.json["message"].string?.isEmpty == false, sourceLocation: sourceLocation)
}

/// Expects a 200 that this request paid for and that was stored.
func expectStoredMiss(_ response: TestResponse, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(response.status == 200, "\(response.text)", sourceLocation: sourceLocation)
    #expect(response["cache-status"] == "tollgate; fwd=miss; fwd-status=200; stored", sourceLocation: sourceLocation)
}

/// Expects a 200 from the cache.
func expectHit(_ response: TestResponse, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(response.status == 200, "\(response.text)", sourceLocation: sourceLocation)
    #expect(
        response["cache-status"]?.hasPrefix("tollgate; hit; ttl=") == true,
        "\(response["cache-status"] ?? "no Cache-Status")",
        sourceLocation: sourceLocation
    )
}
