import Forms
import HTTPMessages
import Testing

@testable import Administration

@Suite("What a request was filled in with")
struct AdminRequestTests {
    private func request(_ query: String = "", body: String = "") throws -> AdminRequest {
        let bytes = Array(query.utf8)
        let decoded = QueryDecoder.members(bytes.span)
        let members = try #require(decoded)
        return AdminRequest(
            method: .post,
            query: members,
            body: Array(body.utf8),
            address: "192.0.2.1",
            requestID: "r"
        )
    }

    private func fault<Value>(_ body: () throws(AdminFault) -> Value) -> AdminFault? {
        do throws(AdminFault) {
            _ = try body()
            return nil
        } catch { return error }
    }

    // MARK: Pages

    @Test(
        "limit and cursor are read beside the list's own parameters",
        arguments: [
            ("", 100, nil), ("limit=1", 1, nil), ("limit=1000&cursor=abc", 1_000, "abc"),
            ("team=x&cursor=%2B", 100, "+"),
            ("limit=007", 7, nil),
        ]
    )
    func page(query: String, limit: Int, cursor: String?) throws {
        let page = try request(query).page(also: ["team"])
        #expect(page == AdminPage(limit: limit, cursor: cursor))
    }

    @Test(
        "what is wrong with a query is named",
        arguments: [
            ("limit=0", "limit: must"), ("limit=1001", "limit: must"), ("limit=", "limit: must"),
            ("limit=+5", "limit: must"), ("limit=%2B5", "limit: must"), ("limit=-1", "limit: must"),
            ("limit=1e2", "limit: must"), ("limit=99999999999999999999", "limit: must"), ("cursor=", "cursor: must"),
            ("limit=1&limit=1", "limit: stands twice"), ("team=a&team=b", "team: stands twice"),
            ("Limit=1", "Limit: is not known"), ("x%0Ay=1", "x?y: is not known"), ("=1", "is not known"),
        ]
    )
    func badPage(query: String, message: String) throws {
        let request = try request(query)
        let fault = try #require(fault { () throws(AdminFault) in try request.page(also: ["team"]) })
        #expect(fault.status == 422)
        #expect(fault.code == .invalidRequest)
        #expect(fault.message.hasPrefix(message), "\(fault.message)")
    }

    @Test("all faults of a query are named at once")
    func severalFaults() throws {
        let request = try request("a=1&limit=x&cursor=")
        let fault = try #require(fault { () throws(AdminFault) in try request.page() })
        let parts = fault.message.components(separatedBy: "; ")
        #expect(parts.map { $0.prefix { $0 != ":" } } == ["a", "limit", "cursor"])
    }

    @Test("what takes no query refuses any")
    func noQuery() throws {
        try request().refuseQuery()
        for query in ["a", "limit=1"] {
            let request = try request(query)
            #expect(fault { () throws(AdminFault) in try request.refuseQuery() }?.status == 422)
        }
        try request("from=a&to=b").checkQuery(["from", "to"])
        #expect(try request("from=a&to=b").parameter("to") == "b")
        #expect(try request("from=a").parameter("to") == nil)
    }

    // MARK: Forms

    @Test("members are read, and no body has none")
    func form() throws {
        let filled = try request(body: #"{"name": "Sales"}"#)
        let reader = try filled.form()
        #expect(reader.string("name") == "Sales")
        try filled.finish(reader)
        let empty = try request()
        try empty.finish(try empty.form())
    }

    @Test("all that is wrong is named, and so are members that nobody asked for")
    func faults() throws {
        let request = try request(body: #"{"name": 1, "weight": "x", "nmae": 2}"#)
        let reader = try request.form()
        var weight = 0
        _ = reader.string("name")
        reader.integer("weight", into: &weight, 0...9)
        let fault = try #require(fault { () throws(AdminFault) in try request.finish(reader) })
        #expect(fault.status == 422)
        #expect(fault.code == .invalidRequest)
        let parts = fault.message.components(separatedBy: "; ")
        #expect(fault.message.hasPrefix("name: must be a string, not a number; weight: must be a whole number"))
        #expect(fault.message.contains("nmae: is not a member that is known here"))
        #expect(parts.count >= 3)
    }

    @Test("a message names so many faults and counts the rest")
    func manyFaults() {
        let faults = (1...60).map { FormFault(path: "m\($0)", message: "is wrong") }
        let message = AdminFault.unprocessable(faults).message
        #expect(message.hasSuffix("m50: is wrong; and 10 more"))
    }

    @Test(
        "a body that is no JSON is a 400, one that is no object a 422",
        arguments: [
            ("{", 400, "invalid_json"), (" ", 400, "invalid_json"), (#"{"a": 1, "a": 1}"#, 400, "invalid_json"),
            ("[]", 422, "invalid_request"), ("null", 422, "invalid_request"),
        ]
    )
    func noObject(body: String, status: Int, code: String) throws {
        let request = try request(body: body)
        let fault = try #require(fault { () throws(AdminFault) in try request.form() })
        #expect(fault.status == status)
        #expect(fault.code.rawValue == code)
        #expect(fault.message.contains("ody"))
    }
}
