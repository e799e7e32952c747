import Foundation
import TestSupport
import Testing

/// `docs/api.md` §5 and §6: a team's key in the admin API, from issue to revocation.
@Suite("Keys of teams from the admin API")
struct AdminTeamKeyTests {
    private static let masterKey = Data((0..<32).map { UInt8($0) }).base64EncodedString()

    /// Issues a key; returns its identifier and secret.
    private func issue(
        _ gateway: Gateway,
        team: String = "team-a",
        _ body: JSON = [:]
    ) throws -> (id: String, secret: String) {
        let reply = try gateway.admin("POST", "/teams/\(team)/keys", body)
        #expect(reply.status == 201, "\(reply.text)")
        return (try #require(reply.json["id"].string), try #require(reply.json["secret"].string))
    }

    private func rotate(
        _ gateway: Gateway,
        _ id: String,
        grace: String,
        idempotencyKey: String? = nil
    ) throws -> String {
        let fields = idempotencyKey.map { [("Idempotency-Key", $0)] } ?? []
        let reply = try gateway.admin(
            "POST",
            "/teams/team-a/keys/\(id)/rotate",
            ["grace": .string(grace)],
            fields: fields
        )
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply.json["id"].string == id)
        return try #require(reply.json["secret"].string)
    }

    private func listed(_ gateway: Gateway, _ id: String, team: String = "team-a") throws -> JSON {
        let items = try gateway.admin("GET", "/teams/\(team)/keys").json["items"].items
        return try #require(items.first { $0["id"].string == id }, "no key \(id)")
    }

    private func status(_ gateway: Gateway, _ key: String) throws -> Int {
        try gateway.classify(SampleRequests.vendors, key: key).status
    }

