import Authentication
import HTTPMessages
import Testing
import Vocabulary

@testable import Gateway

@Suite("Paths that are passed through")
struct PassthroughSettingsTests {
    static let settings = PassthroughSettings(
        isEnabled: true,
        prefixes: ["/v1/", "/files", "/exact/path"],
        bodyBytesMax: 1 << 20,
        spending: [
            PassthroughSettings.SpendingRoute(method: "GET", path: "/v1/documents/{id}/run_parser"),
            PassthroughSettings.SpendingRoute(method: "POST", path: "/v1/classifiers/{id}/classify"),
        ]
    )

    private func route(
        _ method: String,
        _ target: String,
        _ settings: PassthroughSettings = PassthroughSettingsTests.settings
    ) throws -> String {
        let bytes = Array("\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        var parser = RequestParser(limits: HeadLimits())
        try #require(parser.parse(bytes.span) == .complete)
        do throws(ErrorReply) { return "\(try Route.find(parser.head, in: bytes.span, settings))" } catch {
            return "\(error.status) \(error.code.rawValue)" + (error.allow.map { " \($0)" } ?? "")
        }
    }

    @Test(
        "a prefix with a slash at its end has all below it; another one itself and all below it",
        arguments: [
            ("/v1/documents", true), ("/v1/", true), ("/v1/a/b/c?x=%2e%2e/", true), ("/v1", false), ("/v12/a", false),
            ("/files", true), ("/files?request_id=1", true), ("/files/", true), ("/files/a", true),
            ("/filesystem", false), ("/exact/path", true), ("/exact", false), ("/mcp", false), ("/", false),
            ("/V1/documents", false), ("http://elsewhere/v1/documents", true), ("/v1/a%20b", true),
            ("/v1/a%C3%A4", true), ("/v1/a%25b", true), ("/v1/classifying", true), ("/v1/classify/more", false),
        ]
    )
    func prefixes(target: String, isPassed: Bool) throws {
        #expect(try route("GET", target) == (isPassed ? "passthrough" : "404 not_found"))
    }

    @Test(
        "the vendor gets the target as it was sent, whatever of it is logged",
        arguments: ["/v1/a", "/v1/*", "", "/v1/a?b=c", "/v1/a?b=d"]
    )
    func target(loggedPath: String) throws {
        for target in ["/v1/a", "/v1/a?b=c"] {
            let bytes = Array("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
            var parser = RequestParser(limits: HeadLimits())
            try #require(parser.parse(bytes.span) == .complete)
            var draft = try PassageDraft(
                parser.head,
                .none,
                bytes.span,
                team: Team(
                    id: TeamID(rawValue: "team"),
                    name: "team",
                    account: AccountID(rawValue: "default"),
                    cacheScopeIsTeam: false
                ),
                loggedPath: Array(loggedPath.utf8),
                Self.settings
            )
            #expect(draft.takeRequest().target == Array(target.utf8))
        }
    }

    @Test("every method is passed through but those of the connection and those that are not known")
    func methods() throws {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            #expect(try route(method, "/v1/x") == "passthrough")
        }
        #expect(try route("BREW", "/v1/x") == "405 method_not_allowed GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS")
        #expect(try route("TRACE", "/v1/x") == "405 method_not_allowed GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS")
        #expect(try route("BREW", "/mcp") == "405 method_not_allowed GET, HEAD, POST")
    }

    @Test(
        "a path that the vendor might take for another one is refused",
        arguments: [
            ("/v1//documents", 400), ("//v1/documents", 400), ("/v1/./documents", 400), ("/v1/../mcp", 400),
            ("/v1/x/..", 400), ("/v1/%2e%2e/mcp", 400), ("/v1/%2E/a", 400), ("/v1/a%2fb", 400), ("/v1/a%5cb", 400),
            ("/v1/a%00", 400), ("/v1/%63lassify", 400), ("/v1/classif%79", 400), ("/v1/a%2Db", 400),
            ("/v1/a%7eb", 400), ("/v1/classify/", 404), ("/v1/classify//", 400), ("/v1/Classify", 404),
            ("/v1/CLASSIFY", 404), ("/v1/classify;a=b", 404), ("/v1/classify/;a", 404),
            ("/v1/classify%20", 404), ("/v1/classify%C2%A0", 404),
        ]
    )
    func otherSpellings(target: String, status: Int) throws {
        #expect(try route("POST", target) == (status == 404 ? "404 not_found" : "400 bad_request"))
    }

    @Test("classify and the gateway's own paths are never passed through")
    func own() throws {
        let all = PassthroughSettings(isEnabled: true, prefixes: ["/"], bodyBytesMax: 1, spending: [])
        #expect(try route("POST", "/v1/classify", all) == "classify")
        #expect(try route("GET", "/v1/classify", all) == "405 method_not_allowed POST")
        #expect(try route("GET", "/healthz", all) == "health")
        #expect(try route("GET", "/tollgate/other", all) == "404 not_found")
        #expect(try route("GET", "/Tollgate/usage", all) == "404 not_found")
        #expect(try route("POST", "/mcp", all) == "passthrough")
        #expect(try route("OPTIONS", "*", all) == "404 not_found")
        #expect(try route("GET", "/v1/x", .off) == "404 not_found")
    }

    private func spending(_ method: HTTPMethod, _ path: String) -> String? {
        Self.settings.spendingRoute(method, Array(path.utf8).span)?.name
    }

    @Test("a spending route is found by its pattern; letter case, HEAD and a slash at the end make no difference")
    func spendingRoutes() {
        let parser = "GET /v1/documents/{id}/run_parser"
        #expect(spending(.get, "/v1/documents/a/run_parser") == parser)
        #expect(spending(.head, "/v1/documents/a/run_parser") == parser)
        #expect(spending(.get, "/v1/Documents/a/RUN_PARSER/") == parser)
        #expect(spending(.post, "/v1/classifiers/%20/classify") == "POST /v1/classifiers/{id}/classify")
        #expect(spending(.post, "/v1/documents/a/run_parser") == nil)
        #expect(spending(.get, "/v1/documents/run_parser") == nil)
        #expect(spending(.get, "/v1/documents//run_parser") == nil)
        #expect(spending(.get, "/v1/documents/a/b/run_parser") == nil)
        #expect(spending(.get, "/v1/documents/a/run_parser/x") == nil)
        #expect(spending(.head, "/v1/classifiers/a/classify") == nil)
    }
}
