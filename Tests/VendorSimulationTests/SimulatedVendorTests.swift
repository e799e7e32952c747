import Testing
import Vocabulary

@testable import VendorSimulation

@Suite("The vendor's rules")
struct SimulatedVendorTests {
    private let one = MicroCredits(micros: 1_000_000)

    @Test("the sample's reply has every member in the documented order")
    func sample() {
        var vendor = TestCalls.vendor()
        let plan = vendor.receive(TestCalls.call(TestCalls.body(extra: #", "page_range": "1-2""#)))
        let pattern =
            /\{"request_id": "[0-9a-f-]{36}", "document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "classifier_id": null, "classification": "invoice", "confidence_scores": \{"invoice": 0\.\d+, "contract": 0\.\d+\}, "request_status": "completed", "credits_used": 2, "num_pages": 2, "duration": 1\.4\}/
        #expect(TestCalls.body(of: plan).wholeMatch(of: pattern) != nil)
        #expect(TestCalls.text(plan).hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "))
        #expect(plan.delay == .milliseconds(1_400) && !plan.isHeld)
    }

    @Test(
        "credits are pages times the model's price, exact",
        arguments: [
            ("", 7, "7"), (#", "page_range": "1-3""#, 7, "3"), (#", "page_range": "6-9""#, 7, "2"),
            (#", "query_model": "gpt-4o""#, 3, "1.500003"),
        ]
    )
    func credits(extra: String, pages: Int, expected: String) throws {
        var settings = VendorSettings(delay: .zero, keys: [TestCalls.key])
        settings.creditsPerPage["gpt-4o"] = MicroCredits(micros: 500_001)
        var vendor = TestCalls.vendor(settings)
        vendor.setDocument(TestCalls.document, try change(#"{"pages": \#(pages)}"#))
        let plan = vendor.receive(TestCalls.call(TestCalls.body(extra: extra)))
        #expect(TestCalls.body(of: plan).contains(#""credits_used": \#(expected), "#))
        #expect(plan.charge?.credits.description == expected)
        vendor.finish(plan)
        #expect(vendor.account.creditsCharged.description == expected)
        #expect(vendor.account.documents[TestCalls.document] == .init(calls: 1, credits: plan.charge!.credits))
    }

    private func change(_ text: String) throws -> DocumentChange {
        var members = try ControlMembers(Array(text.utf8))
        return try DocumentChange(&members)
    }

    @Test("two replies never share a request_id, all else is the same")
    func requestIDs() {
        var vendor = TestCalls.vendor()
        let bodies = (0..<2).map { _ in TestCalls.body(of: vendor.receive(TestCalls.call())) }
        #expect(bodies[0] != bodies[1])
        #expect(bodies[0].dropFirst(60) == bodies[1].dropFirst(60))
    }

    @Test(
        "documents that cannot be classified are refused and cost nothing",
        arguments: [("not_ocred", 400, "document_not_processed"), ("unknown", 404, "document_not_found")]
    )
    func documents(state: String, status: Int, code: String) throws {
        var vendor = TestCalls.vendor()
        vendor.setDocument(TestCalls.document, try change(#"{"state": "\#(state)"}"#))
        let plan = vendor.receive(TestCalls.call())
        #expect(TestCalls.text(plan).hasPrefix("HTTP/1.1 \(status) "))
        #expect(TestCalls.body(of: plan).hasPrefix(#"{"success": false, "error": "\#(code)", "message": ""#))
        #expect(plan.charge == nil)
        #expect(vendor.receive(TestCalls.call(TestCalls.body(TestCalls.other))).charge != nil)
    }

    @Test("a model without a price is refused")
    func model() {
        var vendor = TestCalls.vendor()
        let plan = vendor.receive(TestCalls.call(TestCalls.body(extra: #", "query_model": "gpt-9""#)))
        #expect(TestCalls.text(plan).hasPrefix("HTTP/1.1 400 "))
    }

    @Test("a missing key and an unknown one are refused in the vendor's shape", arguments: [nil, "", "other-key"])
    func unknownKeys(key: String?) {
        var vendor = TestCalls.vendor()
        let plan = vendor.receive(TestCalls.call(key: key))
        #expect(TestCalls.text(plan).hasPrefix("HTTP/1.1 403 "))
        #expect(TestCalls.body(of: plan).hasPrefix(#"{"success": false, "error": "forbidden""#))
        #expect(plan.charge == nil)
    }

    @Test(
        "a key's state decides what becomes of its calls",
        arguments: [
            (KeyState.good, 200, "request_id"), (.bad, 403, "success"), (.forbidden, 403, #"{"message": "Forbidden"}"#),
            (.unauthorized, 401, #"{"message": "Unauthorized"}"#), (.rateLimited(.seconds(7)), 429, "message"),
        ]
    )
    func keyStates(state: KeyState, status: Int, text: String) {
        var vendor = TestCalls.vendor()
        vendor.setKey("key-2", state)
        let plan = vendor.receive(TestCalls.call(key: "key-2"))
        #expect(TestCalls.text(plan).hasPrefix("HTTP/1.1 \(status) "))
        #expect(TestCalls.body(of: plan).contains(text))
        #expect(TestCalls.text(plan).contains("Retry-After: 7\r\n") == (status == 429))
    }

    @Test("the account counts calls, charges and what is in flight")
    func account() {
        var vendor = TestCalls.vendor()
        let plans = (1...3).map { number in
            vendor.called(requestID: "r-\(number)")
            return vendor.receive(TestCalls.call(requestID: "r-\(number)"))
        }
        #expect(vendor.account.inFlight == 3 && vendor.account.creditsCharged == .zero)
        for plan in plans { vendor.finish(plan) }
        vendor.called(requestID: nil)
        vendor.finish(vendor.receive(TestCalls.call("{}", key: "wrong")))
        let account = vendor.account
        #expect(account.calls == 4 && account.classifyCalls == 4 && account.charges == 3)
        #expect(account.inFlight == 0 && account.inFlightMax == 3)
        #expect(account.keys[TestCalls.key] == .init(calls: 3, credits: MicroCredits(micros: 6_000_000)))
        #expect(account.keys["wrong"] == .init(calls: 1, credits: .zero))
        #expect(account.requestIDs == ["r-1", "r-2", "r-3"])
        #expect(account.json.contains(#""credits_charged": 6, "#))
    }

    @Test("a reset forgets everything but what is in flight")
    func reset() throws {
        var vendor = TestCalls.vendor()
        vendor.setKey(TestCalls.key, .bad)
        vendor.setDocument(TestCalls.document, try change(#"{"state": "unknown"}"#))
        try vendor.queue(Fault(.http10))
        let plan = vendor.receive(TestCalls.call())
        vendor.reset()
        #expect(vendor.account.inFlight == 1 && vendor.account.classifyCalls == 0)
        vendor.finish(plan)
        let next = vendor.receive(TestCalls.call())
        #expect(TestCalls.text(next).hasPrefix("HTTP/1.1 200 "))
    }

    @Test("settings change what comes after, and only what they name")
    func settings() throws {
        var vendor = TestCalls.vendor()
        var members = try ControlMembers(Array(#"{"delay_ms": 5, "credits_per_page": {"gpt-4o-mini": 2.5}}"#.utf8))
        vendor.apply(try SettingsChange(&members))
        let plan = vendor.receive(TestCalls.call())
        #expect(plan.delay == .milliseconds(5))
        #expect(plan.charge?.credits == MicroCredits(micros: 5_000_000))
        members = try ControlMembers(Array(#"{"keys": ["another-key"]}"#.utf8))
        vendor.apply(try SettingsChange(&members))
        #expect(vendor.receive(TestCalls.call()).charge == nil)
        #expect(vendor.receive(TestCalls.call(key: "another-key")).delay == .milliseconds(5))
    }

    @Test("the last request ids are kept, oldest first, and no more than the limit")
    func requestIDsBounded() {
        var account = VendorAccount()
        let count = VendorAccount.requestIDsMax + 3
        for number in 1...count { account.called(requestID: "\(number)") }
        #expect(account.requestIDs.count == VendorAccount.requestIDsMax)
        #expect(account.requestIDs.first == "4" && account.requestIDs.last == "\(count)")
    }

    @Test("identifiers of replies are UUIDs of version 4 and differ")
    func sequence() {
        var sequence = RequestIDSequence(seed: 0)
        let identifiers = (0..<1_000).map { _ in sequence.next() }
        #expect(Set(identifiers).count == 1_000)
        let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(identifiers.allSatisfy { $0.wholeMatch(of: pattern) != nil })
    }
}
