import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §8: secrets appear nowhere. The tests search for canaries in every form they may take.
@Suite("Secrets")
struct SecretHuntTests {
    private static let upstreamSecret = "canary/upstream+Kq7wZr2mXv9TbN4cLp8s"
    private static let teamSecret = "canary-team-Hs8vKm2qYb5ZcF9wLx3n"
    private static let adminSecret = "canary-admin-Gt6rWn4jUo1SdE7yMk0p"
    private static let webhookSecret = "canary-webhook-Bv3zQi8lXa5RfC2tNh9o"
    private static let wrongSecret = "canary-wrong-Pw1yTk6gZe4UbD8sJm7r"

    private static let sealedSecret = "canary-sealed-Yx4hLq9rOi2VfA7uKd3w"
    private static let masterKey = "canary-master-Zt8cSg5eIp0WnB6oJv"

    private static let secrets = [
        upstreamSecret, teamSecret, adminSecret, webhookSecret, wrongSecret, sealedSecret, masterKey,
    ]

    /// The forms in which a program may leak a secret by accident.
    private static func spellings(of secret: String) -> [String] {
        let hex = secret.utf8.map { String(format: "%02x", $0) }.joined()
        let percent = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
        return [secret, percent, hex, hex.uppercased(), secret.replacingOccurrences(of: "/", with: #"\/"#)]
    }

    /// The same in base64, at each offset within a group of three bytes.
    private static func base64(of secret: String) -> [String] {
        ["", "u", "u:"].map { Data(($0 + secret).utf8).base64EncodedString() }
    }

    /// The search patterns; base64 without its ends, which also depend on the bytes next to the secret.
    private static func traces(of secret: String) -> [Data] {
        (spellings(of: secret) + base64(of: secret).map { String($0.dropFirst(4).dropLast(4)) }).map { Data($0.utf8) }
    }

    private func expectNone(
        in bytes: Data,
        _ place: String,
        of secrets: [String] = Self.secrets,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for secret in secrets {
            for trace in Self.traces(of: secret) where bytes.range(of: trace) != nil {
                let text = String(decoding: trace, as: UTF8.self)
                Issue.record("\(place) has \(secret) as \(text)", sourceLocation: sourceLocation)
            }
        }
    }

    private func configuration(level: String) -> JSON {
        [
            "upstream": ["keys": [["id": "primary", "secret": ["env": "CANARY_UPSTREAM"]]]],
            "admin": ["tokens": [["name": "ops", "role": "admin", "secret": ["env": "CANARY_ADMIN"]]]],
            "alerts": ["webhook_url": "https://alerts.invalid/", "secret": ["env": "CANARY_WEBHOOK"]],
            "budgets": ["organization": [["window": "total", "credits": 40]]],
            "teams": [["id": "team-a", "keys": [["id": "a-key", "secret": ["env": "CANARY_TEAM"]]]]],
            "log": ["level": .string(level)],
        ]
    }

    private static let environment = [
        "CANARY_UPSTREAM": upstreamSecret, "CANARY_TEAM": teamSecret, "CANARY_ADMIN": adminSecret,
        "CANARY_WEBHOOK": webhookSecret, "TOLLGATE_MASTER_KEY": Data(masterKey.utf8).base64EncodedString(),
    ]

    /// The error of a vendor that echoes the key it was shown, in several forms at once.
    private static var echo: String {
        let forms = (spellings(of: upstreamSecret) + base64(of: upstreamSecret)).joined(separator: " ")
        return #"{"success": false, "error": "odd", "message": "you sent \#(forms)"}"#
    }

    /// Everything that the admin side replies, with and without a token; it is also sent a secret.
    private func askAdmin(_ gateway: Gateway) throws -> [TestResponse] {
        func ask(_ method: String, _ path: String, _ body: JSON? = nil) throws -> TestResponse {
            try gateway.admin(method, path, body, token: Self.adminSecret)
        }
        let sealed: JSON = ["id": "sealed", "secret": .string(Self.sealedSecret)]
        var replies = [
            try ask("POST", "/upstream-keys", sealed), try ask("POST", "/upstream-keys", sealed),
            try ask("POST", "/upstream-keys/sealed/rotate", ["secret": .string(Self.sealedSecret + "+")]),
            try ask("POST", "/upstream-keys/sealed/rotate", ["secret": .string(Self.sealedSecret + " ")]),
            try ask("POST", "/upstream-keys", ["id": "team", "secret": .string(Self.teamSecret)]),
            try ask("POST", "/teams/team-a/keys", ["secret": .string(Self.wrongSecret)]),
        ]
        #expect(replies.map(\.status) == [201, 409, 200, 422, 422, 422])
        for path in ["/teams", "/teams/team-a/keys", "/upstream-keys", "/audit", "/status", "/nothing"] {
            replies.append(try ask("GET", path))
            for token in [Self.wrongSecret, Self.teamSecret, Self.upstreamSecret] {
                replies.append(try gateway.admin("GET", path, token: token))
            }
        }
        #expect(replies.count { $0.status == 200 } == 6 && replies.count { $0.status == 401 } == 18)
        return replies
    }

    @Test("that were issued to teams are told once, and stand in no log, file or later reply")
    func issued() throws {
        let gateway = try Gateway(configuration(level: "trace"), environment: Self.environment)
        func ask(_ method: String, _ path: String, _ body: JSON? = nil) throws -> TestResponse {
            let fields = [("Idempotency-Key", "once")]
            return try gateway.admin(method, path, body, token: Self.adminSecret, fields: fields)
        }
        let first = try ask("POST", "/teams/team-a/keys", ["id": "k"]).json["secret"].string
        let second = try ask("POST", "/teams/team-a/keys/k/rotate", [:]).json["secret"].string
        let secrets = try [first, second].map { try #require($0) }
        for secret in secrets { _ = try gateway.classify(SampleRequests.vendors, key: secret) }
        let later = try ["/teams/team-a/keys", "/teams/team-a/keys/k", "/audit", "/status"].map { try ask("GET", $0) }
        #expect(later.allSatisfy { $0.status == 200 })
        try gateway.process.kill()
        for reply in later { expectNone(in: Data(reply.body), "a later reply", of: secrets) }
        for name in ["tollgate.db", "tollgate.db-wal"] {
            let file = URL(fileURLWithPath: gateway.folder.file(name))
            expectNone(in: try Data(contentsOf: file), name, of: secrets)
        }
        let output = gateway.process.stdout.text + gateway.process.stderr.text
        #expect(output.contains("registry_changed"))
        expectNone(in: Data(output.utf8), "the output", of: secrets)
    }

    /// Each byte percent-encoded, `times` times over.
    private static func encoded(_ text: String, times: Int = 1) -> String {
        (0..<times).reduce(text) { text, _ in text.utf8.map { String(format: "%%%02X", $0) }.joined() }
    }

    /// Percent-decoded bytes, repeated while there is anything to decode.
    private static func decoded(_ text: String) -> String {
        var bytes = Array(text.utf8)
        while true {
            var next: [UInt8] = []
            var index = 0
            while index < bytes.count {
                let digits =
                    bytes[index] == UInt8(ascii: "%")
                    ? String(decoding: bytes[index...].dropFirst().prefix(2), as: UTF8.self) : ""
                if digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) {
                    next.append(byte)
                    index += 3
                } else {
                    next.append(bytes[index])
                    index += 1
                }
            }
            if next == bytes { return String(decoding: bytes, as: UTF8.self) }
            bytes = next
        }
    }

    /// Paths that contain a secret, as people write them by mistake.
    private static func paths(with secret: String) -> [String] {
        let plain = secret.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? ""
        var half = Array(plain).map(String.init)
        for index in half.indices where index % 2 == 0 && half[index] != "%" { half[index] = encoded(half[index]) }
        return [
            "/v1/\(plain)/classify", "/v1/classify/\(plain)", "/\(plain)", "/v1/classify;key=\(plain)",
            "/v1/key=\(plain)&x", "/v1/\(encoded(secret))", "/v1/\(encoded(secret, times: 2))/x",
            "/v1/\(String(repeating: "x", count: 180))/\(plain)", "/v1/unknown?api_key=\(plain)",
            secret.contains("/") ? "/v1/x" : "/v1/\(half.joined())",
        ]
    }

    @Test("that a client puts into a path, or calls its request by, stand in no line of the logs")
    func misplaced() throws {
        let vendor = try VendorSim(keys: [Self.upstreamSecret])
        let gateway = try Gateway(configuration(level: "trace"), vendor: vendor, environment: Self.environment)
        let made = try gateway.admin("POST", "/teams/team-a/keys", ["id": "k"], token: Self.adminSecret)
        let issued = try #require(made.json["secret"].string)
        let unknown = "tg_abcdefgh_" + String(repeating: "Ab3", count: 11).prefix(32)
        let hidden = [issued, unknown, Self.teamSecret, Self.upstreamSecret, Self.adminSecret]
        var replies: [TestResponse] = []
        for secret in hidden {
            for path in Self.paths(with: secret) {
                replies.append(try gateway.send(TestRequest("GET", path)))
                let connection = try RawConnection(port: gateway.adminPort)
                try connection.send(TestRequest("GET", path).bytes)
                replies.append(try connection.response())
            }
            let named = [("x-request-id", secret)]
            replies.append(try gateway.send(TestRequest("GET", "/nothing", fields: named)))
            replies.append(try gateway.classify(SampleRequests.vendors, key: Self.wrongSecret, named))
        }
        for key in [issued, Self.teamSecret] {
            replies.append(try gateway.classify(SampleRequests.vendors, key: key, [("x-request-id", key)]))
            #expect(replies[replies.count - 1].status == 200)
        }
        #expect(try gateway.process.terminate() == .exit(0))
        for secret in hidden { #expect(!replies.contains { $0["x-request-id"] == secret }) }
        for (name, output) in [("stdout", gateway.process.stdout), ("stderr", gateway.process.stderr)] {
            expectNone(in: Data(output.text.utf8), name, of: hidden)
            expectNone(in: Data(Self.decoded(output.text).utf8), "\(name), decoded,", of: hidden)
        }
        // Anything that is not a secret is still there, so that lines can be found.
        #expect(gateway.process.stdout.text.contains(#""path":"/v1/***/classify""#))
        #expect(gateway.process.stdout.text.contains("/v1/tg_abcdefgh_***/classify"))
    }

    @Test("stand in no reply, log, command line or file, at any level", arguments: ["trace", "info", "critical"])
    func hunt(level: String) throws {
        let vendor = try VendorSim(keys: [Self.upstreamSecret])
        let gateway = try Gateway(configuration(level: level), vendor: vendor, environment: Self.environment)
        var replies: [TestResponse] = []
        func ask(_ body: String, key: String = Self.teamSecret) throws {
            replies.append(try gateway.classify(body, key: key))
        }
        func askEchoed(_ status: Int) throws {
            try vendor.queueFault("status", ["status": JSON(integerLiteral: status), "body": .string(Self.echo)])
            try ask(SampleRequests.about())
        }
        for status in [400, 403, 404, 500] { try askEchoed(status) }
        try vendor.queueFault("not_json", ["body": .string(Self.echo)])
        try ask(SampleRequests.vendors)
        try vendor.queueFault("rate_limit", ["retry_after": 0])
        try ask(SampleRequests.vendors)
        try ask(SampleRequests.vendors)
        try ask(SampleRequests.about(extra: #","page_range":"1-1000""#))
        try ask("{")
        for key in [Self.wrongSecret, Self.adminSecret, Self.upstreamSecret] {
            try ask(SampleRequests.vendors, key: key)
        }
        replies.append(try gateway.send(TestRequest("GET", "/readyz")))
        // The last ones quarantine the key.
        for _ in 0..<3 { try askEchoed(401) }
        #expect(replies.contains { $0.status == 200 } && replies.contains { $0.status == 402 })
        #expect(replies.contains { $0.status == 400 && $0.text.contains("you sent ***") })

        replies += try askAdmin(gateway)

        let commandLine = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(gateway.process.pid)/cmdline"))
        expectNone(in: commandLine, "the command line")
        for name in ["tollgate.db", "tollgate.db-wal"] {
            expectNone(in: try Data(contentsOf: URL(fileURLWithPath: gateway.folder.file(name))), name)
        }
        #expect(try gateway.process.terminate() == .exit(0))
        for reply in replies {
            expectNone(in: Data(reply.body), "a \(reply.status)")
            for field in reply.fields { expectNone(in: Data(field.value.utf8), field.name) }
        }
        expectNone(in: Data(gateway.process.stdout.text.utf8), "stdout")
        expectNone(in: Data(gateway.process.stderr.text.utf8), "stderr")
        for name in ["tollgate.db", "config.json"] {
            let file = URL(fileURLWithPath: gateway.folder.file(name))
            expectNone(in: try Data(contentsOf: file), "\(name) after the end")
        }
    }
}
