import HTTPMessages
import Testing

@testable import Administration

@Suite("Routes of the admin side")
struct AdminRouterTests {
    private let router = AdminRouter(
        [
            (.get, "/admin/v1/teams", .viewer), (.post, "/admin/v1/teams", .admin),
            (.get, "/admin/v1/teams/{team}", .viewer), (.delete, "/admin/v1/teams/{team}/keys/{key}", .operator),
            (.get, "/", nil), (.get, "/metrics", nil),
        ]
        .map { (method: HTTPMethod, pattern: String, role: AdminRole?) in
            AdminRoute(method, pattern, role: role) { _, _ in }
        }
    )

    @Test(
        "a path is found by its exact segments, with what stands for its parameters",
        arguments: [
            ("/admin/v1/teams", []), ("/admin/v1/teams/sales", ["sales"]), ("/admin/v1/teams/a.B-c_9", ["a.B-c_9"]),
            ("/admin/v1/teams/sales/keys/k1", ["sales", "k1"]), ("/", []), ("/metrics", []),
        ]
    )
    func found(path: String, parameters: [String]) {
        #expect(router.find(path)?.parameters == parameters)
    }

    @Test(
        "any other path is not found",
        arguments: [
            "", "/admin/v1/Teams", "/admin/v1/teams/", "/admin/v1/teams/a%62", "/admin/v1/teams/é",
            "/admin/v1/teams/..",
            "/admin/v1/teams/a/keys", "/admin/v1/teams/a/keys/b/c", "/admin/v1/teams/a,b", "metrics", "/metrics/", "//",
            "/admin/v1/teams/\(String(repeating: "a", count: 65))",
        ]
    )
    func notFound(path: String) {
        #expect(router.find(path) == nil)
    }

    @Test("GET answers HEAD, and both stand in Allow")
    func methods() throws {
        let resource = try #require(router.find("/admin/v1/teams")?.resource)
        #expect(resource.allow == "GET, HEAD, POST")
        #expect(resource.route(.head)?.method == .get)
        #expect(resource.route(.post)?.role == .admin)
        #expect(resource.route(.delete) == nil)
        #expect(!resource.isPublic)
        #expect(router.find("/")?.resource.isPublic == true)
    }

    @Test(
        "what is under the API's path is guarded, known or not",
        arguments: [
            ("/admin/v1", true), ("/admin/v1/", true), ("/admin/v1/x", true), ("/admin/v1x", false), ("/admin", false),
            ("/x/admin/v1/x", false),
        ]
    )
    func guarded(path: String, isGuarded: Bool) {
        #expect(AdminRouter.isGuarded(path) == isGuarded)
    }

    private static func makeRouter(_ one: (HTTPMethod, String, AdminRole?), _ other: (HTTPMethod, String, AdminRole?)) {
        _ = AdminRouter([one, other].map { AdminRoute($0.0, $0.1, role: $0.2) { _, _ in } })
    }

    @Test("routes that contradict each other are a bug of ours")
    func contradictions() async {
        await #expect(processExitsWith: .failure) {
            Self.makeRouter((.get, "/admin/v1/a", .viewer), (.get, "/admin/v1/a", .viewer))
        }
        await #expect(processExitsWith: .failure) {
            Self.makeRouter((.get, "/admin/v1/a", .viewer), (.post, "/admin/v1/a", nil))
        }
        await #expect(processExitsWith: .failure) {
            Self.makeRouter((.get, "/admin/v1/a", .viewer), (.get, "/admin/v1/{x}", .viewer))
        }
        await #expect(processExitsWith: .failure) {
            Self.makeRouter((.get, "/admin/v1/a", .viewer), (.get, "/elsewhere", .viewer))
        }
    }
}
