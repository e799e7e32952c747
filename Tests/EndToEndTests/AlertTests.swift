import Cryptography
import Foundation
import Synchronization
import TestSupport
import Testing
import Vocabulary

/// `docs/alerts.md` on the real program, with a receiver that records what comes.
@Suite("Alerts")
struct AlertTests {
    private static let secret = "webhook-secret-0123456789"

    /// A receiver that answers with a status, and what was posted to it.
    private static func receiver(_ answer: @escaping @Sendable (Int) -> String = { _ in "204 No Content" }) throws
        -> RecordingOrigin
    {
        let count = Guarded(0)
        return try RecordingOrigin { _, connection in
            let number = count.withLock { count in
                count += 1
                return count
            }
            let content = answer(number).hasPrefix("204") ? "" : "Content-Length: 5\r\n"
            let text = content.isEmpty ? "" : "heard"
            try connection.send("HTTP/1.1 \(answer(number))\r\n\(content)Connection: close\r\n\r\n\(text)")
            return false
        }
    }

    private static func configuration(_ url: String, _ others: JSON = [:], alerts: JSON = [:]) -> JSON {
        let section: JSON = ["webhook_url": .string(url), "secret": ["value": .string(secret)]]
        return JSON.object(["alerts": section.overlaid(with: alerts)]).overlaid(with: others)
    }

    private static func alerts(_ receiver: RecordingOrigin) throws -> [JSON] {
        try receiver.requests.map { try JSON.parse($0.body) }
    }

