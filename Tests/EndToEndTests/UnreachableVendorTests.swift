import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §3, the first row: nothing was sent, so nothing can have been charged.
@Suite("A vendor that cannot be reached")
struct UnreachableVendorTests {
    @Test("nobody listens there: 502 upstream_unreachable, and all is well once somebody does")
    func refused() throws {
        try withGateway { gateway in
            try gateway.vendor.process.kill()
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_unreachable")
            #expect(try gateway.send(TestRequest("GET", "/healthz")).status == 200)
            let other = try VendorSim()
            try gateway.rewriteConfiguration(["upstream": ["base_url": .string(other.url)]])
            gateway.process.signal(SIGHUP)
            let deadline = Deadline.generous
            var reply = try gateway.classify(SampleRequests.vendors)
            while reply.status != 200 {
                try #require(!deadline.hasPassed, "the new address is not used: \(reply.text)")
                reply = try gateway.classify(SampleRequests.vendors)
            }
            expectStoredMiss(reply)
            #expect(try other.calls() == 1)
        }
    }

    @Test("its name does not resolve: 502 upstream_unreachable")
    func unknownName() throws {
        try withGateway(["upstream": ["base_url": "http://vendor.invalid:8080"]]) { gateway in
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_unreachable")
        }
    }

    @Test("its machine takes no connection within connect_timeout: 502 upstream_unreachable")
    func connectTimeout() throws {
        let hole = try UnansweringPort()
        let upstream: JSON = ["base_url": .string("http://127.0.0.1:\(hole.port)"), "connect_timeout": "300ms"]
        try withGateway(["upstream": upstream]) { gateway in
            expectError(try gateway.classify(SampleRequests.vendors), 502, "upstream_unreachable")
        }
        withExtendedLifetime(hole) {}
    }
}
