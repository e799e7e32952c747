import Foundation
import TestSupport
import Testing

/// `docs/api.md` §7: the admin API from the shell, in the order of a new user.
@Suite("tollgate teams, keys, upstream-keys, audit, status")
struct AdminCommandTests {
    private static let second = "vendor-second-0123456789abcdef"

    /// Runs a command against a gateway's admin side.
    private func run(
        _ gateway: Gateway,
        _ arguments: [String],
        token: String = Gateway.adminToken,
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        try CommandResult.ofProgram(
            "tollgate",
            arguments + ["--admin", "http://127.0.0.1:\(gateway.adminPort)"],
            environment: environment.merging(["TOLLGATE_ADMIN_TOKEN": token]) { own, _ in own }
        )
    }

    private func json(_ gateway: Gateway, _ arguments: [String]) throws -> JSON {
        let result = try run(gateway, arguments + ["--output", "json"])
        #expect(result.succeeded, "\(arguments): \(result.stderr)")
        return try JSON.parse(result.output.utf8)
    }

    @Test(
        "a key's whole life: a team made, a key issued, used, rotated with grace, revoked, and all of it in the audit log"
    )
    func keyLife() throws {
        try withGateway { gateway in
            func status(_ key: String) throws -> Int { try gateway.classify(SampleRequests.vendors, key: key).status }
            _ = try json(gateway, ["teams", "create", "legal", "--name", "Legal", "--budget", "month=50"])
            let issued = try json(gateway, ["keys", "issue", "legal", "--id", "batch", "--budget", "total=20"])
            let first = try #require(issued["secret"].string)
            #expect(try status(first) == 200)
            let rotate = ["keys", "rotate", "legal", "batch", "--grace", "1h", "--idempotency-key", "once"]
            let second = try #require(try json(gateway, rotate)["secret"].string)
            #expect(try json(gateway, rotate)["secret"].string == second && second != first)
            #expect(try status(first) == 200 && status(second) == 200)
            #expect(try run(gateway, ["keys", "revoke", "legal", "batch"]).succeeded)
            #expect(try status(first) == 403 && status(second) == 403)
            let keys = try json(gateway, ["keys"])
            #expect(Set(keys.items.compactMap { $0["id"].string }) == ["batch", "a-key", "a-old-key", "b-key"])
            #expect(keys.items.first { $0["id"].string == "batch" }?["state"].string == "revoked")
            let actions = try json(gateway, ["audit"]).items.compactMap { $0["action"].string }
            #expect(actions == ["team_key.revoke", "team_key.rotate", "team_key.create", "team.create"])
            #expect(try run(gateway, ["teams", "delete", "legal"]).succeeded)
            let missing = try run(gateway, ["teams", "show", "legal"])
            #expect(
                missing.end == .exit(1) && missing.stderr.hasPrefix("tollgate: 404 not_found: "),
                "\(missing.stderr)"
            )
        }
    }

    @Test("a vendor's key: added from a file, drained, enabled, rotated from the environment, deleted")
    func upstreamKeyLife() throws {
        let vendor = try VendorSim(keys: [VendorSim.key, Self.second])
        let gateway = try Gateway(
            vendor: vendor,
            environment: ["TOLLGATE_MASTER_KEY": String(repeating: "7f", count: 32)]
        )
        let file = try gateway.folder.write(Self.second + "\n", to: "second.key")
        let added = try json(gateway, ["upstream-keys", "add", "second", "--weight", "2", "--secret-file", file])
        #expect(added["state"].string == "active" && added["weight"].int == 2)
        #expect(try json(gateway, ["upstream-keys", "drain", "primary"])["state"].string == "draining")
        expectStoredMiss(try gateway.classify(SampleRequests.about()))
        #expect(try vendor.calls(with: Self.second) == 1)
        #expect(try json(gateway, ["upstream-keys", "enable", "primary"])["state"].string == "active")
        let rotated = try run(
            gateway,
            ["upstream-keys", "rotate", "second", "--secret-env", "NEW_SECRET"],
            environment: ["NEW_SECRET": Self.second]
        )
        #expect(rotated.succeeded, "\(rotated.stderr)")
        #expect(try run(gateway, ["upstream-keys", "delete", "second"]).succeeded)
        #expect(try json(gateway, ["upstream-keys"]).items.count == 1)
        try expectCleanEnd(of: gateway)
    }

    @Test("a role that is not enough and a wrong token are told in one line; nothing shows the token")
    func refused() throws {
        try withGateway { gateway in
            let forbidden = try run(gateway, ["teams", "create", "x"], token: Gateway.viewerToken)
            #expect(forbidden.end == .exit(1) && forbidden.stderr.hasPrefix("tollgate: 403 forbidden: "))
            let unauthorized = try run(gateway, ["teams"], token: "no-such-token-0123456789")
            #expect(unauthorized.end == .exit(1) && unauthorized.stderr.hasPrefix("tollgate: 401 unauthorized: "))
            #expect(!(unauthorized.output + unauthorized.stderr).contains("no-such-token"))
        }
    }

    @Test("tables and csv of a real gateway have a line for each key")
    func tables() throws {
        try withGateway { gateway in
            for format in ["table", "csv"] {
                let result = try run(gateway, ["keys", "list", "team-a", "--output", format])
                #expect(result.output.split(whereSeparator: \.isNewline).count == 3, "\(result.output)\(result.stderr)")
            }
            #expect(try run(gateway, ["status"]).output.contains("nodes[0].store"))
        }
    }

    @Test("--help after a group of commands names them all", arguments: ["teams", "keys", "upstream-keys"])
    func help(command: String) throws {
        for flag in ["--help", "-h"] {
            let result = try CommandResult.ofProgram("tollgate", [command, flag])
            #expect(result.succeeded && result.output.contains("SUBCOMMANDS"), "\(result.output)\(result.stderr)")
        }
        #expect(
            try CommandResult.ofProgram("tollgate", ["keys", "rotate", "--help"]).output.contains("(default: 24h)")
        )
    }
}
