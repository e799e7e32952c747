import Foundation
import TestSupport
import Testing

/// The whole life of a document, through the gateway: what the vendor counts is what the ledger has.
@Suite("The life of a document")
struct DocumentLifeTests {
    private static let key = [("x-api-key", Gateway.keyA)]

    private func upload(_ gateway: Gateway) throws -> String {
        let border = "border-of-parts"
        let file = String(repeating: "%PDF", count: 200_000)
        let body =
            "--\(border)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n"
            + "Content-Type: application/pdf\r\n\r\n\(file)\r\n--\(border)--\r\n"
        let fields = Self.key + [("Content-Type", "multipart/form-data; boundary=\(border)")]
        let reply = try gateway.send(TestRequest("POST", "/v1/documents", fields: fields, body: Array(body.utf8)))
        #expect(reply.status == 200 && reply.json["bytes"].int == body.utf8.count)
        let id = reply.json["document_id"].string
        return try #require(id)
    }

    private func get(_ gateway: Gateway, _ target: String) throws -> TestResponse {
        try gateway.send(TestRequest("GET", target, fields: Self.key))
    }

    private func extract(_ gateway: Gateway, _ document: String, pages: Int) throws {
        let extract = try get(gateway, "/v1/documents/\(document)/run_parser?template_id=1&page_ranges=1-3")
        #expect(extract.status == 200 && extract["tollgate-credits-charged"] == "\(pages)", "\(extract.text)")
        let request = extract.json["request_id"].string
        let poll = try get(gateway, "/files?request_id=\(try #require(request))")
        #expect(poll.json["request_status"].string == "completed" && poll.json["document_id"].string == document)
        #expect(poll["tollgate-credits-charged"] == nil)
    }

    @Test(
        "upload, extract, poll, classify, hit, extract again, miss, and the end: each is charged once, and as the vendor counts"
    )
    func life() throws {
        try withGateway(["budgets": ["organization": [["window": "total", "credits": 100]]]]) { gateway in
            let location = try get(gateway, "/v1/documents/upload_url?file_name=a.pdf")
            #expect(location.json["upload_url"].string?.isEmpty == false)
            let document = try upload(gateway)
            try gateway.vendor.setDocument(document, ["pages": 3])
            let question = SampleRequests.about(document)
            // Not extracted yet: the vendor refuses, and charges nothing.
            let early = try gateway.classify(question)
            #expect(early.status == 400 && early["tollgate-credits-charged"] == "0")
            try extract(gateway, document, pages: 3)
            let miss = try gateway.classify(question)
            expectStoredMiss(miss)
            #expect(miss["tollgate-credits-charged"] == "3")
            let hit = try gateway.classify(question)
            expectHit(hit)
            #expect(hit.body == miss.body && hit["tollgate-credits-saved"] == "3")
            // Extracted again, it may have changed: what is stored about it is not its answer any more.
            try extract(gateway, document, pages: 3)
            expectStoredMiss(try gateway.classify(question))
            expectHit(try gateway.classify(question))
            let account = try gateway.vendor.account()
            #expect(account["credits_charged"].int == 12)
            let budget = try gateway.admin("GET", "/budgets").json["items"][0]["budgets"][0]
            #expect(budget["spent"].int == 12 && budget["unconfirmed"].int == 0 && budget["reserved"].int == 0)
            let delete = TestRequest("DELETE", "/v1/documents/\(document)", fields: Self.key)
            #expect(try gateway.send(delete).status == 200)
            #expect(try get(gateway, "/v1/documents/\(document)").status == 404)
        }
    }
}
