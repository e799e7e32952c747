import Testing
import Vocabulary

@testable import VendorSimulation

@Suite("What faults make of a reply")
struct FaultyReplyTests {
    private func plan(_ json: String, _ body: String = TestCalls.body()) throws -> ReplyPlan {
        var vendor = TestCalls.vendor()
        try vendor.queue(try Fault(json: json))
        return vendor.receive(TestCalls.call(body))
    }

    @Test(
        "a fault charges as the real vendor would, unless it says otherwise",
        arguments: [
            (#"{"kind": "hold"}"#, "2"), (#"{"kind": "delay", "ms": 1}"#, "2"),
            (#"{"kind": "status", "status": 400}"#, nil), (#"{"kind": "status", "status": 500}"#, nil),
            (#"{"kind": "status", "status": 503}"#, nil), (#"{"kind": "status", "status": 502}"#, "2"),
            (#"{"kind": "status", "status": 504}"#, "2"),
            (#"{"kind": "status", "status": 504, "charges": false}"#, nil),
            (#"{"kind": "status", "status": 500, "charges": true}"#, "2"), (#"{"kind": "rate_limit"}"#, nil),
            (#"{"kind": "failed"}"#, nil), (#"{"kind": "failed", "credits": 0.5}"#, "0.5"),
            (#"{"kind": "failed", "credits": 1, "charges": false}"#, nil), (#"{"kind": "reset_before_reply"}"#, "2"),
            (#"{"kind": "reset_before_reply", "charges": false}"#, nil), (#"{"kind": "truncated"}"#, "2"),
            (#"{"kind": "credits", "credits": "1e99"}"#, "2"), (#"{"kind": "raw", "base64": ""}"#, "2"),
        ] as [(String, String?)]
    )
    func charges(json: String, credits: String?) throws {
        #expect(try plan(json).charge?.credits.description == credits)
    }

    @Test("a call that the vendor refuses is charged under no fault", arguments: ["hold", "truncated", "http10"])
    func refusals(kind: String) throws {
        let plan = try plan(#"{"kind": "\#(kind)", "charges": true}"#, "{}")
        #expect(plan.charge == nil)
    }

    @Test("a fault about a result leaves a refusal as it is", arguments: ["wrong_label", "other_document", "failed"])
    func refusalUnchanged(kind: String) throws {
        #expect(try TestCalls.text(plan(#"{"kind": "\#(kind)"}"#, "{}")).hasPrefix("HTTP/1.1 400 "))
    }

    @Test(
        "the content changes as the fault says",
        arguments: [
            (
                #"{"kind": "failed", "request_status": "exception", "credits": 1}"#,
                #""request_status": "exception", "credits_used": 1, "#
            ),
            (#"{"kind": "failed"}"#, #""request_status": "failed", "num_pages""#),
            (#"{"kind": "failed"}"#, #""classification": null"#),
            (#"{"kind": "credits", "credits": "missing"}"#, #""completed", "num_pages""#),
            (#"{"kind": "credits", "credits": "\"2\""}"#, #""credits_used": "2", "#),
            (#"{"kind": "credits", "credits": "1e99"}"#, #""credits_used": 1e99, "#),
            (#"{"kind": "other_document"}"#, #""document_id": "0b13c9f2-5148-4ffb-bb7b-de03bb071ca0""#),
            (#"{"kind": "wrong_label"}"#, #""classification": "none of the labels""#),
            (#"{"kind": "not_json"}"#, "text/html"), (#"{"kind": "json_not_object"}"#, #"["completed"]"#),
            (#"{"kind": "status", "status": 504}"#, #"{"message": "Endpoint request timed out"}"#),
            (#"{"kind": "status", "status": 500}"#, #"{"success": false, "error": "simulated_500""#),
            (
                #"{"kind": "status", "status": 418, "body": "tea", "headers": {"content-type": "text/plain"}}"#,
                "text/plain"
            ),
            (#"{"kind": "rate_limit", "retry_after": 9}"#, "Retry-After: 9\r\n"),
            (#"{"kind": "rate_limit", "retry_after_date": 60}"#, "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n"),
        ]
    )
    func contents(json: String, expected: String) throws { #expect(try TestCalls.text(plan(json)).contains(expected)) }

    @Test("a given content type replaces the usual one")
    func contentType() throws {
        let text = try TestCalls.text(plan(#"{"kind": "status", "status": 400, "headers": {"content-type": "a/b"}}"#))
        #expect(!text.contains("application/json"))
    }

    @Test("hold and delay go with every kind")
    func combined() throws {
        let plan = try plan(#"{"kind": "reset_before_reply", "hold": true, "delay_ms": 30}"#)
        #expect(plan.isHeld && plan.delay == .milliseconds(30))
        #expect(plan.delivery == Delivery(bytes: [], ending: .reset))
    }

    @Test("a caller that asks for the end gets it")
    func closes() {
        var vendor = TestCalls.vendor()
        var call = TestCalls.call()
        call.closes = true
        let plan = vendor.receive(call)
        #expect(plan.delivery.ending == .close)
        #expect(TestCalls.text(plan).contains("Connection: close\r\n"))
    }
}