    /// A question about pages of a ten-page document, at a credit each.
    private func ask(_ gateway: Gateway, pages: String) throws -> TestResponse {
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["pages": 10])
        return try gateway.classify(SampleRequests.about(document, extra: #","page_range":"\#(pages)""#))
    }

    /// Waits until so many alerts are in a state, durably, each tried so often.
    private func wait(for count: Int, _ state: String, attempts: Int = 1, _ gateway: Gateway) throws {
        let isSo = { (record: JSON) in record["state"].string == state && record["attempts"].int == attempts }
        try Deadline.wait(for: "\(count) alerts that are \(state)") { try listed(gateway).filter(isSo).count >= count }
    }

    private func listed(_ gateway: Gateway) throws -> [JSON] {
        try gateway.admin("GET", "/alerts", token: Gateway.viewerToken).json["items"].items
    }

    @Test("a threshold is told once in its window, also over kill -9, signed, with the members of the contract")
    func thresholds() throws {
        let receiver = try Self.receiver()
        let budgets: JSON = [
            "budgets": ["organization": [["window": "total", "credits": 3, "alert_at": [1.0]]]],
            "teams": [
                [
                    "id": "team-a", "budgets": [["window": "month", "credits": 4, "alert_at": [0.5, 1.0]]],
                    "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
                ]
            ],
        ]
        try withGateway(Self.configuration(receiver.url + "/hook?room=1", budgets)) { gateway in
            expectStoredMiss(try ask(gateway, pages: "1-2"))
            #expect(receiver.wait { $0.requests.count == 1 })
            let request = receiver.requests[0]
            #expect(request.line == "POST /hook?room=1 HTTP/1.1" && request["content-type"] == "application/json")
            let alert = try JSON.parse(request.body)
            #expect(alert["type"] == "budget_threshold" && alert["team"] == "team-a" && alert["window"] == "month")
            #expect(alert["threshold"].text == "0.5" && alert["credits"].int == 4 && alert["spent"].int == 2)
            #expect(alert["scope"] == "team" && alert["text"].string?.hasPrefix("Team team-a has used 2 of 4") == true)
            #expect(alert["at"].string.flatMap { Timestamp(rfc3339: $0) } != nil)
            try checkSignature(request)
            // A crash before this is durable would send it again.
            try wait(for: 1, "delivered", gateway)
            try gateway.killAndRestart()
            expectStoredMiss(try ask(gateway, pages: "1"))
            #expect(receiver.wait { $0.requests.count == 2 })
            let last = try Self.alerts(receiver)[1]
            #expect(last["scope"] == "organization" && last["team"] == .null && last["window"] == "total")
            try wait(for: 2, "delivered", gateway)
            #expect(try listed(gateway).map { $0["id"] } == Self.alerts(receiver).reversed().map { $0["id"] })
            #expect(receiver.requests.count == 2 && receiver.malformed.isEmpty)
        }
    }

    private func checkSignature(_ request: OriginRequest) throws {
        let signature = try #require(request["tollgate-signature"])
        let match = try #require(signature.wholeMatch(of: /t=(\d+),v1=([0-9a-f]{64})/))
        let time = try #require(Int(match.1))
        #expect(abs(Int(Date().timeIntervalSince1970) - time) < 600)
        let signed = Array("\(match.1).".utf8) + request.body
        #expect(MessageAuthentication.sha256(of: signed, key: Array(Self.secret.utf8)).description == match.2)
    }

    @Test("one that the receiver refuses waits in the store, and is sent under its identifier after a restart")
    func retried() throws {
        let receiver = try Self.receiver { $0 == 1 ? "500 Internal Server Error" : "200 OK" }
        let budgets: JSON = ["budgets": ["organization": [["window": "day", "credits": 100, "alert_at": [0.01]]]]]
        try withGateway(Self.configuration(receiver.url, budgets)) { gateway in
            expectStoredMiss(try ask(gateway, pages: "1"))
            #expect(receiver.wait { $0.requests.count == 1 })
            try wait(for: 1, "pending", gateway)
            try gateway.killAndRestart()
            #expect(receiver.wait { $0.requests.count == 2 })
            let alerts = try Self.alerts(receiver)
            #expect(alerts[0]["id"].string != nil && alerts[0] == alerts[1])
            try wait(for: 1, "delivered", attempts: 2, gateway)
            #expect(try listed(gateway).map { $0["detail"] } == ["HTTP 200"])
        }
    }

    @Test("a quarantined key and an open breaker are told, each once")
    func vendor() throws {
        let receiver = try Self.receiver()
        let quick: JSON = ["upstream": ["circuit_breaker": ["open_for": "1ms"]]]
        try withGateway(Self.configuration(receiver.url, quick)) { gateway in
            try gateway.vendor.queueFault("status", count: 5, ["status": 500])
            for _ in 0..<5 { #expect(try ask(gateway, pages: "1").status == 500) }
            #expect(receiver.wait { $0.requests.count == 1 })
            let first = try Self.alerts(receiver)[0]
            #expect(first["type"] == "circuit_open" && first["account"] == "default" && first["team"] == .null)
            try gateway.vendor.queueFault("status", count: 3, ["status": 401])
            for _ in 0..<3 { expectError(try ask(gateway, pages: "1"), 502, "upstream_key_rejected") }
            #expect(receiver.wait { $0.requests.count == 2 })
            let second = try Self.alerts(receiver)[1]
            #expect(second["type"] == "key_quarantined" && second["upstream_key"] == "primary")
            #expect(second["reason"] == "unauthorized")
        }
    }

    @Test("keys and certificates that end soon, and a bill that differs")
    func endsAndBills() throws {
        let receiver = try Self.receiver()
        let certificates = try Certificates()
        let identity = try certificates.issue("gateway")
        let soon = Timestamp(seconds: Int64(Date().timeIntervalSince1970) + 86_400).rfc3339
        let others: JSON = [
            "listen": [
                "tls": [
                    "certificate_file": .string(identity.certificate), "private_key_file": .string(identity.privateKey),
                ]
            ],
            "teams": [
                [
                    "id": "team-a",
                    "keys": [
                        ["id": "ends", "secret": ["value": .string(Gateway.keyA)], "not_after": .string(soon)],
                        ["id": "stays", "secret": ["value": .string(Gateway.keyB)]],
                    ],
                ]
            ],
        ]
        let configuration = Self.configuration(receiver.url, others, alerts: ["expiry_notice": "60d"])
        try withGateway(configuration) { gateway in
            #expect(receiver.wait { $0.requests.count == 2 })
            let bill: JSON = ["account": "default", "from": "2026-01-01", "to": "2026-01-31", "credits": 12]
            #expect(try gateway.admin("POST", "/statements", bill).status == 201)
            #expect(receiver.wait { $0.requests.count == 3 })
            let alerts = try Self.alerts(receiver)
            #expect(Set(alerts[..<2].map { $0["type"].string }) == ["key_expiring", "certificate_expiring"])
            let key = try #require(alerts.first { $0["type"] == "key_expiring" })
            #expect(key["team"] == "team-a" && key["key"] == "ends")
            #expect(alerts[2]["type"] == "statement_drift" && alerts[2]["drift"].int == 12)
        }
    }

    @Test("a try of the receiver: what it says, over TLS too, and what is wrong where it does not take it")
    func tried() throws {
        let receiver = try Self.receiver { $0 == 1 ? "200 OK" : "404 Not Found" }
        try withGateway(Self.configuration(receiver.url)) { gateway in
            let path = "/alerts/test"
            expectError(try gateway.admin("POST", path, token: Gateway.operatorToken), 403, "forbidden")
            let taken = try gateway.admin("POST", path)
            #expect(taken.status == 200 && taken.json["delivered"] == true && taken.json["status"].int == 200)
            #expect(taken.json["answer"] == "heard" && taken.json["error"] == .null)
            let alert = try Self.alerts(receiver)[0]
            #expect(alert["type"] == "test" && alert["text"].string?.contains("boss") == true)
            try checkSignature(receiver.requests[0])
            let command = try CommandResult.ofProgram(
                "tollgate",
                ["alerts", "test", "--admin", "http://127.0.0.1:\(gateway.adminPort)"],
                environment: ["TOLLGATE_ADMIN_TOKEN": Gateway.adminToken]
            )
            #expect(command.end == .exit(1) && command.stderr.contains("HTTP 404"), "\(command.stderr)")
            #expect(try listed(gateway).isEmpty, "a try is not recorded")
        }
        try withGateway { gateway in
            let refused = try gateway.admin("POST", "/alerts/test")
            expectError(refused, 409, "conflict")
            #expect(refused.json["message"].string?.contains("alerts.webhook_url") == true)
        }
    }

    @Test("over TLS the receiver's certificate must be good")
    func overTLS() throws {
        let certificates = try Certificates()
        let identity = try certificates.issue("receiver")
        let receiver = try VendorSim(["--tls-certificate", identity.certificate, "--tls-key", identity.privateKey])
        let configuration = Self.configuration(receiver.url + "/hook")
        func said(trusting authority: String?) throws -> JSON {
            let gateway = try Gateway(configuration, environment: authority.map { ["SSL_CERT_FILE": $0] } ?? [:])
            let said = try gateway.admin("POST", "/alerts/test").json
            try expectCleanEnd(of: gateway)
            return said
        }
        let trusted = try said(trusting: certificates.authority)
        #expect(trusted["delivered"] == false && trusted["status"].int == 404)
        let unknown = try said(trusting: nil)
        #expect(unknown["status"] == .null && unknown["error"].string?.hasPrefix("TLS: ") == true, "\(unknown)")
    }

    @Test("a receiver that says nothing holds up neither requests nor the end of the program")
    func silent() throws {
        let silent = try RecordingOrigin { _, connection in
            _ = connection.receiveMore()
            return false
        }
        let budgets: JSON = ["budgets": ["organization": [["window": "day", "credits": 100, "alert_at": [0.01]]]]]
        try withGateway(Self.configuration(silent.url, budgets)) { gateway in
            expectStoredMiss(try ask(gateway, pages: "1"))
            #expect(silent.wait { $0.requests.count == 1 })
            expectStoredMiss(try ask(gateway, pages: "1"))
            #expect(try listed(gateway).map { $0["state"] } == ["pending"])
            #expect(try gateway.process.terminate() == .exit(0))
        }
    }
}
