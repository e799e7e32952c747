import Testing
import Vocabulary

@testable import VendorSimulation

@Suite("Faults as JSON")
struct FaultTests {
    static let kinds: [(String, Fault.Kind)] = [
        (#"{"kind": "delay", "ms": 5}"#, .delay),
        (#"{"kind": "hold"}"#, .hold),
        (#"{"kind": "status", "status": 503}"#, .status(503, body: nil, fields: [])),
        (
            #"{"kind": "status", "status": 400, "body": "x", "headers": {"A": "b"}}"#,
            .status(400, body: "x", fields: [Fault.Field(name: "A", value: "b")])
        ),
        (#"{"kind": "rate_limit"}"#, .rateLimit(nil)),
        (#"{"kind": "rate_limit", "retry_after": 3}"#, .rateLimit(.seconds(3))),
        (#"{"kind": "rate_limit", "retry_after": "soon"}"#, .rateLimit(.text("soon"))),
        (#"{"kind": "rate_limit", "retry_after_date": 3}"#, .rateLimit(.date(secondsFromNow: 3))),
        (#"{"kind": "failed"}"#, .failed(requestStatus: "failed", credits: nil)),
        (
            #"{"kind": "failed", "request_status": "exception", "credits": 0.5}"#,
            .failed(requestStatus: "exception", credits: MicroCredits(micros: 500_000))
        ),
        (#"{"kind": "reset_before_reply"}"#, .resetBeforeReply),
        (#"{"kind": "close_before_reply"}"#, .closeBeforeReply),
        (#"{"kind": "reset_mid_reply", "bytes": 7}"#, .resetMidReply(bodyBytes: 7)),
        (#"{"kind": "truncated"}"#, .truncated(missing: nil)),
        (#"{"kind": "bad_chunk"}"#, .badChunk),
        (
            #"{"kind": "encoded"}"#,
            .encoded(
                EncodedReply(name: "gzip", frame: .gzip, status: nil, body: nil, padding: 0, missing: 0, garbage: "")
            )
        ),
        (
            #"{"kind": "encoded", "coding": "raw-deflate", "status": 400, "body": "x", "padding": 3, "missing": 2}"#,
            .encoded(
                EncodedReply(name: "deflate", frame: .raw, status: 400, body: "x", padding: 3, missing: 2, garbage: "")
            )
        ),
        (#"{"kind": "both_framings"}"#, .bothFramings),
        (#"{"kind": "four_digit_status"}"#, .fourDigitStatus),
        (#"{"kind": "nul_in_head"}"#, .nulInHead),
        (#"{"kind": "head_too_large"}"#, .headTooLarge(bytes: 100_000)),
        (#"{"kind": "not_json", "body": "<p>"}"#, .notJSON(body: "<p>")),
        (#"{"kind": "json_not_object"}"#, .jsonNotObject(body: #"["completed"]"#)),
        (#"{"kind": "other_document"}"#, .otherDocument),
        (#"{"kind": "wrong_label"}"#, .wrongLabel),
        (#"{"kind": "credits", "credits": "missing"}"#, .credits(text: nil)),
        (#"{"kind": "credits", "credits": "\"2\""}"#, .credits(text: "\"2\"")),
        (#"{"kind": "credits", "credits": -1}"#, .credits(text: "-1")),
        (#"{"kind": "extra_bytes_after_reply", "bytes": "x"}"#, .extraBytesAfterReply("x")),
        (#"{"kind": "content_on_204"}"#, .contentOn204),
        (#"{"kind": "interim", "interim_count": 11, "interim_status": 100}"#, .interim(count: 11, status: 100)),
        (#"{"kind": "chunked"}"#, .chunked(chunkBytes: 16)),
        (#"{"kind": "http10"}"#, .http10),
        (#"{"kind": "connection_close"}"#, .connectionClose),
        (#"{"kind": "slow", "interval_ms": 2}"#, .slow(interval: .milliseconds(2))),
        (#"{"kind": "raw", "base64": "AAE=", "then": "reset"}"#, .raw([0, 1], then: .reset)),
        (
            #"{"kind": "sized", "bytes": 5}"#,
            .sized(bytes: 5, type: "application/octet-stream", missing: 0, then: .close)
        ),
        (
            #"{"kind": "sized", "bytes": 5, "type": "text/csv", "missing": 5, "then": "stall"}"#,
            .sized(bytes: 5, type: "text/csv", missing: 5, then: .stall)
        ),
    ]

    @Test("every kind is read", arguments: kinds)
    func reads(text: String, kind: Fault.Kind) throws { #expect(try Fault(json: text) == expected(kind)) }

    private func expected(_ kind: Fault.Kind) -> Fault {
        var fault = Fault(kind)
        if kind == .delay { fault.delay = .milliseconds(5) }
        return fault
    }

    @Test("what all kinds have in common is read too")
    func common() throws {
        let id = TestCalls.document
        let fault = try Fault(
            json: """
                {"kind": "status", "status": 500, "count": -1, "document_id": "\(id.uppercased())", "hold": true,
                 "delay_ms": 20, "charges": true}
                """
        )
        #expect(fault.remaining == -1 && fault.documentID == id && fault.isHeld)
        #expect(fault.delay == .milliseconds(20) && fault.charges == true)
    }

    @Test(
        "a mistake is named",
        arguments: [
            ("", "kind"), ("[]", "object"), (#"{"kind": "nope"}"#, "nope"), (#"{"kind": "status"}"#, "status"),
            (#"{"kind": "delay"}"#, "ms"), (#"{"kind": "hold", "seconds": 1}"#, "seconds"),
            (#"{"kind": "hold", "count": -2}"#, "count"), (#"{"kind": "hold", "count": 1.5}"#, "count"),
            (#"{"kind": "hold", "document_id": "x"}"#, "document_id"), (#"{"kind": "raw", "base64": "?"}"#, "base64"),
            (#"{"kind": "raw", "base64": "", "then": "x"}"#, "then"),
            (#"{"kind": "failed", "credits": -1}"#, "credits"), (#"{"kind": "sized"}"#, "bytes"),
            (#"{"kind": "sized", "bytes": 5, "missing": 6}"#, "missing"), (#"{"kind": "hold", "path": 1}"#, "path"),
        ]
    )
    func refuses(text: String, word: String) {
        let error = #expect(throws: ControlFault.self) { try Fault(json: text) }
        #expect(error?.description.contains(word) == true)
    }
}

@Suite("The queue of faults")
struct FaultQueueTests {
    private func fault(_ status: Int, count: Int, document: String? = nil, path: String? = nil) -> Fault {
        var fault = Fault(.status(status, body: nil, fields: []))
        (fault.remaining, fault.documentID, fault.path) = (count, document, path)
        return fault
    }

    private func take(
        _ queue: inout FaultQueue,
        _ document: String? = nil,
        path: String = "/v1/classify",
        spends: Bool = true
    ) -> Int? {
        let fault = queue.take(for: document, path: path, spends: spends)
        guard case .status(let status, _, _)? = fault?.kind else { return nil }
        return status
    }

    @Test("faults meet calls in the order of asking, each as often as it said")
    func order() {
        var queue = FaultQueue()
        for (status, count) in [(500, 2), (503, 1), (400, 0)] { _ = queue.append(fault(status, count: count)) }
        let statuses = (0..<4).map { _ in take(&queue) }
        #expect(statuses == [500, 500, 503, nil])
    }

    @Test("a fault about a document leaves other calls alone, and one with count -1 stays")
    func documents() {
        var queue = FaultQueue()
        _ = queue.append(fault(404, count: -1, document: TestCalls.document))
        _ = queue.append(fault(500, count: 1))
        #expect(take(&queue, TestCalls.other) == 500)
        #expect(take(&queue, TestCalls.other) == nil)
        #expect(take(&queue) == nil)
        for _ in 0..<3 { #expect(take(&queue, TestCalls.document) == 404) }
    }

    @Test("a fault for a path meets the calls below it, spending or not; one without meets those that spend")
    func paths() {
        var queue = FaultQueue()
        _ = queue.append(fault(404, count: -1, path: "/v1/templates"))
        _ = queue.append(fault(500, count: 1))
        #expect(take(&queue, path: "/v1/documents", spends: false) == nil)
        #expect(take(&queue, path: "/v1/templates", spends: false) == 404)
        #expect(take(&queue, path: "/v1/templates/1", spends: true) == 404)
        #expect(take(&queue) == 500)
        #expect(take(&queue) == nil)
    }

    @Test("the queue is bounded")
    func bounded() {
        var queue = FaultQueue()
        let areTaken = (0...FaultQueue.countMax).map { _ in queue.append(fault(500, count: 1)) }
        #expect(areTaken.dropLast().allSatisfy { $0 } && areTaken.last == false)
    }
}
