import Foundation
import TestSupport
import Testing

@Suite("A store in trouble")
struct StoreTroubleTests {
    /// Holds the write lock of the store's file, as a foreign program would, until SIGTERM.
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
            expectHit(try gateway.classify(SampleRequests.vendors))
            #expect(try locker.terminate() == .exit(0))
            #expect(try gateway.send(TestRequest("GET", "/readyz")).status == 200)
        }
    }

    @Test("while the store cannot be read a miss is 503, and the vendor is not paid for what may be there")
    func unreadableStore() throws {
        try withGateway { gateway in
            expectStoredMiss(try gateway.classify(SampleRequests.vendors))
            try gateway.killAndRestart()
            // Everything behind the page that names the tables is overwritten while the file is open.
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

    @Test("a change that waits for the store as SIGTERM comes is made and answered before the end")
    func changeWhileDraining() throws {
        try withGateway { gateway in
            let locker = try lock(gateway)
            let connection = try RawConnection(port: gateway.adminPort)
            let token = [("Authorization", "Bearer \(Gateway.adminToken)")]
            let body = [UInt8](#"{"id": "late"}"#.utf8)
            try connection.send(TestRequest("POST", "/admin/v1/teams", fields: token, body: body).bytes)
            // Whatever was sent before on another connection is in work when this is answered: the main loop is one.
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
            // The leader tries every second; the drain waits for it, and then everything is on disk.
            #expect(try gateway.process.terminate() == .exit(0))
            try gateway.restart()
            let hit = try gateway.classify(SampleRequests.vendors)
            expectHit(hit)
            #expect(hit["tollgate-budget-remaining"] == "8")
            #expect(try gateway.vendor.calls() == 1)
        }
    }
}
