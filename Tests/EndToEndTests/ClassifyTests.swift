import TestSupport
import Testing

@Suite("Classifying through the gateway", .serialized, .gateway())
struct ClassifyTests {
    @Test("a miss is forwarded, stored and charged; the same again is a hit, byte for byte and free")
    func missThenHit() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.vendors
        let callsBefore = try gateway.vendor.calls()

        let miss = try gateway.classify(body)
        expectStoredMiss(miss)
        #expect(miss["content-type"]?.hasPrefix("application/json") == true)
        #expect(miss["age"] == nil)
        #expect(miss["tollgate-credits-charged"] == "2")
        #expect(miss["tollgate-credits-saved"] == "0")
        #expect(miss["cache-control"] == "no-store")

        let hit = try gateway.classify(body)
        expectHit(hit)
        #expect(hit.body == miss.body)
        #expect(hit["content-type"] == miss["content-type"])
        #expect(hit["tollgate-credits-charged"] == "0")
        #expect(hit["tollgate-credits-saved"] == "2")
        #expect(hit["cache-control"] == "no-store")
        let age = try #require(hit["age"].flatMap { Int($0) })
        let ttl = try #require(hit["cache-status"].flatMap { Int($0.dropFirst("tollgate; hit; ttl=".count)) })
        #expect(age >= 0)
        #expect(age + ttl == 30 * 24 * 3600)

