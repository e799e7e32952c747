import TestSupport
import Testing

@Suite("Keys of teams", .serialized, .gateway())
struct TeamKeyTests {
    private static let badKeys: [(name: String, value: String?)] = [
        ("unknown", "team-x-secret-0123456789"),
        ("expired", Gateway.expiredKey),
        ("empty", ""),
        ("too short", "x"),
        ("too long", String(repeating: "x", count: 5000)),
        ("a good one and a letter", Gateway.keyA + "x"),
        ("a good one without its last letter", String(Gateway.keyA.dropLast())),
        ("a good one in capitals", Gateway.keyA.uppercased()),
        ("the vendor's own", VendorSim.key),
        ("not in ASCII", "team-ä-secret-0123456789"),
        ("missing", nil),
    ]

    private func ask(_ key: String?, body: String = SampleRequests.vendors) throws -> TestResponse {
        var request = TestRequest.classify(body, key: key ?? "", fields: [("x-request-id", "same-for-all")])
        if key == nil { request.fields.removeFirst() }
        return try suiteGateway().send(request)
    }

    /// A reply as text, without the time of day.
    private func text(_ response: TestResponse) -> String {
        let fields = response.fields.filter { $0.name.lowercased() != "date" }
        return
            "\(response.status)\n\(fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n"))\n\n\(response.text)"
    }

    @Test("missing, unknown, expired or misshapen: one answer for all, and the vendor hears nothing")
    func oneAnswer() throws {
        let gateway = try suiteGateway()
        expectStoredMissOrHit(try ask(Gateway.keyA))
        let callsBefore = try gateway.vendor.calls()
        let expected = try ask("team-y-secret-0123456789")
        expectError(expected, 403, "invalid_api_key")
        for (name, key) in Self.badKeys {
            #expect(text(try ask(key)) == text(expected), "\(name)")
            #expect(text(try ask(key, body: "{")) == text(expected), "\(name), and a broken body")
        }
        #expect(try gateway.vendor.calls() == callsBefore)
    }

    private func expectStoredMissOrHit(_ response: TestResponse) {
        #expect(response.status == 200, "\(response.text)")
    }

    @Test("a key may be written beside white space that does not count")
    func whiteSpaceAround() throws {
        #expect(try ask(" \t\(Gateway.keyA)\t ").status == 200)
    }

    @Test("a key works until its not_after and not longer")
    func notAfter() throws {
        func key(_ id: String, _ secret: String, _ notAfter: String) -> JSON {
            ["id": .string(id), "secret": ["value": .string(secret)], "not_after": .string(notAfter)]
        }
        let ended = "team-c-ended-secret-01", lasting = "team-c-lasting-secret-01"
        let team: JSON = [
            "id": "team-c", "name": "Team C", "account": "default",
            "keys": [key("c-1", ended, "2024-02-29T23:59:59Z"), key("c-2", lasting, "2999-01-01T00:00:00Z")],
        ]
        try withGateway(["teams": [team]]) { gateway in
            #expect(try gateway.classify(SampleRequests.vendors, key: lasting).status == 200)
            expectError(try gateway.classify(SampleRequests.vendors, key: ended), 403, "invalid_api_key")
        }
    }
}
