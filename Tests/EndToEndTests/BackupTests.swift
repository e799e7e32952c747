import Foundation
import TestSupport
import Testing

/// `docs/storage.md` §10: backup and restore with the programs, under load and through kills.
@Suite("tollgate backup, restore and migrate")
struct BackupTests {
    private func run(_ gateway: Gateway, _ arguments: [String], token: String = Gateway.adminToken) throws
        -> CommandResult
    {
        try CommandResult.ofProgram(
            "tollgate",
            arguments + ["--admin", "http://127.0.0.1:\(gateway.adminPort)"],
            environment: ["TOLLGATE_ADMIN_TOKEN": token]
        )
    }

    private func restore(_ gateway: Gateway, _ file: String) throws -> CommandResult {
        try CommandResult.ofProgram("tollgate", ["restore", file, "--config", gateway.configurationPath])
    }

    private func backUp(_ gateway: Gateway, _ file: String) throws -> JSON {
        let result = try run(gateway, ["backup", file, "--output", "json"])
        #expect(result.succeeded, "\(result.stderr)")
        return try JSON.parse(result.output.utf8)
    }

    private func spend(_ gateway: Gateway) throws -> (spent: Decimal, unconfirmed: Decimal) {
        let total = try gateway.admin("GET", "/spend").json["total"]
        return (try #require(total["spent"].number), try #require(total["unconfirmed"].number))
    }

    @Test("a backup has its name when it is whole, is for its owner only, and replaces nothing unasked")
    func backup() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let file = gateway.folder.file("copy.db")
            let first = try backUp(gateway, file)
            #expect(first["ledger_rows"].int == 1 && first["results"].int == 1 && first["under_way"].int == 0)
            #expect(first["spent"].number == (try spend(gateway)).spent)
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(first["bytes"].int == bytes.count)
            #expect(try CommandResult.of(["sha256sum", file]).output.hasPrefix(try #require(first["sha256"].string)))
            let refused = try run(gateway, ["backup", file])
            #expect(refused.end == .exit(1) && refused.stderr.contains("--force"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            #expect(try run(gateway, ["backup", "--force", file]).succeeded)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) != bytes)
            let streamed = try run(gateway, ["backup", "-"])
            #expect(streamed.succeeded && streamed.stdout.starts(with: Array("SQLite format 3".utf8)))
            #expect(streamed.stderr.contains("sha256"))
            let forbidden = try run(gateway, ["backup", gateway.folder.file("no.db")], token: Gateway.operatorToken)
            #expect(forbidden.end == .exit(1) && forbidden.stderr.contains("403 forbidden"))
            let names = try FileManager.default.contentsOfDirectory(atPath: gateway.folder.path)
            #expect(!names.contains { $0.contains(".part") || $0.hasPrefix("no.db") || $0.contains("unfinished") })
        }
    }

    @Test("a download that is cut off, changed or of unknown length leaves no file", arguments: 0...3)
    func brokenDownload(_ kind: Int) throws {
        let digest = "Repr-Digest: sha-256=:\(Data(count: 32).base64EncodedString()):\r\n"
        let reply: ScriptedReply =
            switch kind {
            case 0: .raw("HTTP/1.1 200 OK\r\n\(digest)Content-Length: 10\r\n\r\n12345")
            case 1: .raw("HTTP/1.1 200 OK\r\n\(digest)Content-Length: 5\r\n\r\n12345")
            case 2: .raw("HTTP/1.1 200 OK\r\n\(digest)\r\n12345")
            default: .raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345")
            }
        let server = try ScriptedServer([reply])
        let folder = try TemporaryFolder()
        let result = try CommandResult.ofProgram(
            "tollgate",
            ["backup", folder.file("copy.db"), "--admin", server.url],
            environment: ["TOLLGATE_ADMIN_TOKEN": "token"]
        )
        #expect(result.end == .exit(1) && result.stderr.hasPrefix("tollgate: "), "\(result.stderr)")
        let words = ["within the response", "its SHA-256 is another", "neither its length", "neither its length"]
        #expect(result.stderr.contains(words[kind]), "\(result.stderr)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    /// No document of the simulator costs more, nor is any estimated at more.
    private static let priceMax: Decimal = 10

    @Test("a drill under load: a backup, a kill, a restore, a start; the copy is of one moment of it")
    func drill() throws {
        let vendor = try VendorSim(["--delay", "5ms"])
        let gateway = try Gateway(
            ["budgets": ["organization": [["window": "total", "credits": 100_000]]]],
            vendor: vendor
        )
        let load = SteadyLoad(gateway, clients: 6)
        try vendor.control("POST", "/sim/wait", ["calls": 40])
        let before = try #require(try vendor.account()["credits_charged"].number)
        let file = gateway.folder.file("copy.db")
        let copy = try backUp(gateway, file)
        let after = try #require(try vendor.account()["credits_charged"].number)
        let spent = try #require(copy["spent"].number)
        let underWay = Decimal(try #require(copy["under_way"].int))
        #expect(spent <= after && spent + underWay * Self.priceMax >= before, "\(before)…\(after): \(copy)")
        // Each request has its charge and its result, or is under way.
        #expect(copy["results"].int == copy["ledger_rows"].int.map { $0 - (copy["under_way"].int ?? 0) })
        try vendor.control("POST", "/sim/wait", ["calls": 20])
        try gateway.process.kill()
        _ = load.stop()
        let restored = try restore(gateway, file)
        #expect(restored.succeeded, "\(restored.stderr)")
        for words in ["restored from", "before-restore-", "Budgets admit again", "statements create", "team team-a: "] {
            #expect(restored.output.contains(words), "\(words) in \(restored.output)")
        }
        // A limit that is nearly reached from the start: what was under way counts at its estimate, of 10 pages at
        // most.
        let limit = spent + underWay * Self.priceMax + 15
        try gateway.rewriteConfiguration([
            "budgets": [
                "organization": [["window": "total", "credits": .number(limit)]]
            ]
        ])
        try gateway.restart()
        let now = try spend(gateway)
        #expect(now.spent == spent)
        #expect((now.unconfirmed > 0) == (underWay > 0))
        // What was paid for is answered by the restored store.
        let calls = try vendor.calls()
        for row in try gateway.admin("GET", "/ledger?state=settled&limit=10").json["items"].items {
            expectHit(try gateway.classify(SampleRequests.about(try #require(row["document_id"].string))))
        }
        #expect(try vendor.calls() == calls)
        var status = 200
        for _ in 0..<20 where status == 200 { status = try gateway.classify(SampleRequests.about()).status }
        #expect(status == 402)
        let last = try spend(gateway)
        #expect(last.spent + last.unconfirmed <= limit)
        try expectCleanEnd(of: gateway)
    }

    /// System calls by which a restore changes what is on the disk, and how often it makes each at most.
    private static let points = [
        "pwrite64": 12, "fsync": 8, "fdatasync": 6, "rename": 2, "link": 2, "unlink": 10, "ftruncate": 2, "openat": 60,
    ]

    @Test("killed at any point, a restore leaves the old store or the new one, whole", arguments: points.keys.sorted())
    func killedRestore(_ call: String) throws {
        let gateway = try Gateway()
        expectStoredMiss(try gateway.classify(SampleRequests.about()))
        let file = gateway.folder.file("copy.db")
        _ = try backUp(gateway, file)
        expectStoredMiss(try gateway.classify(SampleRequests.about()))
        // Its log is left beside the store.
        try gateway.process.kill()
        let store = gateway.folder.file("tollgate.db")
        let kept = try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: store + $0)) }
        let program = try ServerProcess.path(ofProgram: "tollgate")
        var kills = 0
        for number in 1...(Self.points[call] ?? 1) {
            for name in try FileManager.default.contentsOfDirectory(atPath: gateway.folder.path)
            where name.hasPrefix("tollgate.db") {
                try FileManager.default.removeItem(atPath: gateway.folder.file(name))
            }
            for (suffix, bytes) in zip(["", "-wal"], kept) { try bytes.write(to: URL(fileURLWithPath: store + suffix)) }
            let result = try CommandResult.of(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)"]
                    + ["-e", "inject=\(call):signal=SIGKILL:when=\(number)"]
                    + [program, "restore", file, "--config", gateway.configurationPath]
            )
            if result.succeeded { break }
            kills += 1
            #expect(result.end == .signal(9), "\(result.stderr)")
            let rows = try ledgerCount(store)
            #expect(rows == 1 || rows == 2, "\(rows) rows after \(call) \(number)")
            // What was begun can be done again.
            let again = try restore(gateway, file)
            #expect(again.succeeded, "\(call) \(number): \(again.stderr)")
            #expect(try ledgerCount(store) == 1)
        }
        #expect(kills > 0, "\(call) is never called")
    }

    /// Reads a store as SQLite does at the next start, log and all; -1 when it is not whole.
    private func ledgerCount(_ file: String) throws -> Int {
        let program = """
            import sqlite3, sys
            database = sqlite3.connect("file:" + sys.argv[1] + "?mode=rw", uri=True)
            whole = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            print(database.execute("SELECT count(*) FROM ledger").fetchone()[0] if whole else -1)
            """
        let result = try CommandResult.of(["python3", "-c", program, file])
        return try #require(Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(result.stderr)")
    }

    @Test("a restore is refused while the gateway runs, and says which process and what to do")
    func runningGateway() throws {
        try withGateway { gateway in
            let file = gateway.folder.file("copy.db")
            _ = try backUp(gateway, file)
            for arguments in [["restore", file], ["migrate"]] {
                let result = try CommandResult.ofProgram(
                    "tollgate",
                    arguments + ["--config", gateway.configurationPath]
                )
                #expect(result.end == .exit(1) && result.stderr.contains("(\(gateway.process.pid))"))
                #expect(result.stderr.contains("stop the gateway first"))
            }
        }
    }

    @Test("keys that were revoked after the backup are named, and only the section store is read")
    func revocations() throws {
        let gateway = try Gateway()
        _ = try gateway.admin("POST", "/teams", ["id": "legal"])
        _ = try gateway.admin("POST", "/teams/legal/keys", ["id": "batch"])
        let file = gateway.folder.file("copy.db")
        _ = try backUp(gateway, file)
        #expect(try gateway.admin("DELETE", "/teams/legal/keys/batch").status == 204)
        try expectCleanEnd(of: gateway)
        let store = gateway.folder.file("tollgate.db")
        let alone = try gateway.folder.write(
            #"{"store": {"url": "sqlite:\#(store)"}, "upstream": {"keys": [{"secret": {"env": "TOLLGATE_TEST_UNSET"}}]}}"#,
            to: "alone.json"
        )
        let result = try CommandResult.ofProgram("tollgate", ["restore", file, "--config", alone])
        #expect(result.succeeded, "\(result.stderr)")
        #expect(result.output.contains("valid again; revoke them: batch"), "\(result.output)")
    }

    // MARK: Other schemas

    /// A store of schema 8 with its rows but for sealed secrets, which nothing here can open, at the place of a gateway
    /// that is not started yet.
    private func older(_ folder: TemporaryFolder) throws -> String {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("StorageTests/Fixtures/schema-08.sql").path
        let program = """
            import sqlite3, sys
            sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read() + "DELETE FROM upstream_keys;")
            """
        #expect(try CommandResult.of(["python3", "-c", program, folder.file("tollgate.db"), fixture]).succeeded)
        let configuration = Gateway.baseConfiguration(vendorURL: "http://127.0.0.1:9", folder: folder)
        return try folder.write(configuration.overlaid(with: ["store": ["migrate": false]]).text, to: "config.json")
    }

    @Test("with store.migrate false an older store is refused with the remedy, which brings it up to date")
    func migration() throws {
        let folder = try TemporaryFolder()
        let file = try older(folder)
        let refused = try CommandResult.ofProgram("tollgate", ["serve", "--config", file])
        #expect(refused.end == .exit(1))
        for words in ["older_schema", "schema 8", "tollgate migrate --config"] {
            #expect(refused.stderr.contains(words), "\(refused.stderr)")
        }
        let migrated = try CommandResult.ofProgram("tollgate", ["migrate", "--config", file])
        #expect(migrated.succeeded && migrated.output.contains("schema 8 brought to "), "\(migrated.stderr)")
        let again = try CommandResult.ofProgram("tollgate", ["migrate", "--config", file])
        #expect(again.succeeded && again.output.contains("nothing was changed"))
        let process = try ServerProcess.program("tollgate", ["serve", "--config", file])
        _ = try process.announcement(after: "tollgate listening on ")
        #expect(try process.terminate() == .exit(0))
    }

    @Test("a newer store is refused by all commands, with the remedy")
    func newer() throws {
        let folder = try TemporaryFolder()
        let file = try older(folder)
        let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 9999')"
        #expect(try CommandResult.of(["python3", "-c", program, folder.file("tollgate.db")]).succeeded)
        try FileManager.default.copyItem(atPath: folder.file("tollgate.db"), toPath: folder.file("copy.db"))
        for arguments in [["serve"], ["migrate"], ["restore", folder.file("copy.db")]] {
            let result = try CommandResult.ofProgram("tollgate", arguments + ["--config", file])
            #expect(result.end == .exit(1))
            #expect(result.stderr.contains("use the program that wrote it or a newer one"), "\(result.stderr)")
        }
    }
}
