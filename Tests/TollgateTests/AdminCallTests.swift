import AdminClient
import ArgumentParser
import Forms
import Foundation
import JSON
import TestSupport
import Testing

@testable import tollgate

@Suite("Requests that commands make of their options")
struct AdminCallTests {
    /// `METHOD target body` of a command line, parsed as by the program.
    private func words(_ line: String) throws -> String {
        let command = try TollgateCommand.parseAsRoot(line.split(separator: " ").map(String.init))
        let call = try #require(command as? any AdminCallCommand, "\(line) is no single call").call()
        let body = call.body.map { " " + String(decoding: $0.text, as: UTF8.self) } ?? ""
        return "\(call.method.name) \(call.target(below: ""))\(body)"
    }

    private static let cases: [(String, String)] = [
        ("teams show ap", "GET /admin/v1/teams/ap"), ("status", "GET /admin/v1/status"), ("ready", "GET /readyz"),
        ("teams create ap", #"POST /admin/v1/teams {"id": "ap"}"#),
        (
            "teams add ap --name AP --account main --budget day=500 --budget month=1e4:alert=0.8,1:shadow "
                + "--requests-per-second 0.5 --max-concurrency 32 --model a --model b --cache-scope team",
            #"POST /admin/v1/teams {"id": "ap", "name": "AP", "account": "main", "budgets": [{"window": "day", "#
                + #""credits": 500}, {"window": "month", "credits": 10000, "alert_at": [0.8, 1], "enforce": false}], "#
                + #""requests_per_second": 0.5, "max_concurrency": 32, "models": ["a", "b"], "cache_scope": "team"}"#
        ),
        ("teams update ap --name New", #"PATCH /admin/v1/teams/ap {"name": "New"}"#),
        (
            "teams update ap --no-budgets --no-requests-per-second --no-max-concurrency --no-models --no-cache-scope",
            #"PATCH /admin/v1/teams/ap {"budgets": [], "requests_per_second": null, "max_concurrency": null, "#
                + #""models": null, "cache_scope": null}"#
        ),
        ("teams delete ap", "DELETE /admin/v1/teams/ap"),
        ("keys issue ap", "POST /admin/v1/teams/ap/keys {}"),
        (
            "keys create ap --id k --name Batch --not-after 2027-01-01T02:00:00+02:00 --budget total=2000",
            #"POST /admin/v1/teams/ap/keys {"id": "k", "name": "Batch", "not_after": "2027-01-01T00:00:00Z", "#
                + #""budgets": [{"window": "total", "credits": 2000}]}"#
        ),
        ("keys rotate ap k", #"POST /admin/v1/teams/ap/keys/k/rotate {"grace": "24h"}"#),
        ("keys rotate ap k --grace 0s", #"POST /admin/v1/teams/ap/keys/k/rotate {"grace": "0s"}"#),
        ("keys revoke ap k", "DELETE /admin/v1/teams/ap/keys/k"),
        (
            "upstream-keys update k --weight 3 --not-before 2026-01-01T00:00:00Z --monthly-credits 50000.5",
            #"PATCH /admin/v1/upstream-keys/k {"weight": 3, "not_before": "2026-01-01T00:00:00Z", "#
                + #""monthly_credits": 50000.5}"#
        ),
        (
            "upstream-keys update k --no-not-before --no-not-after --no-monthly-credits",
            #"PATCH /admin/v1/upstream-keys/k {"not_before": null, "not_after": null, "monthly_credits": null}"#
        ),
        ("upstream-keys enable k", #"PATCH /admin/v1/upstream-keys/k {"state": "active"}"#),
        ("upstream-keys drain k", #"PATCH /admin/v1/upstream-keys/k {"state": "draining"}"#),
        ("upstream-keys disable k", #"PATCH /admin/v1/upstream-keys/k {"state": "disabled"}"#),
        ("upstream-keys delete k", "DELETE /admin/v1/upstream-keys/k"),
        ("lessons delete --model a/b", "DELETE /admin/v1/lessons?model=a%2Fb"),
        ("lessons forget --document 7", "DELETE /admin/v1/lessons?document_id=7"),
    ]

    @Test("only what is given is sent", arguments: cases)
    func calls(_ line: String, _ expected: String) throws {
        let words = try words(line)
        #expect(words == expected)
    }

    @Test("the secret of an upstream key is read from where the option says")
    func upstreamSecrets() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("vendor-secret\n", to: "secret")
        let added = try words("upstream-keys add k --account main --weight 2 --secret-file \(file)")
        let expected = #"{"id": "k", "account": "main", "weight": 2, "secret": "vendor-secret"}"#
        #expect(added == "POST /admin/v1/upstream-keys \(expected)")
        let rotated = try words("upstream-keys rotate k --secret-file \(file)")
        #expect(rotated == #"POST /admin/v1/upstream-keys/k/rotate {"secret": "vendor-secret"}"#)
    }

    @Test("an idempotency key goes along, as a field and not in the body")
    func idempotencyKey() throws {
        let command = try KeysCommand.Rotate.parse(["ap", "k", "--idempotency-key", "change-17"])
        #expect(command.call().idempotencyKey == "change-17")
    }

    @Test(
        "a command line that says nothing sound is refused before anything is sent",
        arguments: [
            "teams show ..", "teams show a/b", "teams update ap", "teams create", "teams create ap --budget day",
            "teams create ap --budget year=5", "teams create ap --budget day=-5",
            "teams create ap --budget day=5:shade",
            "teams create ap --budget day=5:alert=", "teams create ap --budget day=5:alert=0.8,x",
            "teams create ap --cache-scope everyone", "teams update ap --budget day=5 --no-budgets",
            "teams update ap --model x --no-models", "keys rotate ap", "keys rotate ap k --grace soon",
            "keys issue ap --not-after tomorrow", "keys rotate ap k --idempotency-key ü",
            "upstream-keys add k", "upstream-keys add k --secret-file a --secret-env B", "upstream-keys update k",
            "upstream-keys update k --not-after 2027-01-01T00:00:00Z --no-not-after", "audit --limit 0",
            "budgets set", "budgets set a", "budgets set a day=1 --none", "budgets set a fortnight=1",
            "grants a/b",
            "grants add a --credits 1 --reason x", "grants add a --window day --credits x --reason x",
            "grants add a --window day --credits 1", "grants remove a",
            "lessons delete", "lessons delete --model a --document b", "lessons list --model a --document b",
            "simulate", "simulate a", "simulate a --ttl soon", "simulate a --budget day=1 --no-budgets",
            "teams --limit -1", "teams --admin gate.example", "teams --output xml",
        ]
    )
    func unsound(_ line: String) {
        #expect(throws: (any Error).self) {
            try TollgateCommand.parseAsRoot(line.split(separator: " ").map(String.init))
        }
    }

    @Test("a resource alone is its list", arguments: ["teams", "keys", "upstream-keys", "lessons", "budgets", "audit"])
    func defaults(_ resource: String) throws {
        for line in [[resource], [resource, "--output", "json"], [resource, "list", "--admin", "https://gate/x"]] {
            let command = try TollgateCommand.parseAsRoot(line)
            #expect(type(of: command).configuration.commandName == "list")
        }
        #expect(try AuditCommand.List.parse([]).limit == 50)
    }
}
