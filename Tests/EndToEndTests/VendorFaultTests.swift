import Foundation
import TestSupport
import Testing

/// `docs/faults.md` §3, the rows about a vendor that answers wrongly or not at all, in sequence on one gateway.
@Suite(
    "A vendor that fails",
    .serialized,
    .gateway(["upstream": ["circuit_breaker": ["failures": 1000]]])
)
struct VendorFaultTests {
    static let broken: [VendorFaultRow] = [
        .failure("reset_before_reply", 502, "upstream_unreachable"),
        .failure("close_before_reply", 502, "upstream_unreachable"),
        .failure("reset_mid_reply", 502, "upstream_invalid_response"),
        .failure("truncated", 502, "upstream_invalid_response"),
        .failure("bad_chunk", 502, "upstream_invalid_response"),
        .failure("both_framings", 502, "upstream_invalid_response"),
        .failure("four_digit_status", 502, "upstream_invalid_response"),
        .failure("nul_in_head", 502, "upstream_invalid_response"),
        .failure("head_too_large", 502, "upstream_invalid_response"),
        .failure("interim", 502, "upstream_invalid_response", ["interim_count": 11]),
        .failure("not_json", 502, "upstream_invalid_response"),
        .failure("json_not_object", 502, "upstream_invalid_response"),
        .failure("other_document", 502, "upstream_invalid_response"),
        .failure("status", 502, "upstream_invalid_response", ["status": 502]),
        .failure("status", 504, "upstream_timeout", ["status": 504]),
        .failure("status", 502, "upstream_invalid_response", ["status": 302]),
    ]

    static let passedOn: [VendorFaultRow] = [
        .passedOn("status", 400, ["status": 400]),
        .passedOn("status", 404, ["status": 404]),
        .passedOn("status", 403, ["status": 403]),
        .passedOn("status", 500, ["status": 500]),
        .passedOn("status", 503, ["status": 503]),
        .passedOn("failed", 200, ["request_status": "failed", "credits": 1]),
        .passedOn("failed", 200, ["request_status": "exception", "credits": 1]),
        .passedOn("failed", 200, ["request_status": "failed"]),
        .passedOn("wrong_label", 200),
        .passedOn("credits", 200, ["credits": "missing"]),
        .passedOn("credits", 200, ["credits": "-1"]),
        .passedOn("credits", 200, ["credits": "\"2\""]),
        .passedOn("credits", 200, ["credits": "1e99"]),
    ]

    static let sound: [VendorFaultRow] = [
        .sound("chunked"), .sound("http10"), .sound("connection_close"), .sound("slow"),
        .sound("extra_bytes_after_reply"),
        .sound("interim", ["interim_count": 1]), .sound("interim", ["interim_count": 10]),
    ]

    @Test(
        "each fault is answered as its row says, asked for once, and leaves no result behind",
        arguments: broken + passedOn + sound
    )
    func row(row: VendorFaultRow) throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let body = SampleRequests.about(document)
        let callsBefore = try gateway.vendor.calls()
        try gateway.vendor.queueFault(row.kind, document: document, row.details)

        let reply = try gateway.classify(body)
        #expect(try gateway.vendor.calls() == callsBefore + 1, "a request that may have been charged was sent again")
        if let code = row.code {
            expectError(reply, row.status, code)
            #expect(reply["cache-status"]?.contains("; detail=\(code)") == true, "\(reply["cache-status"] ?? "")")
        } else {
            #expect(reply.status == row.status, "\(reply.text)")
            #expect(reply["cache-status"] == row.cacheStatus)
        }

        // The fault is over: the next reply is right, and shows whether the first one was stored.
        let next = try gateway.classify(body)
        if row.isStored {
            expectHit(next)
            #expect(next.body == reply.body)
        } else {
            expectStoredMiss(next)
        }
    }

    @Test("content on a 204 is no reply; the connection is not used again")
    func contentOn204() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.queueFault("content_on_204", document: document)
        let reply = try gateway.classify(SampleRequests.about(document))
        #expect([204, 502].contains(reply.status))
        #expect(reply.status != 204 || reply.body.isEmpty)
        expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
    }

    @Test(
        "un-OCR'd and unknown documents are the vendor's to refuse, in its own words",
        arguments: [("not_ocred", 400), ("unknown", 404)]
    )
    func documentStates(state: String, status: Int) throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        try gateway.vendor.setDocument(document, ["state": .string(state)])
        let reply = try gateway.classify(SampleRequests.about(document))
        #expect(reply.status == status)
        #expect(reply.json["success"].bool == false)
        #expect(reply["tollgate-credits-charged"] == "0")
        try gateway.vendor.setDocument(document, ["state": "ready"])
        expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
    }

    @Test("the vendor's key never returns, not even in an echoed error")
    func echoedKey() throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let echo = #"{"success": false, "error": "bad", "message": "no such key: \#(VendorSim.key)"}"#
        try gateway.vendor.queueFault("status", document: document, ["status": 400, "body": .string(echo)])
        let reply = try gateway.classify(SampleRequests.about(document))
        #expect(reply.status == 400)
        #expect(!reply.text.contains(VendorSim.key))
        #expect(!reply.fields.contains { $0.value.contains(VendorSim.key) })
    }

    @Test(
        "429 without a wait and with one as a date: sent again when the key has cooled",
        arguments: ["none", "seconds", "date"]
    )
    func rateLimited(form: String) throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let callsBefore = try gateway.vendor.calls()
        let details: JSON =
            switch form {
            case "none": [:]
            case "seconds": ["retry_after": 1]
            default: ["retry_after_date": 1]
            }
        try gateway.vendor.queueFault("rate_limit", document: document, details)
        expectStoredMiss(try gateway.classify(SampleRequests.about(document)))
        #expect(try gateway.vendor.calls() == callsBefore + 2)
    }
}