        #expect(try gateway.vendor.calls() == callsBefore + 1)
    }

    // In the patterns of bodies below, %ID% and %UPPER% stand for the document and %A%, %B% for two categories.
    private static func body(_ pattern: String, _ document: String) -> String {
        pattern.replacing("%ID%", with: document).replacing("%UPPER%", with: document.uppercased())
            .replacing("%A%", with: #"{"label":"invoice","description":"Payment is asked for"}"#)
            .replacing("%B%", with: #"{"label":"other","description":"All else"}"#)
    }

    @Test(
        "a body spelled differently that means the same is a hit",
        arguments: [
            // Members in another order, defaults included.
            #"{"query_model":"gpt-4o-mini","page_range":"1-2","classification_schema":[%A%,%B%],"document_id":"%ID%"}"#,
            #"{"document_id":"%ID%","classification_schema":[{"description":"Payment is asked for","label":"invoice"},"#
                + #"%B%],"page_range":"1-2"}"#,
            // White space wherever it is allowed.
            "\n {\t\"document_id\" : \"%ID%\" ,\r\n \"classification_schema\" : [ %A% , %B% ] , \"page_range\" : \"1-2\" } \n",
            // Escapes in names and values.
            #"{"document_id":"%ID%","classification\u005fschema":[{"label":"\u0069nvoice","#
                + #""description":"Payment is asked for"},%B%],"page_range":"1\u002d2"}"#,
            // Defaults as null.
            #"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":"1-2","query_model":null}"#,
            // Categories in another order.
            #"{"document_id":"%ID%","classification_schema":[%B%,%A%],"page_range":"1-2"}"#,
            // The document in capitals.
            #"{"document_id":"%UPPER%","classification_schema":[%A%,%B%],"page_range":"1-2"}"#,
            // The same pages, written differently.
            #"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":"1,2"}"#,
            #"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":" 2, 1 - 2 "}"#,
        ]
    )
    func spelledDifferently(pattern: String) throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let plain = #"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":"1-2"}"#
        let miss = try gateway.classify(Self.body(plain, document))
        expectStoredMiss(miss)
        let callsBefore = try gateway.vendor.calls()
        let hit = try gateway.classify(Self.body(pattern, document))
        expectHit(hit)
        #expect(hit.body == miss.body)
        #expect(try gateway.vendor.calls() == callsBefore)
    }

    @Test(
        "a body that means something else is a miss",
        arguments: [
            #"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":"1"}"#,
            #"{"document_id":"%ID%","classification_schema":[%A%,%B%],"query_model":"gpt-4o"}"#,
            #"{"document_id":"%ID%","classification_schema":[%A%,{"label":"other","description":"all else"}]}"#,
            #"{"document_id":"%ID%","classification_schema":[%A%,{"label":"Other","description":"All else"}]}"#,
            #"{"document_id":"%ID%","classification_schema":[%A%,%B%,{"label":"more","description":""}]}"#,
            #"{"document_id":"%ID%","classification_schema":[%A%,%B%],"more":1}"#,
            #"{"document_id":"%ID%","classification_schema":[%A%,{"label":"other","description":"All else","more":0}]}"#,
        ]
    )
    func anotherQuestion(pattern: String) throws {
        let gateway = try suiteGateway()
        let document = SampleRequests.newDocumentID()
        let plain = #"{"document_id":"%ID%","classification_schema":[%A%,%B%]}"#
        expectStoredMiss(try gateway.classify(Self.body(plain, document)))
        expectStoredMiss(try gateway.classify(Self.body(pattern, document)))
    }

    @Test("a request id of the client's is kept on hits, misses and errors; without one a UUID is made")
    func requestID() throws {
        let gateway = try suiteGateway()
        let body = SampleRequests.about()
        for _ in 1...2 {
            #expect(try gateway.classify(body, [("x-request-id", "Job-17")])["x-request-id"] == "Job-17")
        }
        #expect(try gateway.classify("{", [("x-request-id", "broken-1")])["x-request-id"] == "broken-1")
        let made = try #require(try gateway.classify(body)["x-request-id"])
        #expect(made.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        let tooLong = String(repeating: "x", count: 129)
        #expect(try gateway.classify(body, [("x-request-id", tooLong)])["x-request-id"] != tooLong)
        let account = try gateway.vendor.account()
        #expect(account["request_ids"].items.contains("Job-17"))
    }

    struct UnsoundBody: Sendable, CustomTestStringConvertible {
        let body: String
        let code: String
        /// The member that the message must name.
        let member: String
        var testDescription: String { "\(code) \(member): \(body.prefix(60))" }

        static func json(_ body: String) -> UnsoundBody { UnsoundBody(body: body, code: "invalid_json", member: "") }
        /// Wrong in meaning; the body's usual members may be used in `pattern`.
        static func request(_ pattern: String, _ member: String) -> UnsoundBody {
            let body = ClassifyTests.body(pattern, SampleRequests.newDocumentID())
            return UnsoundBody(body: body, code: "invalid_request", member: member)
        }
    }

    static let unsoundBodies: [UnsoundBody] = [
        .json(""),
        .json("{"),
        .json("[]"),
        .json("null"),
        .json("\u{FEFF}{}"),
        .json(#"{"document_id":NaN}"#),
        .json(#"{"a":1,"a":2}"#),
        .json(#"{"a":1,"\u0061":2}"#),
        .json(#"{"a":"\ud800"}"#),
        .json(#"{"a":1}x"#),
        .json(#"{"a":01}"#),
        .json(#"{"a":1,}"#),
        .json(#"{"a":"# + String(repeating: "[", count: 64) + String(repeating: "]", count: 64) + "}"),
        .request("{}", "document_id"),
        .request(#"{"document_id":"x","classification_schema":[%A%,%B%]}"#, "document_id"),
        .request(#"{"document_id":7,"classification_schema":[%A%,%B%]}"#, "document_id"),
        .request(#"{"document_id":"%ID%"}"#, "classification_schema"),
        .request(#"{"document_id":"%ID%","classification_schema":{}}"#, "classification_schema"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%]}"#, "classification_schema"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,5]}"#, "classification_schema[1]"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,%A%]}"#, "classification_schema[1].label"),
        .request(
            #"{"document_id":"%ID%","classification_schema":[%A%,{"label":"","description":""}]}"#,
            "classification_schema[1].label"
        ),
        .request(
            #"{"document_id":"%ID%","classification_schema":[%A%,{"label":"b"}]}"#,
            "classification_schema[1].description"
        ),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":"3-1"}"#, "page_range"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":"0"}"#, "page_range"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":"1000001"}"#, "page_range"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,%B%],"page_range":""}"#, "page_range"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,%B%],"query_model":4}"#, "query_model"),
        .request(#"{"document_id":"%ID%","classification_schema":[%A%,%B%],"Page_Range":"1"}"#, "Page_Range"),
    ]

    @Test("what is not a sound classify body is refused before the vendor hears of it", arguments: unsoundBodies)
    func unsoundBody(row: UnsoundBody) throws {
        let gateway = try suiteGateway()
        let callsBefore = try gateway.vendor.calls()
        let response = try gateway.classify(row.body)
        expectError(response, 400, row.code)
        #expect(
            response.json["message"].string?.contains(row.member) ?? false || row.member.isEmpty,
            "\(response.text)"
        )
        #expect(response["cache-status"] == "tollgate; detail=\(row.code)")
        #expect(response["tollgate-credits-charged"] == "0")
        #expect(try gateway.vendor.calls() == callsBefore)
    }

    @Test("a body that is not UTF-8 is invalid JSON")
    func notUTF8() throws {
        let gateway = try suiteGateway()
        var request = TestRequest.classify(SampleRequests.about(), key: Gateway.keyA)
        let position = try #require(request.body.firstIndex(of: UInt8(ascii: "i")))
        request.body[position] = 0xFF
        expectError(try gateway.send(request), 400, "invalid_json")
    }

    @Test("a mebibyte of opening brackets is refused, and at once")
    func deepBody() throws {
        let gateway = try suiteGateway()
        let body = String(repeating: "[", count: 1 << 20)
        expectError(try gateway.classify(body), 400, "invalid_json")
    }

    @Test("health and readiness need no key and never reach the vendor", arguments: ["/healthz", "/readyz"])
    func health(path: String) throws {
        let gateway = try suiteGateway()
        let before = try gateway.vendor.calls()
        #expect(try gateway.send(TestRequest("GET", path)).status == 200)
        let head = try gateway.send(TestRequest("HEAD", path))
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(try gateway.vendor.calls() == before)
    }

    @Test("paths and methods that are not there say so")
    func notThere() throws {
        let gateway = try suiteGateway()
        let key = [(name: "x-api-key", value: Gateway.keyA)]
        expectError(try gateway.send(TestRequest("GET", "/nowhere", fields: key)), 404, "not_found")
        expectError(
            try gateway.send(TestRequest("POST", "/mcp", fields: key, body: Array("{}".utf8))),
            404,
            "not_found"
        )
        let wrongMethod = try gateway.send(TestRequest("GET", "/v1/classify", fields: key))
        expectError(wrongMethod, 405, "method_not_allowed")
        #expect(wrongMethod["allow"]?.contains("POST") == true)
        var query = TestRequest.classify(SampleRequests.about(), key: Gateway.keyA)
        query.target = "/v1/classify?x=1"
        #expect(try gateway.send(query).status == 400)
    }
}
