import HTTPMessages
import Testing

@testable import Gateway

@Suite("Routes")
struct RouteTests {
    private func route(
        _ method: String,
        _ target: String,
        _ passthrough: PassthroughSettings = .off
    ) throws -> Result<Route, ErrorReply> {
        let bytes = Array("\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        var parser = RequestParser(limits: HeadLimits())
        try #require(parser.parse(bytes.span) == .complete)
        do throws(ErrorReply) { return .success(try Route.find(parser.head, in: bytes.span, passthrough)) } catch {
            return .failure(error)
        }
    }

    @Test(
        "each path has its methods",
        arguments: [
            ("POST", "/v1/classify", Route.classify), ("GET", "/healthz", .health), ("HEAD", "/healthz", .health),
            ("GET", "/readyz", .readiness), ("HEAD", "/readyz", .readiness), ("GET", "/healthz?x", .health),
            ("GET", "/tollgate/usage", .usage), ("HEAD", "/tollgate/usage", .usage),
            ("GET", "/tollgate/usage?x", .usage),
            ("POST", "http://elsewhere/v1/classify", .classify),
        ]
    )
    func found(method: String, target: String, expected: Route) throws {
        #expect(try route(method, target).get() == expected)
    }

    @Test(
        "another method is told which ones there are",
        arguments: [
            ("GET", "/v1/classify", "POST"), ("PUT", "/v1/classify", "POST"), ("OPTIONS", "/v1/classify", "POST"),
            ("POST", "/healthz", "GET, HEAD"), ("POST", "/tollgate/usage", "GET, HEAD"),
            ("DELETE", "/readyz", "GET, HEAD"),
            ("BREW", "/v1/classify", "POST"), ("TRACE", "/v1/classify", "POST"),
            ("TRACE", "/healthz", "GET, HEAD"),
            ("TRACE", "/mcp", "GET, HEAD, POST"),
        ]
    )
    func otherMethod(method: String, target: String, allow: String) throws {
        guard case .failure(let error) = try route(method, target) else { Issue.record("found"); return }
        #expect(error.status == 405)
        #expect(error.code == .methodNotAllowed)
        #expect(error.allow?.description == allow)
    }

    @Test(
        "no other spelling of a path is that path",
        arguments: [
            ("/v1/classify/", 404), ("/v1/Classify", 404), ("/v1/%63lassify", 404), ("/", 404), ("/v1", 404),
            ("/tollgate", 404), ("/tollgate/usage/", 404), ("/tollgate/Usage", 404), ("/tollgate//usage", 400),
            ("//v1/classify", 400), ("/v1/./classify", 400), ("/v1/x/../classify", 400), ("/v1%2fclassify", 400),
            ("/v1/%2e/classify", 400), ("/v1/classify%00", 400), ("/v1//classify", 400), ("/v1%5Cclassify", 400),
        ]
    )
    func otherSpelling(target: String, status: Int) throws {
        guard case .failure(let error) = try route("POST", target) else { Issue.record("found"); return }
        #expect(error.status == status)
        #expect(error.code == (status == 404 ? .notFound : .badRequest))
    }

    @Test(
        "a first line tells of classify as soon as its path is whole",
        arguments: [
            ("POST /v1/classify ", true), ("POST /v1/classify HTTP/2.0\r\n", true), ("POST /v1/classify?a", true),
            ("\r\nPOST /v1/classify HTTP/1.1\r\na", true), ("POST /v1/classify", false), ("POST /v1/classify/ ", false),
            ("GET /v1/classify HTTP/1.1\r\n", false), ("post /v1/classify HTTP/1.1\r\n", false), ("", false),
            ("\r\n", false), ("POST /v1/classifx ", false),
        ]
    )
    func glimpse(start: String, isClassify: Bool) {
        #expect(Route.glimpse(Array(start.utf8).span) == (isClassify ? .classify : nil))
    }
}
