import Foundation
import TestSupport
import Testing

/// `docs/storage.md` §14, with the programs and a real server.
@Suite("A store in PostgreSQL")
struct PostgreSQLStoreTests {
    /// A database of its own at a server that is shared, or at this one.
    private func store(_ server: PostgreSQLServer? = nil) throws -> JSON {
        let server = try server ?? PostgreSQLServer.shared
        return ["store": ["url": .string(try socketURL(server))]]
    }

    private func socketURL(_ server: PostgreSQLServer) throws -> String {
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        return server.socketURL(database: String(name))
    }

    /// The same over TCP, where the role has to show its password.
    private func storeWithPassword() throws -> JSON {
        let server = try PostgreSQLServer.shared
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        let url = "postgresql://\(PostgreSQLServer.user)@127.0.0.1:\(server.port)/\(name)"
        return ["store": ["url": .string(url), "password": ["value": .string(PostgreSQLServer.password)]]]
    }

    private func credits(_ gateway: Gateway) throws -> [Decimal] {
        let total = try gateway.admin("GET", "/spend").json["total"]
        return try ["spent", "unconfirmed", "saved"].map { try #require(total[$0].number) }
    }

    @Test("what was answered is a hit after a restart, sums are the same, and the node has a number of its own")
    func restart() throws {
        try withGateway(try storeWithPassword()) { gateway in
            let body = SampleRequests.about()
            let first = try gateway.classify(body)
            expectStoredMiss(first)
            expectHit(try gateway.classify(body))
            let node = try #require(try gateway.admin("GET", "/status").json["nodes"].items.first)
            #expect(node["id"].string == "0" && node["store"].string == "ready")
            // Counts of hits are written when the process ends, at the latest.
            #expect(try gateway.process.terminate() == .exit(0))
            try gateway.restart()
            let again = try gateway.classify(body)
            expectHit(again)
            #expect(again.body == first.body)
            let used = try #require(first.json["credits_used"].number)
            #expect(try credits(gateway).prefix(2) == [used, 0])
            #expect(try gateway.admin("GET", "/status").json["nodes"].items.first?["id"].string == "1")
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    @Test("a password that was changed is taken by SIGHUP, for the connections that are made from then on")
    func password() throws {
        let server = try PostgreSQLServer.start()
        let name = try #require(try server.makeDatabase().split(separator: "/").last)
        func store(_ password: String) -> JSON {
            let url = "postgresql://\(PostgreSQLServer.user)@127.0.0.1:\(server.port)/\(name)"
            return ["store": ["url": .string(url), "password": ["value": .string(password)]]]
        }
        try withGateway(store(PostgreSQLServer.password)) { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            try server.execute("ALTER ROLE \(PostgreSQLServer.user) PASSWORD 'another'")
            try server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'")
            expectError(try gateway.classify(SampleRequests.about()), 503, "store_unavailable")
            try gateway.rewriteConfiguration(store("another"))
            try gateway.reload(expecting: "reloaded")
            let deadline = Deadline.generous
            while try gateway.classify(SampleRequests.about()).status != 200 {
                try #require(!deadline.hasPassed, "the new password is not used")
                usleep(50_000)
            }
        }
    }

    @Test("a kill in the middle of a call leaves it unconfirmed, at its estimate, once the lease is over")
    func kill() throws {
        try withGateway(try store()) { gateway in
            let paid = try gateway.classify(SampleRequests.about())
            try gateway.vendor.queueFault("hold")
            let flying = try gateway.connect()
            try flying.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            try gateway.killAndRestart()
            try gateway.vendor.release()
            let isTold = gateway.process.stderr.wait { $0.contains { $0.contains("reservations_unconfirmed") } }
            #expect(isTold, "\(gateway.process.stderr.text)")
            let rows = try gateway.admin("GET", "/ledger?state=unconfirmed").json["items"].items
            #expect(rows.count == 1)
            let sums = try credits(gateway)
            #expect(sums[0] == paid.json["credits_used"].number && sums[1] > 0)
            let id = try #require(rows.first?["id"].string)
            #expect(try gateway.admin("POST", "/ledger/\(id)/resolve", ["credits": 3]).status == 200)
            #expect(try credits(gateway) == [sums[0] + 3, 0, 0])
        }
    }

    @Test(
        "the server is restarted under load: what was answered is booked, to the credit, and the gateway goes on by itself"
    )
    func serverRestarts() throws {
        let server = try PostgreSQLServer.start()
        let vendor = try VendorSim(["--delay", "5ms"])
        try withGateway(try store(server), vendor: vendor) { gateway in
            let load = SteadyLoad(gateway, clients: 8)
            let deadline = Deadline.generous
            for round in 1...3 {
                try #require(load.wait(forMore: 40), "no replies in round \(round)")
                try server.restart(immediate: true)
            }
            while try gateway.send(TestRequest("GET", "/readyz")).status != 200 {
                try #require(!deadline.hasPassed, "never ready again")
                usleep(50_000)
            }
            let refused = load.stop()
            #expect(refused.allSatisfy { $0.hasPrefix("503") }, "\(refused.first { !$0.hasPrefix("503") } ?? "")")
            // What could not be ended while the server was away is ended now, by itself.
            while try reserved(gateway) != 0 {
                try #require(!deadline.hasPassed, "reservations have no end")
                usleep(100_000)
            }
            #expect(try credits(gateway).prefix(2) == [try charged(vendor), 0])
        }
    }

    private func charged(_ vendor: VendorSim) throws -> Decimal {
        try #require(try vendor.account()["credits_charged"].number)
    }

    private func reserved(_ gateway: Gateway) throws -> Int {
        try gateway.admin("GET", "/ledger?state=reserved").json["items"].items.count
    }

    @Test(
        "check says what the server is, the file's commands point to PostgreSQL's own, and migrate finds nothing to do"
    )
    func commands() throws {
        try withGateway(try store()) { gateway in
            let check = try CommandResult.ofProgram("tollgate", ["check", "--config", gateway.configurationPath])
            #expect(check.succeeded, "\(check.output)")
            #expect(try gateway.admin("GET", "/backup").status == 409)
            let restore = try CommandResult.ofProgram(
                "tollgate",
                ["restore", gateway.folder.file("none.db"), "--config", gateway.configurationPath]
            )
            #expect(restore.end == .exit(1) && restore.stderr.contains("pg_restore"), "\(restore.stderr)")
            let migrate = try CommandResult.ofProgram("tollgate", ["migrate", "--config", gateway.configurationPath])
            #expect(migrate.succeeded && migrate.output.contains("already"), "\(migrate.stderr)")
        }
    }

    @Test(
        "check names what is wrong at the database",
        arguments: [
            ("postgresql://tollgate@127.0.0.1:1/none", "connection refused"),
            ("postgresql://tollgate@127.0.0.1/none?sslmode=maybe", "sslmode"), ("postgresql://%", "URL"),
        ]
    )
    func wrong(url: String, words: String) throws {
        let folder = try TemporaryFolder()
        let configuration = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:1", folder: folder)
        try folder.write(configuration.overlaid(with: ["store": ["url": .string(url)]]).text, to: "config.json")
        let check = try CommandResult.ofProgram("tollgate", ["check", "--config", folder.file("config.json")])
        #expect(check.end == .exit(1))
        #expect(
            check.output.contains("store.url: ") && check.output.lowercased().contains(words.lowercased()),
            "\(check.output)"
        )
    }

    @Test("check warns of a server whose commits can be lost")
    func unsafe() throws {
        let folder = try TemporaryFolder()
        let url = try socketURL(PostgreSQLServer.shared)
        let name = try #require(url.split(separator: "/").dropFirst(2).first?.split(separator: "?").first)
        try PostgreSQLServer.shared.execute("ALTER DATABASE \(name) SET synchronous_commit = off")
        let configuration = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:1", folder: folder)
        try folder.write(configuration.overlaid(with: ["store": ["url": .string(url)]]).text, to: "config.json")
        let check = try CommandResult.ofProgram("tollgate", ["check", "--config", folder.file("config.json")])
        #expect(check.succeeded && check.output.contains("synchronous_commit is off"), "\(check.output)")
    }
}