    @Test("a key's life: issued, used, rotated with grace, revoked")
    func life() throws {
        try withGateway { gateway in
            let (id, first) = try issue(gateway, ["name": "batch"])
            #expect(first.wholeMatch(of: /tg_[a-z0-9]{8}_[A-Za-z0-9]{32}/) != nil, "\(first)")
            #expect(first.dropFirst(3).hasPrefix(id))
            #expect(try listed(gateway, id)["last_used_at"] == .null)
            #expect(try status(gateway, first) == 200)
            let deadline = Deadline.generous
            while try listed(gateway, id)["last_used_at"] == .null { try #require(!deadline.hasPassed, "never used") }

            let second = try rotate(gateway, id, grace: "1h")
            #expect(try status(gateway, first) == 200 && status(gateway, second) == 200)
            let third = try rotate(gateway, id, grace: "0s")
            #expect(try status(gateway, second) == 403, "rotated without grace")
            #expect(try status(gateway, first) == 200 && status(gateway, third) == 200)
            #expect(Set([first, second, third].map { $0.split(separator: "_")[1] }).count == 1)

            let shown = try listed(gateway, id)
            #expect(shown["state"].string == "active" && shown["name"].string == "batch" && shown["secret"] == .null)
            #expect(try gateway.admin("DELETE", "/teams/team-a/keys/\(id)").status == 204)
            for secret in [first, second, third] { #expect(try status(gateway, secret) == 403) }
            #expect(try listed(gateway, id)["state"].string == "revoked")
            #expect(try gateway.admin("DELETE", "/teams/team-a/keys/\(id)").status == 204, "again")
            expectError(try gateway.admin("POST", "/teams/team-a/keys/\(id)/rotate", [:]), 409, "conflict")
        }
    }

    @Test("the secret before is refused when its grace is over, and the new one is good all the time")
    func graceEnds() throws {
        try withGateway { gateway in
            let (id, first) = try issue(gateway)
            let second = try rotate(gateway, id, grace: "300ms")
            let deadline = Deadline.generous
            while try status(gateway, first) != 403 {
                #expect(try status(gateway, second) == 200)
                try #require(!deadline.hasPassed, "good after its grace")
            }
            #expect(try status(gateway, second) == 200)
        }
    }

    @Test(
        "under load a rotation with grace fails no request, and after a revocation no request is served, on any worker"
    )
    func underLoad() throws {
        let vendor = try VendorSim(["--delay", "5ms"])
        try withGateway(["listen": ["workers": 4]], vendor: vendor) { gateway in
            let (id, first) = try issue(gateway)
            let secret = SharedText(first)
            let load = SteadyLoad(gateway, clients: 4) { secret.text }
            try vendor.control("POST", "/sim/wait", ["calls": 20])
            for _ in 0..<5 {
                secret.text = try rotate(gateway, id, grace: "1m")
                try vendor.control("POST", "/sim/wait", ["calls": JSON(integerLiteral: try vendor.calls() + 20)])
            }
            #expect(load.stop() == [])
            #expect(load.replyCount >= 120)

            // On open connections of every worker: the next request after the answer to the revocation is refused.
            let connections = try (0..<32).map { _ in try gateway.connect() }
            func ask() throws -> [Int] {
                for connection in connections {
                    try connection.send(TestRequest.classify(SampleRequests.vendors, key: secret.text).bytes)
                }
                return try connections.map { try $0.response().status }
            }
            #expect(Set(try ask()) == [200])
            #expect(try gateway.admin("DELETE", "/teams/team-a/keys/\(id)").status == 204)
            #expect(Set(try ask()) == [403])
        }
    }

    @Test("a repeated rotation with the same Idempotency-Key answers the same secret, another one's does not")
    func idempotency() throws {
        try withGateway { gateway in
            let (id, _) = try issue(gateway)
            let (otherID, _) = try issue(gateway)
            let secret = try rotate(gateway, id, grace: "1h", idempotencyKey: "once")
            #expect(try rotate(gateway, id, grace: "1h", idempotencyKey: "once") == secret)
            #expect(try rotate(gateway, otherID, grace: "1h", idempotencyKey: "once") != secret)
            #expect(try rotate(gateway, id, grace: "1h", idempotencyKey: "twice") != secret)
            #expect(try status(gateway, secret) == 200)
            let entries = try gateway.admin("GET", "/audit").json["items"].items
            #expect(entries.filter { $0["action"].string == "team_key.rotate" }.count == 3)
        }
    }

    @Test("a key that takes the name of one that is gone is rotated anew, whatever was asked about the one before")
    func idempotencyOfAnotherKey() throws {
        try withGateway { gateway in
            func make() throws {
                #expect(try gateway.admin("POST", "/teams", ["id": "brief"]).status == 201)
                #expect(try gateway.admin("POST", "/teams/brief/keys", ["id": "same"]).status == 201)
            }
            func rotate() throws -> String? {
                let fields = [("Idempotency-Key", "once")]
                return try gateway.admin("POST", "/teams/brief/keys/same/rotate", [:], fields: fields).json["secret"]
                    .string
            }
            try make()
            let first = try rotate()
            #expect(try gateway.admin("DELETE", "/teams/brief").status == 204)
            try make()
            let second = try #require(try rotate())
            #expect(second != first)
            #expect(try status(gateway, second) == 200)
        }
    }

    @Test("a killed process has forgotten nothing that was answered; with a master key neither what rotations answered")
    func killed() throws {
        let gateway = try Gateway(environment: ["TOLLGATE_MASTER_KEY": Self.masterKey])
        #expect(try gateway.admin("POST", "/teams", ["id": "sales"]).status == 201)
        let (good, goodSecret) = try issue(gateway, team: "sales")
        let (revoked, revokedSecret) = try issue(gateway)
        let (rotated, oldSecret) = try issue(gateway)
        #expect(try status(gateway, goodSecret) == 200)
        let newSecret = try rotate(gateway, rotated, grace: "1h", idempotencyKey: "over-the-kill")
        #expect(try gateway.admin("DELETE", "/teams/team-a/keys/\(revoked)").status == 204)
        #expect(try gateway.admin("DELETE", "/teams/team-a/keys/a-key").status == 204)
        try gateway.killAndRestart()
        #expect(try status(gateway, goodSecret) == 200 && status(gateway, oldSecret) == 200)
        #expect(try status(gateway, newSecret) == 200)
        #expect(try status(gateway, revokedSecret) == 403 && status(gateway, Gateway.keyA) == 403)
        #expect(try status(gateway, Gateway.keyB) == 200)
        #expect(try rotate(gateway, rotated, grace: "1h", idempotencyKey: "over-the-kill") == newSecret)
        #expect(try listed(gateway, good, team: "sales")["state"].string == "active")
        let actions = try gateway.admin("GET", "/audit").json["items"].items.compactMap { $0["action"].string }
        #expect(actions.filter { $0 == "team_key.create" }.count == 3 && actions.contains("team.create"))
        try expectCleanEnd(of: gateway)
    }

    @Test(
        "a key of the file: revoked at once and until the file changes its secret; rotating and deleting its team refused"
    )
    func keyOfTheFile() throws {
        try withGateway { gateway in
            expectError(try gateway.admin("POST", "/teams/team-a/keys/a-key/rotate", [:]), 409, "conflict")
            expectError(try gateway.admin("DELETE", "/teams/team-a"), 409, "conflict")
            expectError(try gateway.admin("PATCH", "/teams/team-a", ["name": "x"]), 409, "conflict")
            #expect(try gateway.admin("DELETE", "/teams/team-a/keys/a-key").status == 204)
            #expect(try status(gateway, Gateway.keyA) == 403)
            try gateway.reload(expecting: "reloaded")
            #expect(try status(gateway, Gateway.keyA) == 403, "the file has the same secret still")
            let next = "team-a-next-secret-0123456789"
            let key: JSON = ["id": "a-key", "secret": ["value": .string(next)]]
            try gateway.rewriteConfiguration(["teams": [["id": "team-a", "keys": [key]]]])
            try gateway.reload(expecting: "reloaded")
            #expect(try status(gateway, next) == 200)
            #expect(try status(gateway, Gateway.keyA) == 403)
        }
    }

    @Test("a key's own budget holds from its first request on, and rotation changes neither limit nor what was spent")
    func budgets() throws {
        try withGateway { gateway in
            let budgets: JSON = [["window": "total", "credits": 3]]
            let (id, first) = try issue(gateway, ["budgets": budgets])
            func ask(_ key: String) throws -> TestResponse {
                let document = SampleRequests.newDocumentID()
                try gateway.vendor.setDocument(document, ["pages": 2])
                return try gateway.classify(SampleRequests.about(document, extra: #","page_range":"1-2""#), key: key)
            }
            let paid = try ask(first)
            #expect(paid.status == 200 && paid["tollgate-budget-remaining"] == "1", "\(paid.text)")
            let second = try rotate(gateway, id, grace: "1h")
            expectError(try ask(second), 402, "budget_exceeded")
            let single = try gateway.classify(SampleRequests.about(extra: #","page_range":"1""#), key: second)
            #expect(single["tollgate-budget-remaining"] == "0")
            expectError(try ask(first), 402, "budget_exceeded")
        }
    }

    @Test("a key ends at its not_after, and one in the past is refused")
    func expiry() throws {
        try withGateway { gateway in
            let past = try gateway.admin("POST", "/teams/team-a/keys", ["not_after": "2020-01-01T00:00:00Z"])
            expectError(past, 422, "invalid_request")
            let end = ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: 5))
            let (id, secret) = try issue(gateway, ["not_after": .string(end)])
            #expect(try status(gateway, secret) == 200)
            let deadline = Deadline.generous
            while try status(gateway, secret) != 403 { try #require(!deadline.hasPassed, "good after its end") }
            #expect(try listed(gateway, id)["state"].string == "expired")
            expectError(try gateway.admin("POST", "/teams/team-a/keys/\(id)/rotate", [:]), 409, "conflict")
        }
    }

    @Test("a reload leaves keys and teams of the store as they are")
    func reload() throws {
        try withGateway { gateway in
            #expect(try gateway.admin("POST", "/teams", ["id": "sales"]).status == 201)
            let (_, own) = try issue(gateway, team: "sales")
            let (_, filed) = try issue(gateway)
            try gateway.rewriteConfiguration(["cache": ["ttl": "1h"]])
            try gateway.reload(expecting: "reloaded")
            #expect(try status(gateway, own) == 200 && status(gateway, filed) == 200)
            let entry = try gateway.admin("GET", "/audit").json["items"][0]
            #expect(entry["action"].string == "configuration.reload" && entry["actor"].string == "SIGHUP")
        }
    }

    private static let badBodies: [(JSON, String)] = [
        (["nmae": "x"], "nmae"), (["name": 1], "name"), (["id": "a b"], "id"), (["id": ".."], "id"),
        (["not_after": "tomorrow"], "not_after"), (["budgets": [["window": "day"]]], "budgets[0].credits"),
        (["secret": "tg_chosen_by_the_client"], "secret"),
    ]

    @Test("a body that is wrong is a 422 that names the member, and makes no key", arguments: badBodies.indices)
    func refused(index: Int) throws {
        let (body, path) = Self.badBodies[index]
        try withGateway { gateway in
            let reply = try gateway.admin("POST", "/teams/team-a/keys", body)
            expectError(reply, 422, "invalid_request")
            #expect(reply.json["message"].string?.contains("\(path): ") == true, "\(reply.text)")
            #expect(try gateway.admin("GET", "/teams/team-a/keys").json["items"].items.count == 2)
        }
    }
}

/// A text shared by several threads. Guarded.
private final class SharedText: @unchecked Sendable {
    private let lock = NSLock()
    private var value: String

    init(_ text: String) { value = text }

    var text: String {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }
}
