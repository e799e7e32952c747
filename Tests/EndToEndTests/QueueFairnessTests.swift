import TestSupport
import Testing

/// `docs/faults.md` §7: teams take turns in the queue for the vendor.
@Suite("The queue to the vendor")
struct QueueFairnessTests {
    /// Waits until `count` requests are in the queue.
    private func waitForQueue(_ gateway: Gateway, _ count: Int) throws {
        let deadline = Deadline.generous
        while try gateway.admin("GET", "/status").json["upstream"][0]["waiting"].int != count {
            try #require(!deadline.hasPassed, "not \(count) waiting")
        }
    }

    @Test("a team with one request is delayed by one of another team that has twenty in the queue before it")
    func fair() throws {
        try withGateway(["upstream": ["max_concurrency": 1]]) { gateway in
            try gateway.vendor.queueFault("hold", count: 22)
            func ask(_ key: String) throws -> RawConnection {
                let connection = try gateway.connect()
                try connection.send(TestRequest.classify(SampleRequests.about(), key: key).bytes)
                return connection
            }
            var many = [try ask(Gateway.keyA)]
            try gateway.vendor.waitForCalls(inFlight: 1)
            for _ in 0..<20 { many.append(try ask(Gateway.keyA)) }
            try waitForQueue(gateway, 20)
            let single = try ask(Gateway.keyB)
            try waitForQueue(gateway, 21)
            // The one that is out, at most one of the many, and the single request itself.
            for waiting in [20, 19] {
                try gateway.vendor.control("POST", "/sim/release", ["count": 1])
                try waitForQueue(gateway, waiting)
                try gateway.vendor.waitForCalls(inFlight: 1)
            }
            try gateway.vendor.control("POST", "/sim/release", ["count": 1])
            expectStoredMiss(try single.response())
            try gateway.vendor.control("DELETE", "/sim/faults")
            try gateway.vendor.release()
            for connection in many { expectStoredMiss(try connection.response()) }
        }
    }
}
