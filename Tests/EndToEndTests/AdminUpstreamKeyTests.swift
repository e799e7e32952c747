import Foundation
import TestSupport
import Testing

/// `docs/api.md` §6: the vendor's keys in the admin API.
@Suite("Keys at the vendor from the admin API")
struct AdminUpstreamKeyTests {
    private static let second = "vendor-second-0123456789abcdef"
    private static let third = "vendor-third-0123456789abcdef"
    private static let master = Data((0..<32).map { UInt8($0) }).base64EncodedString()
    private static let otherMaster = String(repeating: "5c", count: 32)

    private func start(master: String? = master, _ configuration: JSON = [:]) throws -> Gateway {
        let vendor = try VendorSim(keys: [VendorSim.key, Self.second, Self.third])
        let environment = master.map { ["TOLLGATE_MASTER_KEY": $0] } ?? [:]
        return try Gateway(configuration, vendor: vendor, environment: environment)
    }

    private func end(_ gateway: Gateway) throws {
        try expectCleanEnd(of: gateway)
        let output = gateway.process.stdout.text + gateway.process.stderr.text
        #expect(!output.contains(Self.second) && !output.contains(Self.third))
        for name in ["tollgate.db"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: gateway.folder.file(name)))
            #expect(bytes.range(of: Data(Self.second.utf8)) == nil && bytes.range(of: Data(Self.third.utf8)) == nil)
        }
    }

    private func add(_ gateway: Gateway, _ id: String, _ secret: String, _ more: JSON = [:]) throws -> TestResponse {
        let body: JSON = ["id": .string(id), "secret": .string(secret)]
        return try gateway.admin("POST", "/upstream-keys", body.overlaid(with: more))
    }

    private func state(_ gateway: Gateway, _ id: String) throws -> String? {
        let items = try gateway.admin("GET", "/upstream-keys").json["items"].items
        return items.first { $0["id"].string == id }?["state"].string
    }

    private func ask(_ gateway: Gateway, times: Int) throws {
        for _ in 0..<times { expectStoredMiss(try gateway.classify(SampleRequests.about())) }
    }

    private func calls(_ gateway: Gateway) throws -> [Int] {
        try [VendorSim.key, Self.second, Self.third].map { try gateway.vendor.calls(with: $0) }
    }

    @Test("a key's life: added, weighed, drained, disabled, enabled, rotated, deleted")
    func life() throws {
        let gateway = try start()
        let added = try add(gateway, "second", Self.second, ["weight": 3])
        #expect(added.status == 201 && added.json["state"].string == "active", "\(added.text)")
        #expect(!added.text.contains(Self.second) && added.json["source"].string == "store")
        try ask(gateway, times: 8)
        #expect(try calls(gateway) == [2, 6, 0])
        for (state, expected) in [("draining", [4, 6, 0]), ("disabled", [6, 6, 0])] {
            let changed = try gateway.admin("PATCH", "/upstream-keys/second", ["state": .string(state)])
            #expect(changed.status == 200 && changed.json["state"].string == state, "\(changed.text)")
            #expect(changed.json["available"].bool == false)
            try ask(gateway, times: 2)
            #expect(try calls(gateway) == expected)
        }
        #expect(try gateway.admin("PATCH", "/upstream-keys/second", ["state": "active", "weight": 1]).status == 200)
        try ask(gateway, times: 4)
        #expect(try calls(gateway) == [8, 8, 0])
        let rotated = try gateway.admin("POST", "/upstream-keys/second/rotate", ["secret": .string(Self.third)])
        #expect(rotated.status == 200 && !rotated.text.contains(Self.third), "\(rotated.text)")
        try ask(gateway, times: 4)
        #expect(try calls(gateway) == [10, 8, 2])
        #expect(try gateway.admin("DELETE", "/upstream-keys/second").status == 204)
        try ask(gateway, times: 2)
        #expect(try calls(gateway) == [12, 8, 2])
        expectError(try gateway.admin("DELETE", "/upstream-keys/second"), 404, "not_found")
        try end(gateway)
    }

    @Test("a key of the file: its state may be changed and outlasts a kill; a changed secret ends that")
    func keyOfTheFile() throws {
        let gateway = try start(master: nil)
        #expect(try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "disabled"]).status == 200)
        expectError(try gateway.classify(SampleRequests.about()), 503, "no_upstream_key")
        try gateway.killAndRestart()
        expectError(try gateway.classify(SampleRequests.about()), 503, "no_upstream_key")
        try gateway.reload(expecting: "reloaded")
        #expect(try state(gateway, "primary") == "disabled")
        let key: JSON = ["id": "primary", "secret": ["value": .string(Self.second)]]
        try gateway.rewriteConfiguration(["upstream": ["keys": [key]]])
        try gateway.reload(expecting: "reloaded")
        #expect(try state(gateway, "primary") == "active")
        try ask(gateway, times: 1)
        try end(gateway)
    }

    @Test("a key says when a request last went out with it, over a restart, and is new when it is added again")
    func lastUse() throws {
        let gateway = try start()
        func lastUse(_ id: String) throws -> JSON {
            try gateway.admin("GET", "/upstream-keys/\(id)").json["last_used_at"]
        }
        #expect(try add(gateway, "second", Self.second).json["last_used_at"] == .null)
        #expect(try lastUse("primary") == .null)
        #expect(try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "draining"]).status == 200)
        try ask(gateway, times: 2)
        let used = try #require(try lastUse("second").string)
        #expect(used.hasSuffix("Z") && used.count > 19)
        let listed = try gateway.admin("GET", "/upstream-keys").json["items"].items
        #expect(listed.map { $0["last_used_at"] } == [.null, .string(used)])
        // Uses are written once a second; a restart writes what is left.
        gateway.process.signal(15)
        _ = try gateway.process.waitForEnd()
        try gateway.restart()
        #expect(try lastUse("second").string == used)
        #expect(try lastUse("primary") == .null)
        try ask(gateway, times: 1)
        #expect(try #require(try lastUse("second").string) > used)
        #expect(try gateway.admin("DELETE", "/upstream-keys/second").status == 204)
        #expect(try add(gateway, "second", Self.second).json["last_used_at"] == .null)
        try end(gateway)
    }

    @Test("a quarantined key is enabled by an operator")
    func enabled() throws {
        let gateway = try start()
        try gateway.vendor.queueFault("status", count: 3, ["status": 401])
        for _ in 0..<3 { expectError(try gateway.classify(SampleRequests.about()), 502, "upstream_key_rejected") }
        #expect(try state(gateway, "primary") == "quarantined")
        let shown = try gateway.admin("GET", "/upstream-keys/primary").json
        #expect(shown["detail"].string == "unauthorized" && shown["available"].bool == false)
        let enabled = try gateway.admin(
            "PATCH",
            "/upstream-keys/primary",
            ["state": "active"],
            token: Gateway.operatorToken
        )
        #expect(enabled.json["state"].string == "active", "\(enabled.text)")
        try ask(gateway, times: 1)
        let entry = try gateway.admin("GET", "/audit").json["items"][0]
        #expect(entry["before"]["state"].string == "quarantined" && entry["action"].string == "upstream_key.update")
        try gateway.killAndRestart()
        #expect(try state(gateway, "primary") == "active")
        try end(gateway)
    }

    @Test("a draining key ends what is under way, and says how much that is")
    func draining() throws {
        let gateway = try start()
        try gateway.vendor.queueFault("hold")
        let waiting = try gateway.connect()
        try waiting.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
        try gateway.vendor.waitForCalls(inFlight: 1)
        let draining = try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "draining"]).json
        #expect(draining["under_way"].int == 1)
        expectError(try gateway.classify(SampleRequests.about()), 503, "no_upstream_key")
        try gateway.vendor.release()
        expectStoredMiss(try waiting.response())
        #expect(try gateway.admin("GET", "/upstream-keys/primary").json["under_way"].int == 0)
        try end(gateway)
    }

    @Test("without a master key nothing is added or rotated, and the message names the variable")
    func withoutMasterKey() throws {
        let gateway = try start(master: nil)
        let refused = try add(gateway, "second", Self.second)
        expectError(refused, 409, "conflict")
        #expect(refused.json["message"].string?.contains("TOLLGATE_MASTER_KEY") == true)
        try end(gateway)
    }

    @Test("monthly_credits of an added key hold from its first request on")
    func monthlyCredits() throws {
        let gateway = try start()
        #expect(try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "disabled"]).status == 200)
        #expect(try add(gateway, "second", Self.second, ["monthly_credits": 2]).status == 201)
        func page() -> String { SampleRequests.about(extra: #","page_range":"1""#) }
        for _ in 0..<2 { expectStoredMiss(try gateway.classify(page())) }
        expectError(try gateway.classify(page()), 503, "no_upstream_key")
        let shown = try gateway.admin("GET", "/upstream-keys/second").json
        #expect(shown["monthly_remaining"].int == 0 && shown["available"].bool == false)
        #expect(try gateway.admin("PATCH", "/upstream-keys/second", ["monthly_credits": 3]).status == 200)
        expectStoredMiss(try gateway.classify(page()))
        try end(gateway)
    }

    @Test(
        "after a restart the sealed secret is used again; a missing or wrong master key refuses to start, a previous one is taken over"
    )
    func masterKeys() throws {
        let gateway = try start()
        #expect(try add(gateway, "second", Self.second).status == 201)
        #expect(try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "disabled"]).status == 200)
        try gateway.killAndRestart()
        try ask(gateway, times: 1)
        #expect(try calls(gateway) == [0, 1, 0])
        #expect(try gateway.process.terminate() == .exit(0))
        for (environment, words) in [
            ([:], "TOLLGATE_MASTER_KEY is not set"),
            (["TOLLGATE_MASTER_KEY": Self.otherMaster], "is not the key that the secrets in the store are sealed with"),
            (["TOLLGATE_MASTER_KEY": "too-short"], "TOLLGATE_MASTER_KEY must be 32 bytes"),
        ] as [([String: String], String)] {
            let refused = try ServerProcess.program(
                "tollgate",
                ["serve", "--config", gateway.configurationPath],
                environment: environment
            )
            #expect(try refused.waitForEnd() == .exit(1))
            #expect(refused.stderr.text.contains(words), "\(refused.stderr.text)")
        }
        let both = ["TOLLGATE_MASTER_KEY": Self.otherMaster, "TOLLGATE_MASTER_KEY_PREVIOUS": Self.master]
        try gateway.restart(environment: both)
        try ask(gateway, times: 1)
        #expect(try gateway.admin("GET", "/audit").json["items"][0]["action"].string == "master_key.change")
        #expect(try gateway.process.terminate() == .exit(0))
        try gateway.restart(environment: ["TOLLGATE_MASTER_KEY": Self.otherMaster])
        try ask(gateway, times: 1)
        #expect(try calls(gateway) == [0, 3, 0])
        try end(gateway)
    }

    @Test("under load: a key added, drained, deleted and rotated through the API; no client sees an error")
    func underLoad() throws {
        let gateway = try start()
        let load = SteadyLoad(gateway, clients: 4)
        func go(_ secret: String) throws {
            let start = try gateway.vendor.calls(with: secret)
            let deadline = Deadline.generous
            while try gateway.vendor.calls(with: secret) < start + 20 { try #require(!deadline.hasPassed, "\(secret)") }
        }
        try go(VendorSim.key)
        #expect(try add(gateway, "second", Self.second).status == 201)
        try go(Self.second)
        #expect(try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "draining"]).status == 200)
        try go(Self.second)
        let rotated = try gateway.admin("POST", "/upstream-keys/second/rotate", ["secret": .string(Self.third)])
        #expect(rotated.status == 200)
        try go(Self.third)
        #expect(try gateway.admin("PATCH", "/upstream-keys/primary", ["state": "active"]).status == 200)
        #expect(try gateway.admin("DELETE", "/upstream-keys/second").status == 204)
        try go(VendorSim.key)
        #expect(load.stop() == [])
        #expect(try calls(gateway).reduce(0, +) == load.replyCount)
        try end(gateway)
    }

    private static let badBodies: [(JSON, String)] = [
        ([:], "id"), (["id": "x"], "secret"), (["id": "x", "secret": ""], "secret"),
        (["id": "x", "secret": "with space"], "secret"), (["id": "x", "secret": "v", "weight": 0], "weight"),
        (["id": "x", "secret": .string(Gateway.adminToken)], "secret"),
        (["id": "x", "secret": .string(Gateway.keyA)], "secret"),
        (["id": "x", "secret": "v", "state": "active"], "state"),
    ]

    @Test("a body that is wrong is a 422 that names the member and repeats no secret", arguments: badBodies.indices)
    func refused(index: Int) throws {
        let gateway = try start()
        let (body, path) = Self.badBodies[index]
        let reply = try gateway.admin("POST", "/upstream-keys", body)
        expectError(reply, 422, "invalid_request")
        #expect(reply.json["message"].string?.contains("\(path): ") == true, "\(reply.text)")
        for state in ["cooling", "quarantined", "x"] {
            expectError(
                try gateway.admin("PATCH", "/upstream-keys/primary", ["state": .string(state)]),
                422,
                "invalid_request"
            )
        }
        try end(gateway)
    }
}
