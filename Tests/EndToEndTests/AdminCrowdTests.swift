import TestSupport
import Testing

/// `docs/faults.md` §2, on the admin side: connections without a token do not lock out one that has a token.
@Suite("Strangers at the admin side", .serialized)
struct AdminCrowdTests {
    private static let count = 1_000

    /// What a client without a token sends before it waits.
    private static let openings = [
        "", "\r\n", "GET /admin/v1/te",
        "GET /admin/v1/teams HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong-token\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]

    @Test("an operator is answered while a thousand idle strangers are connected", arguments: openings)
    func crowd(opening: String) throws {
        try withGateway { gateway in
            var strangers: [RawConnection] = []
            for _ in 0..<Self.count {
                let stranger = try RawConnection(port: gateway.adminPort)
                if !opening.isEmpty { try stranger.sendWhatIsTaken(Array(opening.utf8)) }
                strangers.append(stranger)
            }
            #expect(try gateway.admin("GET", "/teams").status == 200)
            // Also a connection that was open before them and shows its token now and then.
            let kept = try RawConnection(port: gateway.adminPort)
            let fields = [("Authorization", "Bearer \(Gateway.operatorToken)")]
            for _ in 0..<2 {
                try kept.send(TestRequest("GET", "/admin/v1/status", fields: fields).bytes)
                #expect(try kept.response().status == 200)
                for _ in 0..<Self.count { strangers.append(try RawConnection(port: gateway.adminPort)) }
                strangers.removeFirst(Self.count)
            }
            #expect(try gateway.classify(SampleRequests.vendors).status == 200)
        }
    }
}
