import Foundation
import TestSupport
import Testing

@Suite("A store in trouble")
struct StoreTroubleTests {
    /// Holds the write lock of the store's file, as another program might, until SIGTERM.
    private static let locker = """
        import signal, sqlite3, sys
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        print("locked", flush=True)
        signal.sigwait([signal.SIGTERM])
        connection.execute("ROLLBACK")
        connection.close()
        """

    @Test("readiness says so while the store cannot be written, and recovers by itself; hits are served")
    func lockedStore() throws {
        try withGateway { gateway in
            #expect(try gateway.send(TestRequest("GET", "/readyz")).status == 200)
            let kept = try gateway.classify(SampleRequests.vendors)
            expectStoredMiss(kept)
            let locker = try ServerProcess(["python3", "-c", Self.locker, gateway.folder.file("tollgate.db")])
            _ = try locker.announcement(after: "locked")
            let refusal = try gateway.send(TestRequest("GET", "/readyz"))
            expectError(refusal, 503, "store_unavailable")
            #expect(refusal["retry-after"] != nil)
            for result in try readyCommands(gateway) {
                #expect(result.end == .exit(1) && result.stderr.contains("503 store_unavailable"), "\(result.stderr)")
            }
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try locker.terminate() == .exit(0))
            #expect(try gateway.send(TestRequest("GET", "/readyz")).status == 200)
            for result in try readyCommands(gateway) { #expect(result.succeeded, "\(result.stderr)") }
        }
    }

    /// `tollgate ready`, which asks the admin side and then the clients'.
    private func readyCommands(_ gateway: Gateway) throws -> [CommandResult] {
        try [gateway.adminPort, gateway.port].map { port in
            try .ofProgram("tollgate", ["ready", "--admin", "http://127.0.0.1:\(port)"])
        }
    }

    @Test("readiness answers in time while the store's thread waits for a lock")
    func readinessInTime() throws {
        try withGateway { gateway in
            let locker = try lock(gateway)
            // The writer waits 5 s for the lock; no client waits that long.
            let clock = ContinuousClock()
            let asked = clock.now
            expectError(try gateway.send(TestRequest("GET", "/readyz")), 503, "store_unavailable")
            let admin = try RawConnection(port: gateway.adminPort)
            try admin.send(TestRequest("GET", "/readyz").bytes)
            expectError(try admin.response(), 503, "store_unavailable")
            #expect(try gateway.admin("GET", "/status").json["nodes"].items.first?["store"].string == "unavailable")
            #expect(clock.now - asked < .seconds(3 * 5), "three answers took as long as the store's own limit")
            #expect(try locker.terminate() == .exit(0))
        }
    }

    @Test(
        "a database file that is moved is noticed, nothing is spent meanwhile, and it may come back",
        arguments: ["", "-wal"]
    )
    func movedFile(_ suffix: String) throws {
        try withGateway { gateway in
            let kept = try gateway.classify(SampleRequests.vendors)
            expectStoredMiss(kept)
            let file = gateway.folder.file("tollgate.db\(suffix)")
            try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
            // It is noticed without any request.
            func logged(_ word: String) -> Bool { gateway.process.stderr.wait { $0.contains { $0.contains(word) } } }
            #expect(logged("store_file_moved"))
            let readiness = try gateway.send(TestRequest("GET", "/readyz"))
            expectError(readiness, 503, "store_unavailable")
            #expect(readiness.json["message"].string?.contains("moved or deleted") == true)
            let node = try gateway.admin("GET", "/status").json["nodes"].items.first
            #expect(node?["store"].string == "file_moved")
            #expect(node?["store_detail"].string?.contains("tollgate.db\(suffix)") == true)
            let calls = try gateway.vendor.calls()
            expectError(try gateway.classify(SampleRequests.about()), 503, "store_unavailable")
            #expect(try gateway.vendor.calls() == calls, "the vendor was paid for what nobody will find")
            expectHit(try gateway.classify(SampleRequests.vendors))
            // The same file back in its place is the same store.
            try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
            #expect(logged("store_file_back"))
            #expect(try gateway.send(TestRequest("GET", "/readyz")).status == 200)
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
        }
    }

    @Test("a database file that is deleted is missed at the very next write")
    func deletedFile() throws {
        try withGateway { gateway in
            for name in ["tollgate.db", "tollgate.db-wal", "tollgate.db-shm"] {
                try FileManager.default.removeItem(atPath: gateway.folder.file(name))
            }
            expectError(try gateway.classify(SampleRequests.about()), 503, "store_unavailable")
            #expect(try gateway.vendor.calls() == 0)
            let copy = gateway.folder.file("tollgate.db")
            #expect(FileManager.default.createFile(atPath: copy, contents: Data()))
            expectError(try gateway.send(TestRequest("GET", "/readyz")), 503, "store_unavailable")
        }
    }

