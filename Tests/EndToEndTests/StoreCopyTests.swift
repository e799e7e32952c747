import Foundation
import TestSupport
import Testing

/// docs/operations.md §8, with the programs and a real server.
@Suite("tollgate store copy")
struct StoreCopyTests {
    private let folder: TemporaryFolder
    private let server: PostgreSQLServer
    private let database: String
    private let vendor: VendorSim
    private let limit = 150

    init() throws {
        folder = try TemporaryFolder()
        server = try PostgreSQLServer.shared
        database = try #require(try server.makeDatabase().split(separator: "/").last.map(String.init))
        vendor = try VendorSim()
    }

    /// One that works with a store at this place.
    private func gateway(_ url: String) throws -> Gateway {
        try Gateway(
            [
                "store": ["url": .string(url)],
                "teams": [
                    [
                        "id": "team-a", "name": "Team A", "account": "default",
                        "keys": [["id": "a-key", "secret": ["value": .string(Gateway.keyA)]]],
                        "budgets": [["window": "total", "credits": .number(Decimal(limit))]],
                    ]
                ],
            ],
            vendor: vendor
        )
    }

    private func file(_ name: String) -> String { "sqlite:" + folder.file(name) }

    /// Over TCP, where the password is asked for.
    private var databaseURL: String { "postgresql://\(PostgreSQLServer.user)@127.0.0.1:\(server.port)/\(database)" }

    private func copy(_ arguments: String..., environment: [String: String] = [:]) throws -> CommandResult {
        try CommandResult.ofProgram("tollgate", ["store", "copy"] + arguments, environment: environment)
    }

    private func copyBack() throws -> CommandResult {
        let environment = ["DB": PostgreSQLServer.password]
        return try copy(databaseURL, file("two.db"), "--from-password-env", "DB", environment: environment)
    }

    private func budget(_ gateway: Gateway) throws -> JSON {
        let items = try gateway.admin("GET", "/budgets").json["items"].items
        return try #require(items.first { $0["scope"] == "team" && $0["id"] == "team-a" })["budgets"][0]
    }

    private func audit(_ gateway: Gateway) throws -> [JSON] {
        try gateway.admin("GET", "/audit?limit=100").json["items"].items.filter { $0["action"] == "team.create" }
    }

    private func amount(_ budget: JSON, _ names: String...) throws -> Decimal {
        try names.reduce(0) { try $0 + #require(budget[$1].number, "\(budget)") }
    }

    @Test(
        "a store goes from a file to two gateways on a database and back, with hits, budgets, teams and the audit log"
    )
    func thereAndBack() throws {
        let question = SampleRequests.about()
        let single = try gateway(file("one.db"))
        expectStoredMiss(try single.classify(question))
        for name in ["sales", "legal"] {
            let team: JSON = ["id": .string(name), "name": .string(name), "account": "default"]
            #expect(try single.admin("POST", "/teams", team).status == 201)
        }
        let load = SteadyLoad(single, clients: 4)
        #expect(load.wait(forMore: 8))
        let password = try folder.write(PostgreSQLServer.password + "\n", to: "password")
        #expect(load.stop() == [])
        let running = try copy(file("one.db"), databaseURL, "--to-password-file", password)
        #expect(running.end == .exit(1) && running.stderr.contains("stop the gateway first"), "\(running.stderr)")
        // It is killed with a call under way, whose fate nobody knows.
        try vendor.queueFault("hold")
        let flying = try single.connect()
        try flying.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
        try vendor.waitForCalls(inFlight: 1)
        let before = try budget(single)
        let entries = try audit(single)
        #expect(entries.count == 2)
        try single.process.kill()
        try vendor.release()

        let there = try copy(file("one.db"), databaseURL, "--to-password-file", password)
        #expect(there.succeeded && there.output.contains("both sides were counted and agree"), "\(there.stderr)")
        #expect(there.output.contains("1 reservations were under way"), "\(there.output)")
        let shared = server.socketURL(database: database)
        let nodes = [try gateway(shared), try gateway(shared)]
        for node in nodes {
            expectHit(try node.classify(question))
            #expect(try audit(node) == entries)
            let now = try budget(node)
            #expect(try amount(now, "spent") == amount(before, "spent"))
            #expect(try amount(now, "spent", "unconfirmed") == amount(before, "spent", "unconfirmed", "reserved"))
            #expect(try node.admin("GET", "/ledger?state=unconfirmed").json["items"].items.count == 1)
        }
        let again = try copyBack()
        #expect(again.end == .exit(1) && again.stderr.contains("2 gateways work with it"), "\(again.stderr)")
        // Both go on until the budget is spent, to the last credit.
        let last = SampleRequests.about()
        expectStoredMiss(try nodes[1].classify(last))
        var count = 0
        while case let reply = try nodes[count % 2].classify(SampleRequests.about()), reply.status == 200 {
            count += 1
            try #require(count < 1_000)
        }
        let spent = try budget(nodes[0])
        #expect(try amount(spent, "spent", "unconfirmed", "reserved") <= Decimal(limit))
        for node in nodes { expectError(try node.classify(SampleRequests.about()), 402, "budget_exceeded") }
        for node in nodes { #expect(try node.process.terminate() == .exit(0)) }

        let back = try copyBack()
        #expect(back.succeeded && !back.output.contains("under way"), "\(back.stderr)")
        let end = try gateway(file("two.db"))
        expectHit(try end.classify(question))
        expectHit(try end.classify(last))
        expectError(try end.classify(SampleRequests.about()), 402, "budget_exceeded")
        #expect(try amount(budget(end), "spent") == amount(spent, "spent"))
        #expect(try amount(budget(end), "unconfirmed") == amount(spent, "unconfirmed"))
        #expect(try audit(end) == entries)
        #expect(try end.admin("GET", "/teams/sales").status == 200)
        try expectCleanEnd(of: end)
    }

    @Test("what is wrong with its arguments is said, and no password is")
    func arguments() throws {
        let url = "postgresql://u@127.0.0.1:1/d"
        let password = try folder.write("not-to-be-shown\n", to: "password")
        for (arguments, words) in [
            (["sqlite:a.db", "postgresql://u:not-to-be-shown@h/d"], "TO: the URL has a password"),
            (["postgresql://h/d?password=not-to-be-shown", "sqlite:a.db"], "--from-password-file"),
            (["a.db", url], "FROM: give sqlite:PATH or postgresql"),
            (["sqlite:", url], "FROM: give sqlite:PATH"),
            (["sqlite:a.db", url, "--to-password-env", "UNSET"], "environment variable UNSET is not set"),
            (["sqlite:a.db", url, "--from-password-file", password], "FROM is a file, which has no password"),
            ([file("none.db"), url], "there is no store"),
            ([url, file("none.db"), "--from-password-file", password], "no connection"),
            (["postgresql://%", "sqlite:a.db"], "FROM: the URL"),
        ] {
            let result = try CommandResult.ofProgram("tollgate", ["store", "copy"] + arguments)
            #expect(!result.succeeded && result.stderr.contains(words), "\(arguments): \(result.stderr)")
            #expect(!(result.stderr + result.output).contains("not-to-be-shown"))
        }
        let both = try copy("sqlite:a.db", url, "--to-password-env", "A", "--to-password-file", "b")
        #expect(both.end == .exit(64) && both.stderr.contains("give either"), "\(both.stderr)")
    }
}
