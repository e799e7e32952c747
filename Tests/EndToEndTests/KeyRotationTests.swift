import Foundation
import TestSupport
import Testing

/// Keys at the vendor change while requests are under way, unnoticed by clients.
@Suite("Rotation of the vendor's keys")
struct KeyRotationTests {
    private static let next = "vendor-next-0123456789abcdef"
    private static let added = "vendor-added-0123456789abcdef"

    private func fileKey(_ folder: TemporaryFolder, _ more: JSON = [:]) -> JSON {
        let key: JSON = ["id": "primary", "secret": ["file": .string(folder.file("primary.key"))]]
        return key.overlaid(with: more)
    }

    private func upstream(_ keys: JSON...) -> JSON { ["upstream": ["keys": .array(keys)]] }

    /// Returns when calls have reached the vendor with one key and, since the previous check, none with the other.
    private func waitForSwitch(_ gateway: Gateway, from old: String, to new: String) throws {
        let deadline = Deadline.generous
        var last = (old: -1, new: 0)
        while true {
            let now = (old: try gateway.vendor.calls(with: old), new: try gateway.vendor.calls(with: new))
            // This many calls after the previous check, every call that was under way then has arrived.
            if now.old == last.old, now.new >= last.new + 20 { return }
            if now.old != last.old { last = now }
            try #require(!deadline.hasPassed, "no switch: \(now)")
        }
    }

    @Test("under load: a secret replaced, a key added, one removed, one expired; no client sees an error")
    func underLoad() throws {
        let vendor = try VendorSim(["--delay", "20ms"], keys: [VendorSim.key, Self.next, Self.added])
        let folder = try TemporaryFolder()
        try folder.write(VendorSim.key, to: "primary.key")
        try withGateway(upstream(fileKey(folder)), vendor: vendor) { gateway in
            // Each client has a call of 20 ms under way at all times: 200 misses a second, if the machine can.
            let load = SteadyLoad(gateway, clients: 4)
            try gateway.vendor.control("POST", "/sim/wait", ["calls": 20])

            try folder.write(Self.next, to: "primary.key")
            try gateway.reload(expecting: "reloaded")
            try waitForSwitch(gateway, from: VendorSim.key, to: Self.next)
            // Only now is the old secret deleted at the vendor, as an operator would do it.
            try gateway.vendor.setKey(VendorSim.key, ["state": "bad"])

            let added: JSON = ["id": "added", "secret": ["value": .string(Self.added)]]
            try gateway.rewriteConfiguration(upstream(fileKey(folder), added))
            try gateway.reload(expecting: "reloaded")
            let deadline = Deadline.generous
            while try gateway.vendor.calls(with: Self.added) < 20 {
                try #require(!deadline.hasPassed, "the added key is not used")
            }

            try gateway.rewriteConfiguration(upstream(added))
            try gateway.reload(expecting: "reloaded")
            try waitForSwitch(gateway, from: Self.next, to: Self.added)

            let end = ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: 1))
            let expiring = added.overlaid(with: ["not_after": .string(end)])
            try gateway.rewriteConfiguration(upstream(expiring, fileKey(folder)))
            try gateway.reload(expecting: "reloaded")
            try waitForSwitch(gateway, from: Self.added, to: Self.next)

            #expect(load.stop() == [])
            let replies = load.replyCount
            let calls = try [VendorSim.key, Self.next, Self.added].map { try gateway.vendor.calls(with: $0) }
            #expect(calls.reduce(0, +) == replies && calls.allSatisfy { $0 >= 20 }, "\(calls)")
            #expect(try gateway.vendor.account()["charges"].int == replies)
        }
    }

    @Test("a request under way ends on the old secret, the next one has the new one")
    func inFlight() throws {
        let vendor = try VendorSim(keys: [VendorSim.key, Self.next])
        let folder = try TemporaryFolder()
        try folder.write(VendorSim.key, to: "primary.key")
        try withGateway(upstream(fileKey(folder)), vendor: vendor) { gateway in
            try gateway.vendor.queueFault("hold")
            let waiting = try gateway.connect()
            try waiting.send(TestRequest.classify(SampleRequests.about(), key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            try folder.write(Self.next, to: "primary.key")
            try gateway.reload(expecting: "reloaded")
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            try gateway.vendor.release()
            expectStoredMiss(try waiting.response())
            #expect(try gateway.vendor.calls(with: VendorSim.key) == 1)
            #expect(try gateway.vendor.calls(with: Self.next) == 1)
        }
    }

    @Test("a secret that the vendor has forgotten before the file had the new one: the request is tried with that one")
    func forgotten() throws {
        let vendor = try VendorSim(keys: [VendorSim.key, Self.next])
        let folder = try TemporaryFolder()
        try folder.write(VendorSim.key, to: "primary.key")
        try withGateway(upstream(fileKey(folder)), vendor: vendor) { gateway in
            let document = SampleRequests.newDocumentID()
            let refusal: JSON = ["status": 401, "hold": true]
            try gateway.vendor.queueFault("status", document: document, refusal)
            let waiting = try gateway.connect()
            try waiting.send(TestRequest.classify(SampleRequests.about(document), key: Gateway.keyA).bytes)
            try gateway.vendor.waitForCalls(inFlight: 1)
            try folder.write(Self.next, to: "primary.key")
            try gateway.reload(expecting: "reloaded")
            try gateway.vendor.release()
            expectStoredMiss(try waiting.response())
            expectStoredMiss(try gateway.classify(SampleRequests.about()))
            #expect(try gateway.vendor.calls(with: Self.next) == 2)
        }
    }
}