    @Test("while the store cannot be read a miss is 503, and the vendor is not paid for what may be there")
    func unreadableStore() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try gateway.killAndRestart()
            // Everything after the page that lists the tables is overwritten while the file is open.
            for name in ["tollgate.db", "tollgate.db-wal"] {
                let file = try FileHandle(forWritingTo: URL(fileURLWithPath: gateway.folder.file(name)))
                let size = try file.seekToEnd()
                guard size > 4096 else { continue }
                try file.seek(toOffset: 4096)
                try file.write(contentsOf: Data(repeating: 0x55, count: Int(size) - 4096))
                try file.close()
            }
            let reply = try gateway.classify(SampleRequests.vendors)
            expectError(reply, 503, "store_unavailable")
            #expect(reply["cache-status"] == "tollgate; detail=store_unavailable")
            #expect(try gateway.vendor.calls() == 1)
        }
    }

    private func lock(_ gateway: Gateway) throws -> ServerProcess {
        let locker = try ServerProcess(["python3", "-c", Self.locker, gateway.folder.file("tollgate.db")])
        _ = try locker.announcement(after: "locked")
        return locker
    }

    @Test("a reload that waits for the store is over before the file is read for the next one")
    func reloadsInTurn() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            let locker = try lock(gateway)
            let key = "team-d-secret-0123456789"
            try gateway.rewriteConfiguration([
                "teams": [["id": "team-d", "keys": [["id": "d-key", "secret": ["value": .string(key)]]]]]
            ])
            gateway.process.signal(SIGHUP)
            // The workers have the new team while the entry of the audit log waits.
            let deadline = Deadline.generous
            while try gateway.classify(SampleRequests.vendors, key: key).status == 403 {
                try #require(!deadline.hasPassed, "the new key is not known")
            }
            try gateway.rewriteConfiguration(["cache": ["ttl": "soon"]])
            gateway.process.signal(SIGHUP)
            // The main loop has had the signal when it answers these, and time to read the file.
            for _ in 0..<20 { #expect(try gateway.admin("GET", "/teams").status == 200) }
            #expect(try locker.terminate() == .exit(0))
            func endings(_ lines: [String]) -> [String] {
                lines.compactMap { try? JSON.parse($0.utf8)["msg"].string }.filter { $0.hasPrefix("reload") }
            }
            let stderr = gateway.process.stderr
            #expect(stderr.wait { endings($0).contains("reload_refused") && endings($0).contains("reloaded") })
            // `reload_not_stored` too, if the store's own limit for the lock passed.
            #expect(endings(stderr.lines).filter { $0 != "reload_not_stored" } == ["reloaded", "reload_refused"])
        }
    }

    @Test("a change that waits for the store as SIGTERM comes is made and answered before the end")
    func changeWhileDraining() throws {
        try withGateway { gateway in
            let locker = try lock(gateway)
            let connection = try RawConnection(port: gateway.adminPort)
            let token = [("Authorization", "Bearer \(Gateway.adminToken)")]
            let body = [UInt8](#"{"id": "late"}"#.utf8)
            try connection.send(TestRequest("POST", "/admin/v1/teams", fields: token, body: body).bytes)
            // Requests sent earlier on other connections are being handled when this one is answered: there is one main
            // loop.
            #expect(try gateway.admin("GET", "/teams/late").status == 404)
            gateway.process.signal(SIGTERM)
            let isDraining = gateway.process.stderr.wait { $0.contains { $0.contains("draining") } }
            #expect(isDraining)
            #expect(try locker.terminate() == .exit(0))
            #expect(try connection.response().status == 201)
            #expect(try gateway.process.waitForEnd() == .exit(0))
            try gateway.restart()
            #expect(try gateway.admin("GET", "/teams/late").status == 200)
        }
    }

    private static let budget: JSON = [
        "budgets": ["organization": [["window": "total", "credits": 10]]]
    ]

    @Test("I7: while no reservation can be stored nothing is sent, nothing stays reserved, and it recovers by itself")
    func reservation() throws {
        try withGateway(Self.budget) { gateway in
            let locker = try lock(gateway)
            let refusal = try gateway.classify(SampleRequests.vendors)
            expectError(refusal, 503, "store_unavailable")
            #expect(refusal["retry-after"] != nil)
            #expect(refusal["tollgate-budget-remaining"] == "10")
            #expect(try gateway.vendor.calls() == 0)
            #expect(try locker.terminate() == .exit(0))
            let paid = try gateway.classify(SampleRequests.vendors)
            expectStoredMiss(paid)
            #expect(paid["tollgate-budget-remaining"] == "8")
        }
    }

    @Test("I5: a reply whose settlement cannot be stored is not told; it is kept, and paid for once")
    func settlement() throws {
        try withGateway(Self.budget) { gateway in
            try gateway.vendor.queueFault("hold")
            let client = try gateway.connect()
            try client.send(TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            let locker = try lock(gateway)
            try gateway.vendor.release()
            expectError(try client.response(), 503, "store_unavailable")
            #expect(gateway.process.stderr.wait { $0.contains { $0.contains("ending_not_stored") } })
            #expect(try locker.terminate() == .exit(0))
            // The leader retries every second; the drain waits for it, and then everything is on disk.
            #expect(try gateway.process.terminate() == .exit(0))
            try gateway.restart()
            let hit = try gateway.classify(SampleRequests.vendors)
            expectHit(hit)
            #expect(hit["tollgate-budget-remaining"] == "8")
            #expect(try gateway.vendor.calls() == 1)
        }
    }
}
